#!/usr/bin/env python3
"""Installs the Release build into a temporary prefix and builds and runs a consumer of the CMake package against it."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("TLSPROOF_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
RELEASE = os.environ.get("TLSPROOF_RELEASE")  # the program of the Release build: ./dev test sets it


def run(*words, cwd=None):
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, words))}:\n{done.stdout}{done.stderr}")
    return done.stdout


class InstallTest(unittest.TestCase):
    def test_a_consumer_finds_builds_and_runs(self):
        build = pathlib.Path(RELEASE).parent
        with tempfile.TemporaryDirectory() as folder:
            prefix = pathlib.Path(folder) / "prefix"
            run("cmake", "--install", build, "--prefix", prefix)
            self.assertIn("tlsproof ", run(prefix / "bin/tlsproof", "--version"))
            work = pathlib.Path(folder) / "work"
            run("cmake", "-G", "Ninja", "-S", SOURCE / "tests/install", "-B", work, f"-DCMAKE_PREFIX_PATH={prefix}")
            run("cmake", "--build", work)
            self.assertIn("first suite TLS_AES_128_GCM_SHA256", run(work / "consumer"))


if __name__ == "__main__":
    if not RELEASE:
        print("TLSPROOF_RELEASE does not name the program of a Release build; './dev test' makes one", file=sys.stderr)
        sys.exit(1 if os.environ.get("TLSPROOF_REQUIRE_TOOLS") else 77)
    unittest.main()
