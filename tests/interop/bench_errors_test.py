#!/usr/bin/env python3
"""`tlsproof bench` against what goes wrong: each kind its own class, nothing completed that was not, no hang."""
import pathlib
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.bench import Logged, bench, logged_host  # noqa: E402
from support.check import pki  # noqa: E402
from support.need import need  # noqa: E402
from support.nginx import free_port, wait_for_port  # noqa: E402
from support.peer import Peer, Tls, client_hello, record, reset  # noqa: E402
from support.pki import make_pki  # noqa: E402

need("nginx", "openssl")

NUM = 12


class ErrorsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        held = tempfile.TemporaryDirectory()
        cls.addClassCleanup(held.cleanup)
        cls.folder = pathlib.Path(held.name)
        make_pki(cls.folder, ["client", "--ca", cls.folder, "--name", "alice"])

    def play(self, port, *more, count=NUM, statuses=(3,), **named):
        trust = () if "none" in more or "minimal" in more else ("--trust", self.folder / "ca.crt")
        return bench(self, f"localhost:{port}", "--connect-to", f"127.0.0.1:{port}", *trust, "--concurrency", 4, "--count", count, *more, statuses=statuses,
                     **named)

    def expect_only(self, measured, *names, count=NUM):
        self.assertEqual(measured["completed"], 0, measured)
        self.assertEqual(sum(measured.errors.values()), count, measured)
        self.assertLessEqual(set(measured.errors), set(names), measured)

    def test_refused(self):
        self.expect_only(self.play(free_port()), "refused")

    def test_answers(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")

        def flight(transform, then=None):
            def play(connection, _):
                server = Tls(context, connection)
                connection.sendall(transform(server.first_flight()))
                if then:
                    then(connection)
                else:
                    connection.recv(65536)
            return play

        def says(*pieces):
            def play(connection, _):
                client_hello(connection)
                for piece in pieces:
                    connection.sendall(piece)
                connection.recv(65536)
            return play

        def closes(connection, _):
            client_hello(connection)

        def resets(connection, _):
            client_hello(connection)
            reset(connection)

        players = {
            "not_tls": (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), says(bytes(range(256)) * 20), says(record(22, b"\x02\x00\x00\x01\x00"))),
            "alert_40": (says(record(21, b"\x02\x28")),),
            "alert_80": (says(record(21, b"\x02\x50")),),
            "violation": (says(record(22, b"\x14\x00\x00\x00")), says(record(23, b"abc"))),
            "closed_server_hello": (closes,),
            "closed_handshake": (flight(lambda data: data[:200], lambda connection: None),),
            "reset_server_hello": (resets,),
            "reset_handshake": (flight(lambda data: data[:200], reset),),
            "bad_record": (flight(lambda data: data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]),),
        }
        for name, plays in players.items():
            for number, play in enumerate(plays):
                with self.subTest(name, number=number), Peer(play) as peer:
                    measured = self.play(peer.port)
                    # Whether a reset is seen before what was sent ahead of it is the kernel's affair.
                    self.expect_only(measured, name, *(("reset_server_hello",) if name == "reset_handshake" else ()))

    def test_silence(self):
        with Peer(lambda connection, _: peer.stopping.wait(30)) as peer:
            self.expect_only(self.play(peer.port, "--timeout", "300ms"), "timeout_server_hello")
        with socket.socket() as listener:  # whose queue is full
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            measured = self.play(listener.getsockname()[1], "--timeout", "300ms")
            self.expect_only(measured, "timeout_connect", "timeout_server_hello")
            self.assertIn("timeout_connect", measured.errors, measured)

    def test_certificates(self):
        f = self.folder
        pki("ca", "--subject", "CN=Other", "--key", "p256", "--no-passphrase", "--out", f / "other")
        pki("server", "--ca", f / "other", "--name", "localhost", "--out", f / "other")
        pki("server", "--ca", f, "--name", "elsewhere.test", "--out", f / "elsewhere")
        pki("fault", "expired", "--role", "server", "--ca", f, "--name", "localhost", "--out", f / "expired")
        hosts = [logged_host(f, "unknown_ca", certificate="other/server.crt", key="other/server.key"),
                 logged_host(f, "name_mismatch", certificate="elsewhere/server.crt", key="elsewhere/server.key"),
                 logged_host(f, "expired", certificate="expired/expired.crt", key="expired/expired.key")]
        with Logged(f, hosts):
            for host in hosts:
                for verify in ("full", "minimal") if host.name == "expired" else ("cached", "none"):
                    with self.subTest(host.name, verify=verify):
                        if verify in ("full", "cached"):
                            self.expect_only(self.play(host.port, "--verify", verify), f"certificate_{host.name}")
                        else:
                            self.assertEqual(self.play(host.port, "--verify", verify, statuses=(0,))["completed"], NUM)

    # Who must show a certificate and does not: in TLS 1.3 the client has finished by then, and only --confirm hears of it.
    def test_client_certificate_required(self):
        port = free_port()
        server = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(self.folder / "server.crt"), "-key",
                                   str(self.folder / "server.key"), "-Verify", "1", "-verify_return_error", "-CAfile", str(self.folder / "ca.crt"), "-quiet"],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_port(port, server, lambda: "")
            self.expect_only(self.play(port, "--confirm", "--tls", "1.3"), "alert_116")
            self.expect_only(self.play(port, "--tls", "1.2"), "alert_40")
            identity = ("--client-cert", self.folder / "client.crt", "--client-key", self.folder / "client.key")
            measured = self.play(port, "--confirm", *identity, statuses=(0,))
            self.assertEqual((measured["completed"], measured["phases"]["confirmed"]["count"]), (NUM, NUM), measured)
        finally:
            server.kill()
            server.wait()
            server.stdin.close()

    def test_no_descriptors(self):
        host = logged_host(self.folder, "bench")
        with Logged(self.folder, [host]) as nginx:
            measured = bench(self, f"localhost:{host.port}", "--connect-to", host.endpoint, "--trust", self.folder / "ca.crt", "--concurrency", 60, "--count", 200,
                             before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)))
            self.assertEqual(set(measured.errors), {"no_descriptors"}, measured)
            self.assertGreater(measured["completed"], 0, measured)
            self.assertEqual(measured["completed"], nginx.wait_for(nginx.silent, measured["completed"]))

    def test_http(self):
        host = logged_host(self.folder, "bench", "location = /no { return 404; }", "location = /moved { return 302 /; }")
        with Logged(self.folder, [host]) as nginx:
            self.expect_only(self.play(host.port, "--http-get", "/no"), "http_404")
            self.assertEqual(self.play(host.port, "--http-get", "/moved", statuses=(0,))["completed"], NUM)
            self.assertEqual(len(nginx.finished_rows(2 * NUM + 1)), 2 * NUM + 1)  # the first that failed is played once more


if __name__ == "__main__":
    unittest.main()
