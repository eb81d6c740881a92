#!/usr/bin/env python3
"""`tlsproof bench` counts what nginx counts, to the handshake: how many there were, which were resumed, whose early data it took,
who showed a certificate."""
import collections
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.bench import NO_RESUMPTION, Logged, bench, logged_host  # noqa: E402
from support.need import need  # noqa: E402
from support.nginx import free_port, wait_for_port  # noqa: E402
from support.pki import make_pki  # noqa: E402

need("nginx", "openssl")

RESUMED, FULL = "r", "."


class CountTest(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name)
        make_pki(self.folder, ["client", "--ca", self.folder, "--name", "alice"])

    def words(self, host, *more):
        loop = () if "--rate" in more else ("--concurrency", 4)
        trust = () if "none" in more or "minimal" in more else ("--trust", self.folder / "ca.crt")
        return [f"localhost:{host.port}", "--connect-to", host.endpoint, *trust, *loop, *more]

    def play(self, *words, lines=(), **more):
        """One run against an nginx of its own: (what bench says, what nginx logged of each request)."""
        host = logged_host(self.folder, "bench", *lines)
        with Logged(self.folder, [host]) as nginx:
            measured = bench(self, *self.words(host, *words), **more)
            rows = nginx.finished_rows(measured["completed"])
        return measured, rows

    def test_full(self):
        for version in ("1.2", "1.3"):
            for verify in ("cached",) if version == "1.2" else ("full", "cached", "none"):
                with self.subTest(version=version, verify=verify):
                    measured, rows = self.play("--tls", version, "--verify", verify, "--count", 20, "--http-get", "/")
                    self.assertEqual(measured["completed"], 20, measured)
                    self.assertEqual([row[:3] for row in rows], [(FULL, f"TLSv{version}", "200")] * 20)
                    self.assertEqual(measured.kinds, {("full", "full"): 20}, measured)
                    (chosen,) = measured["negotiated"]
                    self.assertEqual(chosen["version"]["name"], f"TLS {version}")

    # The cheapest client is a client all the same: nginx accepts its Finished.
    def test_minimal(self):
        measured, rows = self.play("--verify", "minimal", "--count", 20, "--http-get", "/")
        self.assertEqual((measured["completed"], len(rows)), (20, 20), measured)
        self.assertEqual({row["group"]["name"] for row in measured["negotiated"]}, {"secp256r1"})

    # Without a request nginx tells in its error log that a connection, once its handshake was made, brought none.
    def test_without_request(self):
        host = logged_host(self.folder, "bench")
        for close in ("close_notify", "fin"):
            with self.subTest(close), Logged(self.folder, [host]) as nginx:
                measured = bench(self, *self.words(host, "--count", 30, "--close", close))
                self.assertEqual(measured["completed"], 30, measured)
                self.assertEqual(nginx.wait_for(nginx.silent, 30), 30)
                self.assertEqual(nginx.rows(), [])

    # By time and not by number: what began in the time is counted to its end.
    def test_by_time(self):
        for words in ((), ("--rate", 40), ("--rate", 40, "--poisson"), ("--threads", 2)):
            with self.subTest(words):
                host = logged_host(self.folder, "bench")
                with Logged(self.folder, [host]) as nginx:
                    measured = bench(self, *self.words(host, "--duration", "1s", "--http-get", "/", *words))
                    rows = nginx.finished_rows(measured["completed"])
                self.assertGreater(measured["completed"], 0, measured)
                self.assertEqual((measured["failed"], len(rows)), (0, measured["completed"]), measured)

    # A server that gives no ticket resumes nothing, whatever is asked for: and it is said.
    def test_nothing_resumed(self):
        for kind, version in (("psk", "1.3"), ("psk_ke", "1.3"), ("ticket", "1.2"), ("id", "1.2")):
            with self.subTest(kind):
                measured, rows = self.play("--kind", kind, "--count", 12, "--http-get", "/", lines=NO_RESUMPTION)
                self.assertEqual(measured.kinds, {(kind, "full"): 12}, measured)
                self.assertEqual([row[:2] for row in rows], [(FULL, f"TLSv{version}")] * 12)
                self.assertIn("resum", measured.warnings)

    def test_resumed(self):
        cache = ("ssl_session_tickets off;", "ssl_session_cache shared:bench:1m;")
        for kind, lines in (("psk", ()), ("ticket", ("ssl_session_cache off;",)), ("id", cache)):
            with self.subTest(kind):
                measured, rows = self.play("--kind", kind, "--count", 40, "--http-get", "/", lines=lines)
                seen = collections.Counter(row[0] for row in rows)
                self.assertEqual(measured["completed"], 40, measured)
                self.assertEqual(measured.decided, {name: count for name, count in ((kind, seen[RESUMED]), ("full", seen[FULL])) if count}, measured)
                self.assertGreaterEqual(seen[RESUMED], 36, measured)

    # OpenSSL's server does psk_ke when it is told to; nginx cannot be told.
    def test_psk_ke(self):
        port = free_port()
        words = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", self.folder / "server.crt", "-key", self.folder / "server.key", "-tls1_3",
                 "-quiet", "-no_anti_replay"]
        for more, decided in ((["-allow_no_dhe_kex"], "psk_ke"), ([], "full")):
            with self.subTest(decided):
                server = subprocess.Popen([*map(str, words), *more], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    wait_for_port(port, server, lambda: "")
                    measured = bench(self, f"localhost:{port}", "--connect-to", f"127.0.0.1:{port}", "--trust", self.folder / "ca.crt", "--kind", "psk_ke",
                                     "--concurrency", 1, "--count", 6)
                finally:
                    server.kill()
                    server.wait()
                    server.stdin.close()
                self.assertEqual(measured.kinds, {("psk_ke", decided): 6}, measured)
                self.assertEqual({row["group"]["name"] for row in measured["negotiated"]}, {""} if decided == "psk_ke" else {"x25519"}, measured)

    def test_mix(self):
        measured, rows = self.play("--mix", "full=60,psk=30,ticket=10", "--count", 100, "--http-get", "/", "--seed", 7)
        seen = collections.Counter(row[:2] for row in rows)
        asked = collections.Counter()
        for (kind, _), count in measured.kinds.items():
            asked[kind] += count
        self.assertEqual(sum(asked.values()), 100, measured)
        for kind, share in (("full", 60), ("psk", 30), ("ticket", 10)):
            self.assertAlmostEqual(asked[kind], share, delta=20)
        self.assertEqual(measured.decided["psk"], seen[RESUMED, "TLSv1.3"], measured)
        self.assertEqual(measured.decided["ticket"], seen[RESUMED, "TLSv1.2"], measured)
        self.assertEqual(measured.decided["full"], seen[FULL, "TLSv1.3"] + seen[FULL, "TLSv1.2"], measured)

    # $ssl_early_data says "1" only while nginx has not seen the client's Finished, which may have come before nginx asked: what it read
    # as early data stands in its debug log.
    def test_early_data(self):
        debug = self.folder / "debug.log"
        measured, rows = self.play("--kind", "0rtt", "--count", 20, "--http-get", "/", lines=("ssl_early_data on;", f"error_log {debug} debug;"))
        early = set(re.findall(r"\*(\d+) SSL_read_early_data: 1, ", debug.read_text()))
        resumed = sum(row[0] == RESUMED for row in rows)
        self.assertEqual((measured["completed"], len(rows)), (20, 20), measured)
        self.assertGreater(len(early), 15, measured)
        self.assertEqual(measured["early_data_accepted"], len(early), measured)
        self.assertEqual(measured.decided["0rtt"], len(early), measured)
        self.assertEqual(measured.decided["0rtt"] + measured.decided["psk"], resumed, measured)
        self.assertLessEqual(sum(row[3] == "early=1" for row in rows), len(early), measured)

    def test_early_data_rejected(self):
        measured, rows = self.play("--kind", "0rtt", "--count", 20, "--http-get", "/")
        self.assertEqual((measured["completed"], measured["early_data_accepted"]), (20, 0), measured)
        self.assertEqual([row[3] for row in rows], ["early="] * 20)
        self.assertEqual(measured.decided["0rtt"], 0, measured)
        self.assertEqual(measured.decided["psk"], sum(row[0] == RESUMED for row in rows), measured)

    def test_client_certificate(self):
        lines = (f"ssl_client_certificate {self.folder}/ca.crt;", "ssl_verify_client on;")
        identity = ("--client-cert", self.folder / "client.crt", "--client-key", self.folder / "client.key")
        measured, rows = self.play("--count", 15, "--http-get", "/", *identity, lines=lines)
        self.assertEqual([row[2:] for row in rows], [("200", "early=", "SUCCESS")] * 15)
        self.assertEqual((measured["completed"], measured["client_certificates_asked"], measured["client_certificates_sent"]), (15, 15, 15), measured)
        # nginx completes the handshake without one, and says no to the request alone. The first that fails is played once more.
        measured, rows = self.play("--count", 15, "--http-get", "/", lines=lines, statuses=(3,))
        self.assertEqual([row[2:] for row in rows], [("400", "early=", "NONE")] * 16)
        self.assertEqual((measured["completed"], measured.errors, measured["client_certificates_sent"]), (0, {"http_400": 15}, 0), measured)
        measured, rows = self.play("--count", 15, lines=lines)
        self.assertEqual((measured["completed"], rows, measured["client_certificates_asked"], measured["client_certificates_sent"]), (15, [], 15, 0), measured)


if __name__ == "__main__":
    unittest.main()
