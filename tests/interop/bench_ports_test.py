#!/usr/bin/env python3
"""`tlsproof bench` in a network namespace with few ports: when they are used up it is said, and --source and --close reset help."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.bench import Logged, bench, logged_host  # noqa: E402
from support.capture import enter_namespace  # noqa: E402
from support.need import need  # noqa: E402
from support.pki import make_pki  # noqa: E402

need("nginx", "unshare", "ip")
enter_namespace()

FIRST, LAST = 20000, 20019


class PortsTest(unittest.TestCase):
    def test_ports(self):
        with tempfile.TemporaryDirectory() as held:
            folder = pathlib.Path(held)
            make_pki(folder)
            host = logged_host(folder, "bench")
            with Logged(folder, [host]) as nginx:
                pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{FIRST} {LAST}")
                # TLS 1.2: tickets of 1.3 that nobody reads any more turn the end into a reset, which holds no port.
                words = [f"localhost:{host.port}", "--connect-to", host.endpoint, "--trust", folder / "ca.crt", "--tls", "1.2", "--concurrency", 2, "--count", 60]
                measured = bench(self, *words, "--close", "reset")
                self.assertEqual((measured["completed"], measured.errors), (60, {}), measured)
                completed = measured["completed"]
                for sources in (1, 4):
                    with self.subTest(sources=sources):
                        names = ",".join(f"127.0.{sources}.{1 + i}" for i in range(sources))
                        measured = bench(self, *words, "--close", "fin", "--source", names)
                        completed += measured["completed"]
                        if sources == 1:
                            self.assertEqual(set(measured.errors), {"no_ports"}, measured)
                            self.assertGreaterEqual(measured["completed"], LAST - FIRST - 5, measured)
                        else:
                            self.assertEqual(measured.errors, {}, measured)
                self.assertEqual(nginx.wait_for(nginx.silent, completed), completed)


if __name__ == "__main__":
    unittest.main()
