#!/usr/bin/env python3
"""tlsproof check against peers that lie, stall, flood and vanish: it ends by itself, says what it saw, and passes nothing
that it could not test."""
import concurrent.futures
import json
import os
import pathlib
import select
import shutil
import socket
import ssl
import sys
import tempfile
import unittest

from support.need import need
from support.peer import Peer, Tls, client_hello, handshake, record, reset
from support.pki import make_pki
from support.program import FORBIDDEN, expect_sound, run

need("openssl")
REFUSALS = {"oneway/plain_http", "oneway/versions/below_tls1_2"}  # what a server refuses without speaking TLS 1.2 or 1.3
CERTIFICATE = {f"oneway/{name}" for name in (
    "chain_complete chain_in_order chain_valid days_left extended_key_usage has_san key_strength lifetime name_matches "
    "not_expired signature_strength version_3 control/shifted_clock control/wrong_ca control/wrong_name").split()}
KEY_EXCHANGE, ALERT, CCS, APPLICATION = 22, 21, 20, 23


class Case:
    """One peer. `status`: the exit status by the design; `seen`: what the text must say; `may_pass`: the scenarios that such a peer
    may pass; `tls`: the player gets a TLS server context; `words`: what is played."""

    def __init__(self, name, play, seen, status=(3,), may_pass=frozenset(), tls=False, words=("oneway",)):
        self.name, self.play, self.seen, self.status = name, play, seen, set(status)
        self.may_pass, self.tls, self.words = may_pass, tls, words


