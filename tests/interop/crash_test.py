#!/usr/bin/env python3
"""A server that goes down in the middle of a run: who did that is named when it does it again, alone, and nobody is blamed otherwise."""
import contextlib
import json
import pathlib
import shutil
import socket
import ssl
import tempfile
import threading
import time
import unittest

from support.check import Endpoint
from support.need import need
from support.peer import Tls, client_hello, record
from support.pki import make_pki
from support.program import expect_sound, run

need("openssl")
# What brings the servers down; and company, to be in flight with it.
SCENARIOS = {
    "a_company": "matrix: {n: [1, 2, 3, 4]}\nedits:\n  - {at: client_hello, set: {legacy_compression_methods: [0, \"${n}\"]}}\nexpect: {abort: [illegal_parameter]}\n",
    "b_deadly": "edits:\n  - {at: client_hello, set: {legacy_compression_methods: [0, 64]}}\nexpect: {abort: [illegal_parameter]}\n",
    "c_later": "matrix: {n: [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]}\nedits:\n  - {at: client_hello, set: {legacy_compression_methods: [0, \"${n}\"]}}\n"
               "expect: {abort: [illegal_parameter]}\n",
}
HEAD = "title: A test\nrequirement: MUST\nwhy: It matters.\nwe_are: client\ntls: [1.3]\n"


def compression_methods(hello):
    at = 5 + 4 + 2 + 32  # record, handshake header, version, random
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at:at + 2], "big")
    return hello[at + 1:at + 1 + hello[at]]


