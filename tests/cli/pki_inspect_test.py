#!/usr/bin/env python3
"""tlsproof pki inspect: every kind of file is told with what is weak about it, and hostile ones stay bounded and harmless."""
import base64
import copy
import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import der  # noqa: E402
from support.check import openssl, pki  # noqa: E402
from support.need import need  # noqa: E402
from support.program import expect_complaint, expect_sound, run  # noqa: E402

need("openssl")
try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(1 if os.environ.get("TLSPROOF_REQUIRE_TOOLS") else 77)
SCHEMA = json.loads((pathlib.Path(os.environ["TLSPROOF_SOURCE"]) / "reports/schema/inspect-pki.schema.json").read_text())


def pem(label, content):
    return f"-----BEGIN {label}-----\n{base64.encodebytes(content).decode()}-----END {label}-----\n"


class Inspect(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = f = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-inspect-"))
        cls.addClassCleanup(shutil.rmtree, f)
        (f / "pass").write_text("x\n")
        (f / "wrong").write_text("y\n")
        pki("ca", "--subject", "O=example,CN=Root CA", "--key", "p256", "--no-passphrase", "--out", f / "root")
        pki("ca", "--issuer", f / "root", "--subject", "O=example,CN=Issuing CA", "--key", "p256", "--no-passphrase", "--out", f / "ca")
        pki("server", "--ca", f / "ca", "--name", "server.test", "--out", f)
        pki("client", "--ca", f / "ca", "--name", "client.device", "--out", f)

    def inspect(self, *words, status=0):
        """The report as JSON, by its schema; the text of the same run is sound and 80 columns wide where words allow it."""
        text = run("pki", "inspect", *words, cwd=self.folder)
        expect_sound(self, text, {status})
        for line in text.out.decode().splitlines():
            self.assertTrue(len(line) <= 80 or " " not in line.strip(), line)
        done = run("pki", "inspect", "--format", "json", *words, cwd=self.folder)
        expect_sound(self, done, {status})
        report = json.loads(done.out)
        jsonschema.Draft202012Validator(SCHEMA).validate(report)
        return report["files"]

    def one(self, path, *words):
        (file,) = self.inspect(path, *words)
        return file

    @staticmethod
    def weak(thing):
        return {weakness["name"]: weakness["level"] for weakness in thing["weaknesses"]}

    def test_what_we_make_is_not_weak(self):
        for path, kinds in {"server.crt": ["certificate"] * 2, "client.crt": ["certificate"] * 2, "root/ca.crt": ["certificate"],
                            "server.key": ["private_key"]}.items():
            with self.subTest(path=path):
                file = self.one(path)
                self.assertEqual([item["kind"] for item in file["items"]], kinds)
                levels = {level for thing in (file, *file["items"]) for level in self.weak(thing).values()}
                self.assertLessEqual(levels, {"note"}, file)
        facts = self.one("server.crt")["items"][0]["facts"]
        self.assertEqual((facts["names"], facts["version"], facts["key"], facts["ca"], facts["extended_key_usage"]),
                         (["DNS:server.test"], ["3"], ["EC P-256"], ["no"], ["serverAuth"]))
        self.assertEqual(self.weak(self.one("server.crt")), {"missing_issuer": "note"})

    def test_keys(self):
        f = self.folder
        openssl("pkcs8", "-topk8", "-in", f / "client.key", "-v2", "aes-256-cbc", "-iter", 2048, "-passout", "pass:x", "-out", f / "few.key")
        openssl("pkcs8", "-topk8", "-in", f / "client.key", "-v1", "PBE-SHA1-3DES", "-passout", "pass:x", "-out", f / "des.key")
        openssl("ec", "-in", f / "client.key", "-aes128", "-passout", "pass:x", "-out", f / "old.key")
        openssl("genrsa", "-out", f / "short.key", 1024)
        openssl("pkey", "-in", f / "client.key", "-outform", "DER", "-out", f / "der.key")
        openssl("pkey", "-in", f / "client.key", "-pubout", "-out", f / "public.pem")
        shutil.copy(f / "client.key", f / "open.key")
        os.chmod(f / "open.key", 0o644)
        for path, weak, encryption in [
            ("few.key", {"few_iterations": "should"}, "AES-256-CBC, PBKDF2 with HMAC-SHA256, 2048 iterations"),
            ("des.key", {"few_iterations": "should", "weak_cipher": "must"}, "DES-EDE3-CBC, PKCS#12's derivation with SHA1, 2048 iterations"),
            ("old.key", {"legacy_pem_encryption": "must"}, "AES-128-CBC, one round of MD5 (PEM of old, DEK-Info)"),
            ("short.key", {"plain_key": "note", "rsa_key_too_short": "must"}, None), ("der.key", {"plain_key": "note"}, None),
            ("open.key", {"plain_key": "note"}, None),
        ]:
            with self.subTest(path=path):
                os.chmod(f / path, 0o600 if path != "open.key" else 0o644)
                file = self.one(path)
                (item,) = file["items"]
                self.assertEqual((item["kind"], self.weak(item)), ("private_key", weak))
                self.assertEqual(item["facts"].get("encryption"), encryption and [encryption])
                self.assertEqual(self.weak(file), {"file_mode": "should"} if path == "open.key" else {})
                if encryption:
                    self.assertEqual(item["title"], "encrypted")
                    self.assertEqual(self.one(path, "--passphrase-file", "pass")["items"][0]["title"], "P-256")
                    expect_complaint(self, run("pki", "inspect", path, "--passphrase-file", "wrong", cwd=f), 2, path, "passphrase is wrong")
        self.assertEqual(self.one("public.pem")["items"][0]["kind"], "public_key")

    def test_pkcs12(self):
        f = self.folder
        identity = ["-in", f / "client.crt", "-inkey", f / "client.key"]
        openssl("pkcs12", "-export", *identity, "-passout", "pass:x", "-out", f / "usual.p12")
        openssl("pkcs12", "-export", *identity, "-legacy", "-passout", "pass:x", "-out", f / "legacy.p12")
        openssl("pkcs12", "-export", *identity, "-nomac", "-passout", "pass:", "-out", f / "open.p12")
        pki("p12", "--cert", f / "client.crt", "--key", f / "client.key", "--export-passphrase-file", f / "pass", "--out", f / "ours.p12")
        for path, weak in [
            ("usual.p12", {"few_iterations": "should"}), ("legacy.p12", {"few_iterations": "should", "weak_cipher": "must", "weak_mac": "should"}),
            ("ours.p12", {}),
        ]:
            with self.subTest(path=path):
                (locked,) = self.one(path)["items"]
                self.assertEqual((locked["title"], self.weak(locked)), ("under a passphrase", weak))
                items = self.one(path, "--passphrase-file", "pass")["items"]
                self.assertEqual([item["kind"] for item in items][:3], ["pkcs12", "private_key", "certificate"])
                self.assertEqual({name for name in self.weak(items[0]) if name != "issuer_absent"}, set(weak))
                expect_complaint(self, run("pki", "inspect", path, "--passphrase-file", "wrong", cwd=f), 2, path, "passphrase is wrong")
        self.assertEqual({"no_mac", "empty_passphrase"} - set(self.weak(self.one("open.p12")["items"][0])), set())

    def test_requests_and_lists(self):
        f = self.folder
        openssl("req", "-new", "-key", f / "server.key", "-subj", "/CN=server.test", "-out", f / "plain.csr")
        openssl("req", "-new", "-key", f / "server.key", "-subj", "/CN=server.test", "-addext", "subjectAltName=DNS:a.test", "-outform", "DER",
                "-out", f / "names.csr")
        self.assertEqual(self.weak(self.one("plain.csr")["items"][0]), {"no_subject_alt_name": "note"})
        self.assertEqual(self.one("names.csr")["items"][0]["facts"]["names"], ["a.test"])
        for name, more, weak in (("fresh", [], {}), ("stale", ["--stale"], {"stale": "must"})):
            pki("crl", "--ca", f / "ca", "--revoke", f / "client.crt", "--reason", "superseded", *more, "--out", f / f"{name}.crl")
            (item,) = self.one(f"{name}.crl")["items"]
            self.assertEqual((item["kind"], self.weak(item), item["facts"]["entries"]), ("crl", weak, ["1"]))
            self.assertIn(": superseded", item["facts"]["revoked"][0])

    def test_chains(self):
        f = self.folder
        leaf, issuing, root = ((f / path).read_text() for path in ("server.crt", "ca/ca.crt", "root/ca.crt"))
        leaf = leaf.split("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"
        issuing = issuing.split("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"
        for name, text, weak in [
            ("whole", leaf + issuing + root, {}), ("backwards", root + issuing + leaf, {"leaf_not_first": "must"}),
            ("mixed", leaf + root + issuing, {"not_in_order": "should"}), ("bundle", root + issuing, {}),
            ("cut", leaf + issuing + root[:200] + "\n", {"missing_issuer": "note", "damaged": "must"}),
        ]:
            with self.subTest(name=name):
                (f / f"{name}.pem").write_text("a word before\n" + text)
                self.assertEqual(self.weak(self.one(f"{name}.pem")), weak)

    def test_a_serial_twice(self):
        f = self.folder
        spki = der.public_key(f / "client.key")
        for name in ("a", "b", "c"):
            subject = der.name((der.COMMON_NAME, der.UTF8, name.encode()))
            (f / f"{name}.der").write_bytes(der.certificate(subject, der.subject_of(f / "ca/ca.crt"), spki, f / "ca/ca.key",
                                                            serial=b"\x07" if name != "c" else b"\x08"))
        files = self.inspect("a.der", "b.der", "c.der", "a.der")
        self.assertEqual(["serial_reused" in self.weak(file["items"][0]) for file in files], [False, True, False, False])

    def test_several_files_and_errors(self):
        (self.folder / "empty").write_bytes(b"")
        (self.folder / "text").write_text("hello\n")
        (self.folder / "huge").write_bytes(b"\x30" * (17 << 20))
        files = self.inspect("server.crt", "empty", "missing", "text", "huge", ".", status=2)
        self.assertEqual([bool(file["error"]) for file in files], [False, True, True, True, True, True])
        for file, part in zip(files[1:], ("is empty", "No such file", "neither PEM nor the DER", "longer than", "Is a directory")):
            self.assertIn(part, file["error"])
        for words, message in ([], "which files"), (["--format", "xml", "x"], "neither text nor json"):
            expect_complaint(self, run("pki", "inspect", *words, cwd=self.folder), 2, message)

    def test_hostile(self):
        f = self.folder
        spki, issuer = der.public_key(f / "client.key"), der.subject_of(f / "ca/ca.crt")
        plain = der.name((der.COMMON_NAME, der.UTF8, b"x"))
        many = der.alternative_names(*(f"host-{i}.test".encode() for i in range(10_000)))
        (f / "many.der").write_bytes(der.certificate(plain, issuer, spki, f / "ca/ca.key", many))
        (item,) = self.one("many.der")["items"]
        self.assertEqual(len(item["facts"]["names"]), 11)
        self.assertEqual(item["facts"]["names"][-1], "… and 9990 more")
        escape = b"\x1b[31mred\xe2\x80\xae\n\x00"
        (f / "names.der").write_bytes(der.certificate(plain, issuer, spki, f / "ca/ca.key", der.alternative_names(*[b"a.test"] * 12)))
        self.assertEqual(self.one("names.der")["items"][0]["facts"]["names"][-1], "… and 2 more")
        (f / "escape.der").write_bytes(der.certificate(der.name((der.COMMON_NAME, der.UTF8, escape)), issuer, spki, f / "ca/ca.key",
                                                       der.alternative_names(escape)))
        self.assertIn("\\x1b[31mred", self.one("escape.der")["items"][0]["facts"]["subject"][0])
        (f / "crowd.pem").write_text((f / "root/ca.crt").read_text() * 1500)
        crowd = self.one("crowd.pem")
        self.assertEqual((len(crowd["items"]), crowd["left_out"]), (1000, 500))
        (f / "begins.pem").write_text("-----BEGIN CERTIFICATE-----\n" * 200_000)
        expect_complaint(self, run("pki", "inspect", "begins.pem", cwd=f), 2, "is damaged")
        (f / "label.pem").write_text(pem("\x1b[31mCERTIFICATE", b"abc") + pem("NOTHING KNOWN", b"abc"))
        self.assertEqual({item["kind"] for item in self.one("label.pem")["items"]}, {"other"})
        derivation = der.tlv(0x30, der.oid("1.2.840.113549.1.5.12"),
                             der.tlv(0x30, der.tlv(4, b"saltsalt"), der.tlv(2, (11_000_000).to_bytes(4, "big"))))
        scheme = der.tlv(0x30, der.oid("1.2.840.113549.1.5.13"),
                         der.tlv(0x30, derivation, der.tlv(0x30, der.oid("2.16.840.1.101.3.4.1.42"), der.tlv(4, bytes(16)))))
        (f / "slow.key").write_bytes(der.tlv(0x30, scheme, der.tlv(4, bytes(32))))
        os.chmod(f / "slow.key", 0o600)
        (item,) = self.one("slow.key", "--passphrase-file", "pass")["items"]
        self.assertEqual(self.weak(item), {"not_opened": "note"})
        self.assertEqual(item["facts"]["encryption"], ["AES-256-CBC, PBKDF2 with HMAC-SHA1, 11000000 iterations"])

    def test_the_schema_refuses_what_is_broken(self):
        done = run("pki", "inspect", "--format", "json", "server.crt", cwd=self.folder)
        good = json.loads(done.out)
        validator = jsonschema.Draft202012Validator(SCHEMA)
        for change in (lambda d: d.pop("files"), lambda d: d["files"][0].pop("items"), lambda d: d["files"][0]["items"][0].update(kind="x"),
                       lambda d: d["files"][0].update(more=1), lambda d: d["files"][0]["weaknesses"].append({"level": "bad"}),
                       lambda d: d["files"][0].update(error="x"), lambda d: d["files"][0]["items"].clear()):
            broken = copy.deepcopy(good)
            change(broken)
            self.assertFalse(validator.is_valid(broken))


if __name__ == "__main__":
    unittest.main()
