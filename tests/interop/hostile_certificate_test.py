#!/usr/bin/env python3
"""tlsproof check against servers whose certificate attacks whoever reads it: terminal escapes, NUL, text that is no text, marks that
turn the direction of writing, 64 KiB, and bytes that are no certificate at all."""
import concurrent.futures
import json
import pathlib
import shutil
import ssl
import tempfile
import unittest

from support import der
from support.need import need
from support.peer import Peer, Tls, handshake, record
from support.pki import make_pki
from support.program import FORBIDDEN, expect_sound, run

need("openssl")
EVIL = b"\x1b[31mred\x1b]0;title\x07\0after"
TURNED = "gnp\u202eexe\u2066.\u200f".encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
UNREADABLE = ("empty_sequence", "text", "half", "endless", "indefinite", "deep")
BY_NAME = {"dates": "oneway/not_expired", "serial": "oneway/name_matches"}  # what these, which can be read, must not pass
# Not one of these may pass for a certificate that cannot be read.
JUDGED_BY_READING = {f"oneway/{name}" for name in "chain_valid days_left has_san key_strength name_matches not_expired version_3".split()}


class HostileCertificate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-hostile-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        make_pki(cls.folder)
        cls.issuer = der.subject_of(cls.folder / "ca.crt")
        cls.key = der.public_key(cls.folder / "server.key")

    def forge(self, subject, *extensions, **more):
        return der.certificate(subject, self.issuer, self.key, self.folder / "ca.key", der.SERVER_AUTH, *extensions, **more)

    def check(self, name, certificate, replace=None, status=(1,)):
        """Serves `certificate`; with `replace`, bytes that stand in its place in a TLS 1.2 server's flight (what follows does not
        sign them). Returns the text and the findings."""
        pem = self.folder / f"{name}.crt"
        pem.write_text(der.to_pem(certificate) if isinstance(certificate, bytes) else certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, self.folder / "server.key")
        if replace is not None:
            context.maximum_version = ssl.TLSVersion.TLSv1_2

        def swap(flight):
            if flight[:1] != b"\x16":
                return flight
            at = 5 + int.from_bytes(flight[3:5], "big")  # ServerHello has a record of its own
            after = at + 5 + int.from_bytes(flight[at + 3:at + 5], "big")
            assert flight[at + 5] == 11, "Certificate does not stand second"
            one = len(replace).to_bytes(3, "big") + replace
            message = handshake(11, len(one).to_bytes(3, "big") + one)
            return flight[:at] + b"".join(record(22, message[i:i + 16384]) for i in range(0, len(message), 16384)) + flight[after:]

        def play(connection, _):
            tls = Tls(context, connection)
            tls.accept(swap if replace is not None else None)
            tls.request()
            tls.write(ANSWER)
            tls.step(tls.object.unwrap)

        report = self.folder / f"{name}.json"
        with Peer(play) as peer:
            done = run("check", f"localhost:{peer.port}", "--connect-to", peer.address, "--timeout", "2", "--trust", self.folder / "ca.crt",
                       "--verbose", "--report", f"json={report}", "oneway")
        expect_sound(self, done, set(status))
        self.assertEqual(done.err, b"", done)
        text = report.read_text(encoding="utf-8")
        self.assertIsNone(FORBIDDEN.search(text), text)
        document = json.loads(text)
        findings = document["endpoints"][0]["findings"]
        # Nor in what a reader of the JSON gets after unescaping.
        for value in self.strings(document):
            self.assertIsNone(FORBIDDEN.search(value), repr(value))
        verdicts = {}  # of what applied
        for finding in findings:
            if finding["verdict"] != "skip":
                verdicts.setdefault(finding["scenario"], set()).add(finding["verdict"])
        return done, verdicts

    def strings(self, value):
        if isinstance(value, str):
            yield value
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from self.strings(inner)

    def test_text_that_attacks_the_terminal(self):
        subject = der.name((der.ORGANIZATION, der.TELETEX, b"\x9b31m\xff\xfe" + EVIL), (der.COMMON_NAME, der.UTF8, EVIL + TURNED))
        done, verdicts = self.check("evil", self.forge(subject, der.alternative_names(EVIL, b"\xff\xfe\x9b", TURNED, b"localhost\0.evil.example")))
        self.assertIn(r"\x1b[31mred", done.text)
        self.assertIn(r"\x00after", done.text)
        self.assertIn(r"\u{202e}", done.text)
        self.assertEqual(verdicts["oneway/name_matches"], {"fail"}, done)  # "localhost" before a NUL is not localhost
        self.assertEqual(verdicts["oneway/handshake"], {"pass"}, done)

    def test_text_that_is_not_utf8(self):
        subject = der.name((der.ORGANIZATION, der.UTF8, b"\xff\xfe\xc0\xaf\xed\xa0\x80"), (der.COMMON_NAME, der.BMP, b"\x20\x2e\xd8\x00\x00"))
        good = (self.folder / "server.crt").read_text()
        done, _ = self.check("utf8", good, replace=self.forge(subject, der.alternative_names(b"other.example")))
        self.assertIn(r"\xff\xfe\xc0\xaf", done.text)

    def test_64_kib(self):
        names = [b"host-%05d.example.com" % i for i in range(2800)] + [b"localhost"]
        certificate = self.forge(der.name((der.COMMON_NAME, der.UTF8, b"localhost")), der.alternative_names(*names))
        self.assertGreater(len(certificate), 65536)
        done, verdicts = self.check("large", certificate, status=(0,))
        self.assertEqual(verdicts["oneway/name_matches"], {"pass"}, done)
        self.assertLess(len(done.out), 60_000)

    def test_ten_thousand_names(self):
        """Judged in bounded time, by each of its names, and shown short: also when the name that is looked for is not there."""
        names = [b"host-%05d.example.com" % i for i in range(9_999)]
        subject = der.name((der.COMMON_NAME, der.UTF8, b"localhost"))
        for name, last, wanted, status in (("many", b"localhost", "pass", 0), ("many_others", b"elsewhere.example.com", "fail", 1)):
            done, verdicts = self.check(name, self.forge(subject, der.alternative_names(*names, last)), status=(status,))
            self.assertEqual(verdicts["oneway/name_matches"], {wanted}, done)
            self.assertEqual(verdicts["oneway/handshake"], {"pass"}, done)
            self.assertLess(done.seconds, 10, done)
            self.assertLess(len(done.out), 60_000)
            self.assertLess(done.text.count(".example.com"), 200)

    def test_names_of_64_kib(self):
        subject = der.name((der.COMMON_NAME, der.UTF8, b"x" * 30_000), (der.ORGANIZATION, der.UTF8, EVIL * 1500))
        done, _ = self.check("long", (self.folder / "server.crt").read_text(),
                             replace=self.forge(subject, der.alternative_names(b"y" * 20_000)))
        self.assertLess(len(done.out), 200_000)

    def test_what_is_no_certificate(self):
        good = (self.folder / "server.crt").read_text()
        whole = self.forge(der.name((der.COMMON_NAME, der.UTF8, b"localhost")), der.alternative_names(b"localhost"))
        junk = {"empty_sequence": b"\x30\x00", "text": EVIL, "half": whole[:len(whole) // 2], "trailing": whole + b"\0",
                "endless": b"\x30\x84\xff\xff\xff\xff" + whole, "indefinite": b"\x30\x80" + whole, "deep": b"\x30\x82\xff\xf0" * 4000,
                "dates": self.forge(der.name(), validity=(b"\x1b[31m", b"999999999999Z")), "serial": self.forge(der.name(), serial=b"\x7f" * 9000)}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            results = pool.map(lambda item: (item[0], *self.check(*[item[0], good], replace=item[1], status=(1, 3))), junk.items())
            for name, done, verdicts in results:
                with self.subTest(name):
                    passed = {one for one, seen in verdicts.items() if "pass" in seen}
                    self.assertFalse(passed & (JUDGED_BY_READING if name in UNREADABLE else {BY_NAME.get(name)}), done)


if __name__ == "__main__":
    unittest.main()