class Lab:
    """A CA and a server certificate for localhost, shared by all cases."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-hostile-"))
        make_pki(self.folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")

    def play(self, case):
        player = (lambda connection, number: case.play(connection, Tls(self.context, connection))) if case.tls else \
                 (lambda connection, number: case.play(connection, number))
        report = self.folder / f"{case.name}.json"
        with Peer(player) as peer:
            done = run("check", f"localhost:{peer.port}", "--connect-to", peer.address, "--timeout", "1", "--trust",
                       self.folder / "ca.crt", "--report", f"json={report}", *case.words)
        return done, report.read_bytes() if report.exists() else None


def hold(connection):
    """Reads and says nothing, and closes when the other side does."""
    while connection.recv(65536):
        pass


def hang(connection):
    """The same, and never closes: what ends it is the end of the test."""
    hold(connection)
    ended = select.poll()
    ended.register(connection, 0)
    ended.poll(20_000)


def send(*pieces, after=hold):
    def play(connection, _):
        client_hello(connection)
        for piece in pieces:
            connection.sendall(piece)
        after(connection)
    return play


def flood(piece, head=b""):
    def play(connection, _):
        client_hello(connection)
        connection.sendall(head)
        while True:
            connection.sendall(piece)
    return play


def trickle(data):
    def play(connection, _):
        connection.settimeout(1)
        for byte in data * 4:
            connection.sendall(bytes([byte]))
            try:
                while connection.recv(65536):
                    pass
                return
            except TimeoutError:
                pass
    return play


def end(connection):
    connection.close()


def half_open(connection):
    """Ends its own direction and goes on reading."""
    connection.shutdown(socket.SHUT_WR)
    hold(connection)


def in_flight(after, part=0.5):
    def play(connection, tls):
        flight = tls.first_flight()
        connection.sendall(flight[:int(len(flight) * part)])
        after(connection)
    return play


def truncated_hello(after):
    def play(connection, tls):
        flight = tls.first_flight()
        connection.sendall(flight[:30] if flight[:1] == b"\x16" else flight)
        after(connection)
    return play


def handshaken(after):
    def play(connection, tls):
        tls.accept()
        after(connection)
    return play


def answer(head, piece=None):
    """An HTTP answer whose end never comes."""
    def play(connection, tls):
        tls.accept()
        tls.request()
        tls.write(head)
        while piece:
            tls.write(piece)
        hold(connection)
    return play


def app_flood(connection, tls):
    tls.accept()
    while True:
        tls.write(b"\0" * 16384)


def junk(connection, _):
    data = os.urandom(4096)
    connection.sendall(bytes([data[0] | 0x80]) + data)
    hold(connection)


TLS_WORDS = ("oneway/handshake", "oneway/chain_valid", "oneway/name_matches", "oneway/versions/below_tls1_2")
BROKEN = "the peer broke the protocol"
NOT_TLS = "something that is not TLS"
big_record = b"\x16\x03\x03\xff\xff" + b"A" * 65535
hello_of_16_mib = b"\x02\xff\xff\xff"
BETWEEN = REFUSALS | CERTIFICATE | {"oneway/sni/absent", "oneway/sni/unknown"}

ENDED_AFTER = "(closed|reset) without an alert after the handshake|closed on the HTTP request"
CASES = [
    Case("silent", lambda c, _: hang(c), "silent during the handshake.* and still open"),
    Case("waiting", lambda c, _: hold(c), "silent during the handshake until the deadline"),
    Case("trickle", trickle(record(KEY_EXCHANGE, handshake(2, bytes(200)))), "until the deadline"),
    Case("oversized_record", send(big_record), "a record longer than any record may be"),
    Case("random_bytes", junk, NOT_TLS),
    Case("http", send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", after=end), NOT_TLS),
    Case("ssh", lambda c, _: (c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"), hold(c)), "SSH-2.0-OpenSSH"),
    Case("escapes", lambda c, _: (c.sendall(b"\x1b[31m\0\xff\xfe\xe2\x80\xae\r\n"), hold(c)), r"\\x1b\[31m\\x00\\xff\\xfe"),
    Case("empty_server_hello", send(record(KEY_EXCHANGE, handshake(2, b"")), after=hold), "needs 2 bytes, 0 left"),
    Case("empty_records", flood(record(KEY_EXCHANGE, b"") * 500), "a handshake record without content"),
    Case("warning_alerts", flood(record(ALERT, b"\x01\x5a") * 500), "too many warning alerts"),
    Case("change_cipher_specs", flood(record(CCS, b"\x01") * 500), "ChangeCipherSpec where ServerHello was expected"),
    Case("application_records", flood(record(APPLICATION, bytes(16000)) * 4), "application data before the server's Finished"),
    Case("endless_server_hello", flood(record(KEY_EXCHANGE, bytes(16000)), record(KEY_EXCHANGE, hello_of_16_mib)), "a server_hello message longer than the limit"),
    Case("bad_alert", send(record(ALERT, b"\x02"), after=hold), BROKEN),
    Case("refuses_everybody", send(record(ALERT, b"\x02\x28"), after=end), r"handshake_failure \(40\)"),
    Case("reset_at_accept", lambda c, _: reset(c), "[Rr]eset"),
    Case("fin_at_accept", lambda c, _: end(c), "closed without an alert|[Rr]eset"),
    Case("reset_after_hello", send(after=reset), "reset without an alert"),
    Case("fin_after_hello", send(after=end), "closed without an alert"),
    Case("half_open", send(after=half_open), "closed without an alert"),
    Case("truncated_hello", truncated_hello(hold), "until the deadline", tls=True),
    Case("truncated_hello_fin", truncated_hello(end), "closed without an alert", tls=True),
    Case("truncated_hello_reset", truncated_hello(reset), "(reset|closed) without an alert", tls=True),
    Case("in_flight_hold", in_flight(hold), "until the deadline", (1, 3), BETWEEN, True, TLS_WORDS),
    Case("in_flight_fin", in_flight(end), "closed without an alert", (1, 3), BETWEEN, True, TLS_WORDS),
    Case("in_flight_reset", in_flight(reset), "reset without an alert", (1, 3), BETWEEN, True, TLS_WORDS),
    Case("in_flight_half_open", in_flight(half_open), "closed without an alert", (1, 3), BETWEEN, True, TLS_WORDS),
    # Whether our request is out when the end comes is a race, and decides what kind of end it is and how it is told.
    Case("reset_after_handshake", handshaken(reset), ENDED_AFTER, (3,), BETWEEN, True, TLS_WORDS),
    Case("fin_after_handshake", handshaken(end), ENDED_AFTER, (3,), BETWEEN, True, TLS_WORDS),
    Case("half_open_after_handshake", handshaken(half_open), ENDED_AFTER, (3,), BETWEEN, True, TLS_WORDS),
    Case("silent_after_handshake", handshaken(hang), "silent after the handshake.* and still open", (1, 3), BETWEEN, True, TLS_WORDS),
    Case("garbage_after_handshake", handshaken(lambda c: (c.sendall(record(APPLICATION, bytes(99))), hold(c))), BROKEN, (1,), BETWEEN, True,
         TLS_WORDS),
    # The handshake holds and application data flows: what the page is does not matter to these scenarios.
    Case("application_flood", app_flood, "PASS chain_valid, handshake, name_matches", (0,), None, True, TLS_WORDS),
    Case("endless_headers", answer(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"a" * 4000 + b"\r\n"), "PASS chain_valid, handshake, name_matches", (0,), None, True, TLS_WORDS),
    Case("gigabyte_body", answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", b"b" * 16384), "PASS chain_valid, handshake, name_matches", (0,), None, True, TLS_WORDS),
    Case("gigabyte_promised", answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"), "PASS chain_valid, handshake, name_matches", (0,), None, True, TLS_WORDS),
    Case("endless_chunks", answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nabcd\r\n" * 1000), "PASS chain_valid, handshake, name_matches", (0,), None, True,
         TLS_WORDS),
    Case("escapes_in_status", answer(b"HTTP/1.1 200 \x1b[31m\0\xff\xfe\xe2\x80\xae\r\nContent-Length: 0\r\n\r\n"), "PASS chain_valid, handshake, name_matches", (0,), None, True, TLS_WORDS),
]


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(shutil.rmtree, cls.lab.folder)
        pool = concurrent.futures.ThreadPoolExecutor(8)  # they mostly wait
        cls.addClassCleanup(pool.shutdown)
        cls.results = {case.name: pool.submit(cls.lab.play, case) for case in CASES}

    def judge(self, case):
        done, report = self.results[case.name].result()
        expect_sound(self, done, case.status)
        self.assertEqual(done.err, b"", done)
        self.assertRegex(done.text, case.seen, done)
        self.assertIsNotNone(report, done)
        text = report.decode("utf-8")
        self.assertIsNone(FORBIDDEN.search(text), text)
        findings = [finding for endpoint in json.loads(text)["endpoints"] for finding in endpoint["findings"]]
        passed = {finding["scenario"] for finding in findings if finding["verdict"] == "pass"}
        if case.may_pass is not None:
            self.assertLessEqual(passed, set(case.may_pass), done)


for case in CASES:
    setattr(Hostile, f"test_{case.name}", lambda self, case=case: self.judge(case))

if __name__ == "__main__":
    if "--show" in sys.argv:  # a case's output, for whoever writes one
        lab = Lab()
        for case in CASES:
            if case.name in sys.argv:
                print(lab.play(case)[0])
        shutil.rmtree(lab.folder)
    else:
        unittest.main()
