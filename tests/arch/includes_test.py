#!/usr/bin/env python3
"""Holds every #include against src/modules.txt, libraries behind their module, and files within their size.

tests/arch/includes_test.py            judge the source tree; prints each breach; exit status 1 when there is one
"""
import os
import pathlib
import re
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("TLSPROOF_SOURCE", pathlib.Path(__file__).resolve().parents[2]))

# Headers of a library -> the modules that may include them (design: libraries stay behind one module).
LIBRARIES = [
    (r"openssl/(ssl|tls1|dtls1|quic)\.h", set()),  # libssl is the independent witness, in tests only
    (r"openssl/", {"crypto", "x509", "pki"}),
    (r"pcap", {"capture"}),
    (r"boost/", {"cli"}),
    (r"yaml-cpp/", {"config"}),
    (r"rapidjson/", {"base"}),
    (r"pugixml", {"report"}),
    (r"(zlib|zstd)\.h|brotli/", {"base"}),
]
MAX_LINES = 900
# Tables of facts may be longer.
LONG_FILES = re.compile(r"registry/.*(table|constants)|\.inc$")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)


def read_modules(text):
    modules = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, rest = line.split(":", 1)
        deps, _, libs = rest.partition("|")
        for dep in deps.split():
            if dep not in modules:
                raise ValueError(f"src/modules.txt: {name} names {dep}, which is not above it")
        modules[name.strip()] = set(deps.split())
    return modules


def breaches(root):
    modules = read_modules((root / "src/modules.txt").read_text())
    found = []
    for top in ("src", "include/tlsproof"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in (".cpp", ".h", ".inc"):
                continue
            relative = path.relative_to(root / top)
            if len(relative.parts) < 2:
                found.append(f"{top}/{relative}: stands in no module")
                continue
            module = relative.parts[0]
            name = f"{top}/{relative}"
            if module not in modules:
                found.append(f"{name}: the module {module} is not in src/modules.txt")
                continue
            text = path.read_text(errors="replace")
            if text.count("\n") > MAX_LINES and not LONG_FILES.search(name):
                found.append(f"{name}: {text.count(chr(10))} lines; {MAX_LINES} are the most")
            for include in INCLUDE.findall(text):
                ours = re.match(r"tlsproof/([a-z0-9_]+)/", include)
                if ours and ours[1] != module and ours[1] not in modules[module]:
                    found.append(f"{name}: includes {include}, but src/modules.txt does not allow {module} -> {ours[1]}")
                for pattern, allowed in LIBRARIES:
                    if re.match(pattern, include):
                        if module not in allowed:
                            found.append(f"{name}: includes {include}, which belongs to {', '.join(sorted(allowed)) or 'tests'}")
                        elif path.suffix == ".h" and top != "src":
                            found.append(f"{name}: a public header includes {include}")
                        break
    return found


class IncludesTest(unittest.TestCase):
    def test_source_tree(self):
        self.assertEqual(breaches(SOURCE), [])

    def test_breaches_are_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "src/low").mkdir(parents=True)
            (root / "src/high").mkdir()
            (root / "include/tlsproof/low").mkdir(parents=True)
            (root / "src/modules.txt").write_text("low:\nhigh: low\n")
            (root / "src/high/good.cpp").write_text('#include "tlsproof/low/a.h"\n')
            self.assertEqual(breaches(root), [])
            (root / "src/low/bad.cpp").write_text('#include "tlsproof/high/a.h"\n#include <openssl/evp.h>\n')
            (root / "src/low/long.cpp").write_text("\n" * (MAX_LINES + 1))
            (root / "src/stray").mkdir()
            (root / "src/stray/a.cpp").write_text("")
            text = "\n".join(breaches(root))
            for part in ("does not allow low -> high", "openssl/evp.h", "lines;", "stray is not in"):
                self.assertIn(part, text)
            (root / "src/modules.txt").write_text("low: high\nhigh: low\n")
            with self.assertRaises(ValueError):
                breaches(root)


if __name__ == "__main__":
    unittest.main()
