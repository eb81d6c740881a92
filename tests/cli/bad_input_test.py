#!/usr/bin/env python3
"""Wrong words on the command line: one clear message that names what is wrong and what would be right, the documented exit status,
and nothing lost of what was measured."""
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import unittest

from support.need import need, tlsproof
from support.peer import Peer, Tls
from support.pki import make_pki
from support.program import expect_complaint, expect_sound, run, run_all

need("openssl")
PASSPHRASE = "horse battery staple 4711"
DEAD = "127.0.0.1:1"  # nobody listens on the port of tcpmux


class Folder(unittest.TestCase):
    """A folder with a CA, a client certificate and its key, in the clear and under a passphrase."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-bad-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        make_pki(cls.folder, ["client", "--ca", cls.folder, "--name", "alice"])
        cls.write("passphrase", PASSPHRASE + "\n")
        cls.write("wrong", "not the passphrase\n")
        cls.write("empty", "")
        subprocess.run(["openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", cls.folder / "client.key", "-out",
                        cls.folder / "locked.key", "-passout", f"file:{cls.folder}/passphrase"], check=True, capture_output=True)
        with open(cls.folder / "huge", "wb") as huge:
            huge.truncate(1 << 30)  # a hole: it costs no disk

    @classmethod
    def write(cls, name, text):
        (cls.folder / name).write_text(text)
        return cls.folder / name

    def refused(self, table, **more):
        """Usage errors: status 2 and one message. A row of `table` is (words, what the message must hold…)."""
        for (_, *parts), (words, done) in zip(table, run_all([row[0] for row in table], cwd=self.folder, **more)):
            with self.subTest(words=words):
                expect_complaint(self, done, 2, *parts)
                self.assertNotIn(PASSPHRASE, done.said)


class Words(Folder):
    def test_commands(self):
        self.refused([
            (["chekc"], "unknown command 'chekc'; did you mean 'check'?"), (["frobnicate"], "'tlsproof --help' lists them"),
            (["--frob"], "--frob"), (["\x1b[31m"], r"unknown command '\\x1b\[31m'"), ([os.fsdecode(b"\xff\xfe")], r"\\xff\\xfe"),
            (["pki", "sever"], "did you mean 'server'?"), (["explain"], "list"), (["explain", "mtls/expird"], "did you mean 'mtls/expired'?"),
            (["list", "mtsl"], "did you mean 'mtls'?"), (["probe"], "HOST:PORT"), (["check"], "HOST:PORT or --target FILE"),
        ])

    def test_options(self):
        self.refused([(["check", DEAD, *words], *parts) for words, *parts in [
            (["--timeot", "3"], "unknown option '--timeot'; did you mean '--timeout'?"), (["-x"], "unknown option '-x'"),
            (["--timeout"], "'--timeout' needs a value"), (["--timeout", "1", "--timeout", "2"], "'--timeout' is given twice"),
            (["--timeout", "soon"], "--timeout: 'soon' is not a whole number from 1"), (["--timeout", "0"], "--timeout"),
            (["--jobs", "-1"], "--jobs"), (["--repeat", "99999999999999999999"], "--repeat"), (["--no-http=1"], "'--no-http' takes no value"),
            (["--app", "smpt"], "--app: there is no protocol 'smpt'; did you mean 'smtp'\\?.*none, http, smtp,"),
            (["--app", "smtp", "--http-path", "/x"], "--http-path is for HTTP, and --app says smtp"), (["--app", "smtp", "--no-http"], "--no-http stands beside --app smtp"),
            (["--app", "smtp", "--app-user", "x"], "--app-user is for --app postgres and mysql"), (["--app", "mysql", "--app-user", "a\x1bb"], "control characters"),
            (["--target", "x.yaml", "--app", "smtp"], "--app describes one endpoint"),
            (["--format", "jsno"], "--format: there is no format 'jsno'.*text, json"), (["--fail-on", "war"], "--fail-on: 'war' is not fail, warn"),
            (["--report", "json"], "--report: 'json' is not FORMAT=FILE"), (["--report", "jsno=x"], "--report: there is no format 'jsno'"),
            (["--report", "json="], "--report"), (["--color", "maybe"], "--color: 'maybe' is not auto, always or never"),
            (["--tls", "1.1"], "--tls: '1.1' is not 1.2 or 1.3"), (["--client-auth", "requird"], "--client-auth: 'requird' is not none"),
            (["--http-path", "index"], "--http-path: 'index' does not begin with '/'"), (["--http-path", "/\x1b"], r"HTTP path \"/\\x1b\""),
            (["--http-host", "a\r\nX: b"], "HTTP host"), (["--server-name", "a b"], "--server-name: 'a b' is no host name"),
            (["--connect-to", "localhost"], "the port is missing"), (["--scenarios", "nowhere"], "nowhere"),
            (["--target", "x.yaml", "--trust", "ca.crt"], "--trust"), (["onewya"], "'onewya', did you mean 'oneway'?"),
            (["oneway/handshak"], "did you mean 'oneway/handshake'?"), ([""], "''"),
        ]])

    def test_addresses(self):
        self.refused([(["check", address], "is not HOST:PORT", *parts) for address, *parts in [
            ("localhost", "the port is missing"), ("localhost:0", "1 to 65535"), ("localhost:70000", "1 to 65535"), ("localhost:", "port"),
            ("localhost:https", "port"), ("https://localhost:443/", "without a scheme or a path"), (":443", "the host is missing"),
            ("::1:443", r"\["), ("192.0.2.300:443", "no IPv4 address"), ("a" * 64 + ".example:443", "63"), ("\x1b[31m:443", r"\\x1b\[31m"),
        ]])

    def test_keys(self):
        rows = []
        for (certificate, key, *more), *parts in [
            (["client.crt", None], "client certificate 'client.crt' holds no private key: name the file of its key too"), ([None, "client.key"], "--client-key needs --client-cert"),
            (["client.crt", "server.key"], "the client key 'server.key' does not belong to the client certificate 'client.crt'"),
            (["client.crt", "locked.key"], "'locked.key'.*encrypted and needs a passphrase"),
            (["client.crt", "locked.key", "--passphrase-file", "wrong"], "'locked.key': the passphrase is wrong"),
            (["client.crt", "locked.key", "--passphrase-file", "empty"], "passphrase"),
            (["client.crt", "locked.key", "--passphrase-file", "missing"], "'missing': No such file"),
            (["client.crt", "locked.key", "--passphrase-env", "TLSPROOF_NOT_SET"], "TLSPROOF_NOT_SET"),
            (["client.crt", "missing.key"], "cannot read the client key 'missing.key': No such file or directory"),
            (["client.crt", "."], "cannot read the client key '.': Is a directory"), (["client.crt", "empty"], "'empty'.*empty"),
            (["client.crt", "client.crt"], "client key 'client.crt'.*no private key"), (["client.crt", "huge"], "'huge' is longer than"),
            (["client.key", "client.key"], "the client certificate 'client.key' holds no certificate: it is a private key"),
            (["empty", "client.key"], "'empty' is empty"), (["huge", "client.key"], "'huge' is longer than"),
            (["missing.crt", "client.key"], "'missing.crt': No such file"),
        ]:
            pair = (["--client-cert", certificate] if certificate else []) + (["--client-key", key] if key else [])
            rows.append((["check", DEAD, *pair, *more], *parts))
        for trust, *parts in [("client.key", "private key"), ("empty", "is empty"), ("missing.pem", "No such file"), (".", "Is a directory")]:
            rows.append((["check", DEAD, "--trust", trust], f"trusted CA '{trust}'", *parts))
        self.refused(rows)

    def test_no_prompt_without_a_terminal(self):
        read_end, write_end = os.pipe()  # an input that never ends and never says anything
        self.addCleanup(os.close, write_end)
        self.addCleanup(os.close, read_end)
        words = ["check", DEAD, "--client-cert", "client.crt", "--client-key", "locked.key"]
        for stdin in (subprocess.DEVNULL, read_end):
            self.refused([(words, "needs a passphrase")], stdin=stdin)
        closed = subprocess.run(["sh", "-c", 'exec "$0" "$@" <&-', tlsproof(), *words], cwd=self.folder, capture_output=True, timeout=20)
        self.assertEqual(closed.returncode, 2, closed)
        self.assertIn(b"needs a", closed.stderr)

    def test_help_of_every_command(self):
        commands = [[], ["check"], ["probe"], ["list"], ["explain"], *(["pki", *rest] for rest in ([], ["ca"], ["server"], ["client"], ["p12"], ["crl"], ["inspect"], ["fault"]))]
        for _, done in run_all([*words, "--help"] for words in commands):
            expect_sound(self, done, {0})
            self.assertEqual(done.err, b"", done)
            self.assertIn("tlsproof", done.text)
        bare = run()
        expect_sound(self, bare, {2})
        self.assertIn("Usage: tlsproof COMMAND", bare.said)
        self.assertEqual(bare.out, b"")


class Unreachable(Folder):
    def test_dead_port_and_name(self):
        for address, why in ((DEAD, "Connection refused"), ("nowhere.invalid:443", "cannot resolve nowhere.invalid")):
            for command in ("check", "probe"):
                done = run(command, address, "--timeout", "3")
                expect_sound(self, done, {3})
                self.assertIn(why, done.text)
        report = run("check", DEAD, "--format", "json")
        self.assertFalse(json.loads(report.out)["endpoints"][0]["findings"])


class Output(Folder):
    """What was measured, here on a good server, is told on every way that is left; what could not be told is no success."""

    def setUp(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")

        def play(connection, _):
            tls = Tls(context, connection)
            tls.accept()
            tls.request()
            tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            tls.step(tls.object.unwrap)

        self.peer = self.enterContext(Peer(play))
        self.words = ["check", f"localhost:{self.peer.port}", "--connect-to", self.peer.address, "--trust", "ca.crt", "oneway/handshake"]

    def test_report_that_cannot_be_written(self):
        good = self.folder / "good.json"
        for path, status in (("also/new/report.json", 0), ("/dev/full", 3), ("/proc/report.json", 3), ("client.crt/report.json", 3), (".", 3)):
            with self.subTest(path=path):
                done = run(*self.words, "--report", f"json={path}", "--report", f"json={good}", cwd=self.folder)
                expect_sound(self, done, {status})
                self.assertIn("PASS handshake", done.text)
                if status:
                    self.assertRegex(done.said, f"^tlsproof: cannot .*{path}")
                self.assertEqual(done.err.count(b"tlsproof: "), 1 if status else 0, done)
                self.assertTrue(json.loads(good.read_text())["endpoints"])
                good.unlink()

    def test_standard_output_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            for words in (self.words, ["list"], ["--help"], ["--version"], ["explain", "mtls/good"]):
                done = run(*words, stdout=full, cwd=self.folder)
                expect_sound(self, done, {3})
                self.assertIn("cannot write the output", done.said)
        for redirection in (">&-", "| true"):
            done = subprocess.run(["sh", "-c", f'"$0" list {redirection}', tlsproof()], capture_output=True, timeout=20, text=True)
            self.assertNotIn("Sanitizer", done.stderr)
            if redirection == ">&-":
                self.assertEqual(done.returncode, 3, done)


class Interrupted(Folder):
    def test_a_run_that_is_interrupted_tells_what_it_has(self):
        asked = threading.Semaphore(0)

        def play(connection, _):
            connection.recv(65536)
            asked.release()
            while connection.recv(65536):
                pass

        for number in (signal.SIGINT, signal.SIGTERM):
            report = self.folder / f"{number}.json"
            with Peer(play) as peer:
                def interrupt(process):
                    self.assertTrue(asked.acquire(timeout=20))
                    process.send_signal(number)
                done = run("check", peer.address, "--timeout", "60", "--report", f"json={report}", during=interrupt)
            expect_sound(self, done, {130})
            self.assertLess(done.seconds, 8, done)
            self.assertIn(f"127.0.0.1:{peer.port}", done.text)
            self.assertRegex(done.text, "(?i)interrupted")
            document = json.loads(report.read_text())
            self.assertTrue(document["interrupted"])
            self.assertFalse([f for e in document["endpoints"] for f in e["findings"] if f["verdict"] == "pass"], document)
            while asked.acquire(blocking=False):
                pass


if __name__ == "__main__":
    unittest.main()