class Mortal:
    """An HTTPS server that dies of a ClientHello of which `deadly(methods, number)` says so: its port is closed and every connection
    dropped. After `rest` seconds somebody starts it again; None: nobody. Compression is refused with an alert, with `silent` without."""

    def __init__(self, context, deadly, rest, silent=False):
        self.context, self.deadly, self.rest, self.silent = context, deadly, rest, silent
        self.lock = threading.Lock()
        self.open, self.threads = set(), []
        self.deaths = self.num = 0
        self.lives = None  # so often somebody starts it again; None: always
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        self.start(self.accept, self.listener)
        return self

    def __exit__(self, *_):
        self.over.set()
        self.die(restart=False)
        for thread in list(self.threads):
            thread.join(20)

    def start(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                if listener is not self.listener:
                    connection.close()
                    continue
                connection.settimeout(20)
                self.open.add(connection)
                self.num += 1
                self.start(self.serve, connection, self.num)

    def die(self, restart=True):
        with self.lock:
            if self.listener is None:
                return
            listener, self.listener = self.listener, None
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            for connection in self.open:
                with contextlib.suppress(OSError):  # its client was faster
                    connection.shutdown(socket.SHUT_RDWR)  # wakes its thread, which closes it
            self.deaths += 1
        if restart and self.rest is not None and self.lives != self.deaths - 1:
            self.start(self.restart)

    def restart(self):
        if self.over.wait(self.rest):
            return
        with self.lock:
            self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
            self.start(self.accept, self.listener)

    def serve(self, connection, number):
        try:
            first = connection.recv(65536, socket.MSG_PEEK)
            if first[:1] == b"\x16":
                while len(first) < 5 + int.from_bytes(first[3:5], "big"):
                    time.sleep(0.001)
                    first = connection.recv(65536, socket.MSG_PEEK)
                methods = compression_methods(first)
                if self.deadly(methods, number):
                    return self.die()
                if methods != b"\0":
                    client_hello(connection)
                    # A moment, so that some are in flight.
                    self.over.wait(0.02)
                    if not self.silent:
                        connection.sendall(record(21, b"\x02\x2f"))
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(65536)
                    return None
            tls = Tls(self.context, connection)
            tls.accept()
            tls.request()
            tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            tls.step(tls.object.unwrap)
        except (OSError, ssl.SSLError, IndexError):
            pass
        finally:
            with self.lock:
                self.open.discard(connection)
                connection.close()


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-crash-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        make_pki(cls.folder)
        (cls.folder / "scenarios/mine").mkdir(parents=True)
        for name, text in SCENARIOS.items():
            (cls.folder / f"scenarios/mine/{name}.yaml").write_text(HEAD + text)
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(cls.folder / "server.crt", cls.folder / "server.key")

    def check(self, server, *words):
        done = run("check", f"localhost:{server.port}", "--connect-to", f"127.0.0.1:{server.port}", "--trust", self.folder / "ca.crt", "--scenarios",
                   self.folder / "scenarios", "--timeout", "3", "--format", "json", *words, limit=60)
        expect_sound(self, done, {0, 1, 3}, seconds=50)
        (endpoint,) = json.loads(done.out)["endpoints"]
        findings = {finding["id"].removeprefix("mine/"): finding for finding in endpoint["findings"]}
        shown = f"status {done.status}\n{Endpoint(endpoint)}\n{endpoint['notes']}"
        return done.status, endpoint, findings, shown

    @staticmethod
    def of(findings, verdict):
        return {name for name, finding in findings.items() if finding["verdict"] == verdict}

    def test_the_one_that_does_it_is_named(self):
        """Whatever else was in flight, or came too late, is judged by itself."""
        for silent in (False, True):
            for words in (("mine",), ("mine/a_company", "mine/b_deadly")):  # the second: nothing comes after it
                with self.subTest(silent=silent, words=words), Mortal(self.context, lambda m, _: m == b"\0\x40", 0.3, silent) as server:
                    status, endpoint, findings, shown = self.check(server, *words)
                    self.assertEqual(status, 1, shown)
                    self.assertEqual(self.of(findings, "fail"), {"b_deadly"}, shown)
                    self.assertEqual(self.of(findings, "pass"), set(findings) - {"b_deadly"}, shown)
                    self.assertIn("stopped accepting connections", findings["b_deadly"]["seen"])
                    attempt = endpoint["attempts"][findings["b_deadly"]["evidence"][0]["attempt"]]
                    self.assertEqual(attempt["outcome"]["kind"], "crashed")
                    self.assertEqual(server.deaths, 2)
                    self.assertEqual({a["outcome"]["kind"] for a in endpoint["attempts"] if a is not attempt} & {"crashed"}, set())

    def test_nobody_starts_it_again(self):
        """Who was in flight is doubted, not blamed: of all that ended with it nothing passes."""
        with Mortal(self.context, lambda m, _: m == b"\0\x40", None, silent=True) as server:
            status, endpoint, findings, shown = self.check(server, "mine")
            self.assertEqual(status, 3, shown)
            self.assertFalse(self.of(findings, "fail"), shown)
            self.assertIn("b_deadly", self.of(findings, "inconclusive"))
            self.assertIn("(again, at the end)", str([a["label"] for a in endpoint["attempts"]]))
            self.assertRegex(" ".join(endpoint["notes"]), "stopped accepting connections while open was")
            self.assertNotIn("crashed", {a["outcome"]["kind"] for a in endpoint["attempts"]})

    def test_a_server_that_goes_away_after_anybody(self):
        """From the tenth connection on it goes down after each, for a moment: that is nobody's fault."""
        with Mortal(self.context, lambda m, number: number >= 10, 0.3, silent=True) as server:
            status, endpoint, findings, shown = self.check(server, "mine")
            self.assertEqual(status, 3, shown)
            self.assertFalse(self.of(findings, "fail"), shown)
            self.assertNotIn("crashed", {a["outcome"]["kind"] for a in endpoint["attempts"]})

    def test_the_second_connection_of_a_scenario_does_it(self):
        """It is named when the scenario does it again, alone; its end is no refusal, and who was there before is not blamed."""
        folder = self.folder / "scenarios/chain"
        folder.mkdir()
        self.addCleanup(shutil.rmtree, folder)
        for name, method in (("a_company", 1), ("b_deadly", 64), ("c_later", '"${n}"')):
            matrix = "matrix: {n: [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]}\n" if "n" in str(method) else ""
            (folder / f"{name}.yaml").write_text(HEAD + matrix + "connections:\n  - {}\n  - edits: [{at: client_hello, set: "
                                                 f"{{legacy_compression_methods: [0, {method}]}}}}]\nexpect: {{abort: [illegal_parameter]}}\n")
        deadly = lambda m, _: m == b"\0\x40"  # noqa: E731
        with Mortal(self.context, deadly, 0.3, silent=True) as server:
            status, endpoint, findings, shown = self.check(server, "chain", "mine/a_company")
            self.assertEqual((status, server.deaths), (1, 2), shown)
            self.assertEqual(self.of(findings, "fail"), {"chain/b_deadly"}, shown)
            self.assertEqual(self.of(findings, "pass"), set(findings) - {"chain/b_deadly"}, shown)
            self.assertRegex(findings["chain/b_deadly"]["seen"], "^connection 2 of 2, .*stopped accepting connections")
            crashed = [a for a in endpoint["attempts"] if a["outcome"]["kind"] == "crashed"]
            self.assertEqual(crashed, [endpoint["attempts"][findings["chain/b_deadly"]["evidence"][0]["attempt"]]], shown)
        with Mortal(self.context, deadly, None, silent=True) as server:
            status, endpoint, findings, shown = self.check(server, "chain", "mine/a_company")
            self.assertEqual((status, findings["chain/b_deadly"]["verdict"], server.deaths), (3, "inconclusive", 1), shown)
            self.assertIn("stopped accepting connections", findings["chain/b_deadly"]["reason"])
            self.assertFalse(self.of(findings, "fail"), shown)
            self.assertIn("chain/b_deadly", " ".join(endpoint["notes"]), shown)
        with Mortal(self.context, lambda m, _: False, None, silent=True) as server:
            status, _, findings, shown = self.check(server, "chain")
            self.assertEqual((status, self.of(findings, "pass")), (0, set(findings)), shown)

    def test_one_of_two_repetitions_cannot_be_played_again(self):
        """It was seen to do it, and then nobody started it again."""
        with Mortal(self.context, lambda m, _: m == b"\0\x40", 0.3, silent=True) as server:
            server.lives = 1
            status, _, findings, shown = self.check(server, "mine", "--repeat", "2")
            self.assertEqual((status, findings["b_deadly"]["verdict"]), (1, "fail"), shown)

    def test_a_server_that_stays_up(self):
        with Mortal(self.context, lambda m, _: False, None, silent=True) as server:
            status, _, findings, shown = self.check(server, "mine")
            self.assertEqual((status, server.deaths), (0, 0), shown)
            self.assertEqual(self.of(findings, "pass"), set(findings))


if __name__ == "__main__":
    unittest.main()
