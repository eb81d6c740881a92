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
        huge = (1 << 62) + 255  # beyond any time
        first = self.make("--ca", "ca", "--revoke", "one.crt", "--reason", "certificateHold", "--number", str(huge), "--out", "1.crl")
        self.assertEqual(int(first["number"], 16), huge)
        second = self.make("--ca", "ca", "--from", "1.crl", "--revoke", "two.crt", "--reason", "superseded", "--out", "2.crl")
        self.assertEqual((int(second["number"], 16), second["entries"], second["named_again"]), (huge + 1, 2, []))
        # What was on hold is revoked for good.
        third = self.make("--ca", "ca", "--from", "2.crl", "--revoke", "one.crt", "--reason", "keyCompromise", "--out", "ca.crl")
        self.assertEqual(third["entries"], 2)
        self.assertEqual([(one["change"], one["old_reason"]) for one in third["named_again"]], [("revoked_for_good", "certificateHold")])
        self.assertEqual(self.reasons(), {"Superseded": 1, "Key Compromise": 1, "Certificate Hold": 0})
        self.assertEqual([self.verify(name) for name in ("one", "two", "three")], ["23", "23", "OK"])

    def reasons(self):
        text = openssl("crl", "-in", self.folder / "ca.crl", "-noout", "-text")
        return {reason: text.count(reason) for reason in ("Superseded", "Key Compromise", "Certificate Hold")}

    def dates(self, name):
        """Of the entries, in their order."""
        text = openssl("crl", "-in", self.folder / name, "-noout", "-text")
        return [line.strip() for line in text.splitlines() if "Revocation Date" in line]

    def test_named_again(self):
        # Revoked long ago, by --stale, so that a date that is not kept is seen.
        self.make("--ca", "ca", "--revoke", "one.crt", "--reason", "superseded", "--stale", "--out", "old.crl")
        again = ["--ca", "ca", "--from", "old.crl", "--revoke", "one.crt", "--force", "--out", "ca.crl"]
        for more, change, text, reasons in [
            ([], "kept", "was revoked already (superseded, 20", {"Superseded": 1, "Key Compromise": 0, "Certificate Hold": 0}),
            (["--reason", "superseded"], "kept", "it stays as it was", {"Superseded": 1, "Key Compromise": 0, "Certificate Hold": 0}),
            (["--reason", "keyCompromise"], "reason_changed", "the reason is keyCompromise now, the date stays",
             {"Superseded": 0, "Key Compromise": 1, "Certificate Hold": 0}),
            (["--reason", "unspecified"], "reason_changed", "no reason is given now",
             {"Superseded": 0, "Key Compromise": 0, "Certificate Hold": 0}),
        ]:
            with self.subTest(more=more):
                made = self.make(*again, *more)
                self.assertEqual((made["entries"], [one["change"] for one in made["named_again"]]), (1, [change]))
                self.assertEqual(made["named_again"][0]["serial"].upper(), self.serial("one"))
                done = run("pki", "crl", *again, *more, cwd=self.folder)
                expect_sound(self, done, {0})
                self.assertIn(text, done.text)
                self.assertEqual(self.reasons(), reasons)
                self.assertEqual(self.dates("ca.crl"), self.dates("old.crl"))
        expect_complaint(self, run("pki", "crl", *again, "--reason", "certificateHold", cwd=self.folder), 2, "cannot be put on hold")

    def test_numbers_increase(self):
        before = int(self.make("--ca", "ca", "--out", "1.crl")["number"], 16)
        for i in range(2, 5):  # within one second
            number = int(self.make("--ca", "ca", *(["--from", "1.crl"] if i == 4 else []), "--out", f"{i}.crl")["number"], 16)
            self.assertGreater(number, before)
            before = number
        # A small one is followed by the time, for the sake of lists that were made without --from.
        self.make("--ca", "ca", "--number", "7", "--out", "small.crl")
        self.assertGreater(int(self.make("--ca", "ca", "--from", "small.crl", "--out", "5.crl")["number"], 16), before)
        for given in ("0", "6", "7"):
            expect_complaint(self, run("pki", "crl", "--ca", "ca", "--from", "small.crl", "--number", given, "--out", "6.crl", cwd=self.folder),
                             2, f"--number: {given} is not greater than the number of the CRL 'small.crl', which is 7 \\(hex 07\\)")
        self.assertEqual(self.make("--ca", "ca", "--from", "small.crl", "--number", "8", "--out", "6.crl")["number"], "08")

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
