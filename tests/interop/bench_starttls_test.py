#!/usr/bin/env python3
"""`tlsproof bench` with STARTTLS, against Dovecot's IMAP and POP3: every handshake is behind its own talk."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.bench import bench  # noqa: E402
from support.need import need  # noqa: E402
from support.servers.base import NAME, Material, private_folder  # noqa: E402
from support.servers.dovecot import Dovecot  # noqa: E402

need("dovecot", "openssl")


class StartTlsTest(unittest.TestCase):
    def test_dovecot(self):
        folder = private_folder(type(self), "bench-starttls")
        material = Material(folder)
        modes = {"imap": ("imap",), "pop3": ("pop3",), "imaps": ("imaps",)}
        with Dovecot(material, modes) as server:
            for mode in modes:
                with self.subTest(mode):
                    measured = bench(self, f"{NAME}:{server.ports[mode]}", "--connect-to", f"127.0.0.1:{server.ports[mode]}", "--trust", material.ca, "--app", mode,
                                     "--concurrency", 2, "--count", 10)
                    self.assertEqual((measured["completed"], measured.kinds), (10, {("full", "full"): 10}), measured)
            # The greeting of one is no answer of the other.
            measured = bench(self, f"{NAME}:{server.ports['pop3']}", "--connect-to", f"127.0.0.1:{server.ports['pop3']}", "--trust", material.ca, "--app", "imap",
                             "--timeout", "2s", "--concurrency", 2, "--count", 2, statuses=(3,))
            self.assertEqual(set(measured.errors), {"prelude"}, measured)


if __name__ == "__main__":
    unittest.main()
