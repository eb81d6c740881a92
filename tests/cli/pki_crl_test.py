#!/usr/bin/env python3
"""tlsproof pki crl: lists that openssl reads and believes, stale ones, continued ones, and what is refused."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import openssl, pki  # noqa: E402
from support.need import need  # noqa: E402
from support.program import expect_complaint, expect_sound, run  # noqa: E402

need("openssl")


class Crl(unittest.TestCase):
    def setUp(self):
        self.folder = f = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-crl-"))
        self.addCleanup(shutil.rmtree, f)
        pki("ca", "--subject", "O=example,CN=Root CA", "--key", "p256", "--no-passphrase", "--out", f / "root")
        pki("ca", "--issuer", f / "root", "--subject", "O=example,CN=Issuing CA", "--key", "p384", "--no-passphrase", "--out", f / "ca")
        for name in ("one", "two", "three"):
            pki("client", "--ca", f / "ca", "--name", f"{name}.device", "--cert-out", f / f"{name}.crt", "--key-out", f / f"{name}.key")

    def make(self, *words):
        done = run("pki", "crl", *words, "--format", "json", cwd=self.folder)
        expect_sound(self, done, {0})
        return json.loads(done.out)

    def serial(self, name):
        return openssl("x509", "-in", self.folder / f"{name}.crt", "-noout", "-serial").strip().removeprefix("serial=")

    def verify(self, name, *more):
        """openssl's word on the certificate with the issuing CA's list in view: "OK", or its error number."""
        f = self.folder
        done = subprocess.run(["openssl", "verify", "-crl_check", "-x509_strict", "-CAfile", f / "root/ca.crt", "-untrusted", f / "ca/ca.crt",
                               "-CRLfile", f / "ca.crl", *more, f / f"{name}.crt"], capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            return "OK"
        return done.stderr.split("error ")[1].split(" ")[0]

    def test_openssl_believes_it(self):
        made = self.make("--ca", "ca", "--revoke", "one.crt", "--serial", self.serial("two"), "--reason", "keyCompromise", "--out", "ca.crl")
        self.assertEqual((made["entries"], made["issuer"]), (2, "CN=Issuing CA,O=example"))
        self.assertEqual([self.verify(name) for name in ("one", "two", "three")], ["23", "23", "OK"])
        text = openssl("crl", "-in", self.folder / "ca.crl", "-noout", "-text", "-CAfile", self.folder / "ca/ca.crt")
        for part in ("Version 2 (0x1)", "X509v3 Authority Key Identifier", "X509v3 CRL Number", "Key Compromise", self.serial("one")):
            self.assertIn(part, text)
        self.assertEqual(text.count("Serial Number:"), 2)

    def test_empty_and_stale(self):
        self.make("--ca", "ca", "--out", "ca.crl")
        self.assertEqual(self.verify("one"), "OK")
        self.make("--ca", "ca", "--stale", "--out", "ca.crl", "--force")
        self.assertEqual(self.verify("one"), "12")  # CRL has expired

    def test_der_and_folder(self):
        made = self.make("--ca", "ca", "--der", "--revoke", "one.crt", "--out", "ca")
        self.assertEqual(made["file"], "ca/ca.crl")
        openssl("crl", "-inform", "DER", "-in", self.folder / "ca/ca.crl", "-out", self.folder / "ca.crl")
        self.assertEqual(self.verify("one"), "23")

    def test_going_on(self):
        first = self.make("--ca", "ca", "--revoke", "one.crt", "--reason", "certificateHold", "--number", "255", "--out", "1.crl")
        self.assertEqual(first["number"], "ff")
        second = self.make("--ca", "ca", "--from", "1.crl", "--revoke", "two.crt", "--reason", "superseded", "--out", "2.crl")
        self.assertEqual((second["number"], second["entries"]), ("0100", 2))
        # What was on hold is revoked for good; what is revoked already stays as it was.
        third = self.make("--ca", "ca", "--from", "2.crl", "--revoke", "one.crt", "--revoke", "two.crt", "--reason", "keyCompromise", "--out",
                          "ca.crl")
        self.assertEqual(third["entries"], 2)
        text = openssl("crl", "-in", self.folder / "ca.crl", "-noout", "-text")
        self.assertEqual([text.count(reason) for reason in ("Superseded", "Key Compromise", "Certificate Hold")], [1, 1, 0])
        self.assertEqual([self.verify(name) for name in ("one", "two", "three")], ["23", "23", "OK"])

    def test_refusals(self):
        self.make("--ca", "root", "--out", "root.crl")
        out = ["--out", "new.crl"]
        for words, message in [
            (out, "pki crl needs the CA that signs"), (["--ca", "ca"], "say where the CRL goes"),
            (["--ca", "root", "--revoke", "one.crt", *out], "the certificate 'one.crt' is not of this CA"),
            (["--ca", "ca", "--from", "root.crl", *out], "the CRL 'root.crl' is not of this CA: CRL .* of CN=Root CA"),
            (["--ca", "ca", "--from", "one.crt", *out], "the CRL 'one.crt' holds no CRL: it is a certificate"),
            (["--ca", "ca", "--revoke", "root.crl", *out], "holds no certificate: it is a CRL"),
            (["--ca", "ca", "--serial", "xyz", *out], "'xyz' is not a serial number in hex"), (["--ca", "ca", "--serial", "", *out], "serial"),
            (["--ca", "ca", "--serial", "1", "--reason", "boredom", *out], "'boredom' is none of"),
            (["--ca", "ca", "--serial", "1", "--reason", "removeFromCRL", *out], "for delta lists alone"),
            (["--ca", "ca", "--reason", "superseded", *out], "for what --revoke or --serial names"),
            (["--ca", "ca", "--days", "0", *out], "--days"), (["--ca", "ca", "--number", "-1", *out], "--number"),
            (["--ca", "ca", "--out", "root.crl"], "is there already"), (["--ca", "ca", "extra", *out], "no arguments"),
        ]:
            with self.subTest(words=words):
                expect_complaint(self, run("pki", "crl", *words, cwd=self.folder), 2, message)
                self.assertFalse((self.folder / "new.crl").exists())


if __name__ == "__main__":
    unittest.main()
