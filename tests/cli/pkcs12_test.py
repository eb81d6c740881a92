#!/usr/bin/env python3
"""PKCS#12 on the command line: what `pki p12` writes is what others import, and every bad file is told by what is wrong with it."""
import json
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import openssl, pki  # noqa: E402
from support.need import need  # noqa: E402
from support.program import expect_complaint, expect_sound, run, run_all  # noqa: E402

need("openssl")
PASSPHRASE = "Xylophon-4711-quokka"
KEY_PASSPHRASE = "Okapi-0815-tapir"
DEAD = "127.0.0.1:1"  # nothing is sent: the files are read before


class Folder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = f = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-p12-"))
        cls.addClassCleanup(shutil.rmtree, f)
        for name, text in (("pass", PASSPHRASE + "\n"), ("key.pass", KEY_PASSPHRASE + "\n"), ("wrong", "no\n"), ("empty", "\n")):
            (f / name).write_text(text)
        pki("ca", "--subject", "O=example,CN=Root CA", "--key", "p256", "--no-passphrase", "--out", f / "root")
        pki("ca", "--issuer", f / "root", "--subject", "O=example,CN=Issuing CA", "--key", "p256", "--no-passphrase", "--out", f / "ca")
        for name in ("client", "other"):
            pki("client", "--ca", f / "ca", "--name", f"{name}.device", "--cert-out", f / f"{name}.crt", "--key-out", f / f"{name}.key")
        openssl("pkey", "-in", f / "client.key", "-aes256", "-passout", f"file:{f}/key.pass", "-out", f / "locked.key")

    def p12(self, *words, status=0, **more):
        done = run("pki", "p12", *words, cwd=self.folder, **more)
        expect_sound(self, done, {status})
        for secret in (PASSPHRASE, KEY_PASSPHRASE):
            self.assertNotIn(secret.encode(), done.out + done.err)
        return done


class Writing(Folder):
    def read(self, path, *more):
        """What openssl takes out of the file, and what it says of its protection."""
        done = subprocess.run(["openssl", "pkcs12", "-in", path, "-info", "-noenc", "-passin", f"file:{self.folder}/pass", *more],
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def expect_material(self, text):
        f = self.folder
        self.assertEqual(text.count("BEGIN CERTIFICATE"), 3)
        self.assertIn("friendlyName: client.device", text)
        (f / "out.pem").write_text(text)
        for words, path in ((["x509", "-noout", "-fingerprint"], "client.crt"), (["pkey", "-pubout"], "client.key")):
            self.assertEqual(openssl(*words, "-in", f / "out.pem"), openssl(*words, "-in", f / path))

    def test_modern(self):
        done = self.p12("--cert", "client.crt", "--key", "locked.key", "--passphrase-file", "key.pass", "--chain", "root/ca.crt", "--name",
                        "client.device", "--export-passphrase-file", "pass", "--out", "modern.p12")
        self.assertIn("AES-256-CBC, PBKDF2 with HMAC-SHA256, 100000 iterations", done.text)
        self.assertEqual(stat.S_IMODE((self.folder / "modern.p12").stat().st_mode), 0o600)
        status, text, info = self.read(self.folder / "modern.p12")
        self.assertEqual(status, 0, info)
        self.expect_material(text)
        self.assertIn("MAC: sha256, Iteration 100000", info)
        self.assertEqual(info.count("PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256"), 2)

    def test_legacy(self):
        done = self.p12("--cert", "client.crt", "--key", "client.key", "--chain", "root/ca.crt", "--name", "client.device", "--legacy",
                        "--export-passphrase-env", "P12", "--out", "legacy.p12", "--format", "json", env={"P12": PASSPHRASE})
        made = json.loads(done.out)
        self.assertEqual((made["legacy"], made["certificates"], made["mac"]), (True, 3, "SHA1"))
        status, _, info = self.read(self.folder / "legacy.p12")
        self.assertNotEqual(status, 0)  # openssl without its legacy provider
        status, text, info = self.read(self.folder / "legacy.p12", "-legacy")
        self.assertEqual(status, 0, info)
        self.expect_material(text)
        for part in ("MAC: sha1, Iteration 2048", "pbeWithSHA1And40BitRC2-CBC", "pbeWithSHA1And3-KeyTripleDES-CBC"):
            self.assertIn(part, info)

    def test_java_and_gnutls(self):
        for program, words in (("keytool", ["-list", "-storetype", "PKCS12", "-storepass", PASSPHRASE, "-keystore"]),
                               ("certtool", ["--p12-info", "--inder", "--password", PASSPHRASE, "--infile"])):
            if shutil.which(program) is None:
                continue
            for legacy in ([], ["--legacy"]):
                with self.subTest(program=program, legacy=legacy):
                    self.p12("--cert", "client.crt", "--key", "client.key", "--export-passphrase-file", "pass", "--out", "x.p12", "--force",
                             "--name", "client.device", *legacy)
                    done = subprocess.run([program, *words, self.folder / "x.p12"], capture_output=True, text=True, timeout=60)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertIn("client.device", done.stdout)

    def test_refusals(self):
        ok = ["--cert", "client.crt", "--key", "client.key", "--out", "new.p12"]
        passed = ["--export-passphrase-file", "pass"]
        for words, message in [
            (["--key", "client.key", "--out", "new.p12", *passed], "give --cert FILE and --key FILE"),
            (["--cert", "client.crt", "--key", "client.key", *passed], "say where the PKCS#12 goes"),
            (ok, "the PKCS#12 needs a passphrase: give --export-passphrase-file FILE or --export-passphrase-env VARIABLE \\(there is no"),
            ([*ok, "--export-passphrase-file", "empty"], "the passphrase for the PKCS#12 is empty"),
            ([*ok, *passed, "--export-passphrase-env", "X"], "not both"),
            (["--cert", "client.crt", "--key", "other.key", "--out", "new.p12", *passed],
             "exported key 'other.key' does not belong to the exported certificate 'client.crt'"),
            (["--cert", "client.crt", "--out", "new.p12", *passed], "holds no private key"),
            (["--cert", "client.crt", "--key", "locked.key", "--out", "new.p12", *passed], "the key needs a passphrase"),
            (["--cert", "client.crt", "--key", "client.key", "--out", "client.key", "--force", *passed], "would replace"),
            ([*ok, *passed, "--name", "\x1b[31m"], r"'\\x1b\[31m' is not plain text"),
            ([*ok, *passed, "extra"], "takes no arguments"), ([*ok, *passed, "--format", "xml"], "neither text nor json"),
        ]:
            with self.subTest(words=words):
                expect_complaint(self, run("pki", "p12", *words, cwd=self.folder), 2, message)
                self.assertFalse((self.folder / "new.p12").exists())

    def test_without_the_legacy_provider(self):
        nowhere = {"OPENSSL_MODULES": str(self.folder)}
        words = ["--cert", "client.crt", "--key", "client.key", "--export-passphrase-file", "pass"]
        done = run("pki", "p12", *words, "--legacy", "--out", "none.p12", cwd=self.folder, env=nowhere)
        expect_complaint(self, done, 2, r"needs OpenSSL's legacy provider, whose module \(legacy.so\) is not installed")
        self.p12(*words, "--legacy", "--out", "old.p12")
        done = run("check", DEAD, "--client-cert", "old.p12", "--passphrase-file", "pass", cwd=self.folder, env=nowhere)
        expect_complaint(self, done, 2, r"'old.p12': its encryption \(RC2-40-CBC\) needs OpenSSL's legacy provider")
        self.p12(*words, "--out", "new.p12", env=nowhere)  # which needs none


class Reading(Folder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        f = cls.folder
        identity = ["-in", f / "client.crt", "-inkey", f / "client.key"]
        locked = ["-passout", f"file:{f}/pass"]
        for name, words in {
            "modern": [*identity, *locked], "legacy": [*identity, *locked, "-legacy"], "no_mac": [*identity, *locked, "-nomac"],
            "open": [*identity, "-passout", "pass:"], "certificates": ["-nokeys", "-in", f / "root/ca.crt", *locked],
            "key_alone": ["-nocerts", "-inkey", f / "client.key", *locked],
            "ca": ["-in", f / "ca/ca.crt", "-inkey", f / "ca/ca.key", "-certfile", f / "root/ca.crt", *locked],
        }.items():
            openssl("pkcs12", "-export", *words, "-out", f / f"{name}.p12")
        good = (f / "modern.p12").read_bytes()
        (f / "cut.p12").write_bytes(good[:-20])
        (f / "text.p12").write_text("not a PKCS#12 at all\n")
        (f / "nothing.p12").write_bytes(b"")
        # PFX with an empty list of parts and no MAC.
        (f / "bagless.p12").write_bytes(bytes.fromhex("3016020103301106092a864886f70d010701a00404023000"))

    def test_every_bad_client_certificate(self):
        wrong, right = ["--passphrase-file", "wrong"], ["--passphrase-file", "pass"]
        rows = []
        for name, more, message in [
            ("modern.p12", [], "the PKCS#12 needs a passphrase"), ("modern.p12", wrong, "the passphrase is wrong"),
            ("legacy.p12", wrong, "the passphrase is wrong"), ("no_mac.p12", wrong, "the passphrase is wrong"),
            ("cut.p12", right, r"damaged or cut off"), ("text.p12", right, "holds no certificate"), ("nothing.p12", right, "is empty"),
            ("bagless.p12", right, "holds nothing"), ("key_alone.p12", right, "holds no certificate, only a private key"),
            ("certificates.p12", right, "holds no private key, only certificates"),
            ("modern.p12", [*right, "--client-key", "other.key"], "'other.key' does not belong to the client certificate 'modern.p12'"),
            ("client.crt", [*right, "--client-key", "certificates.p12"], "client key 'certificates.p12' holds no private key"),
            ("modern.p12", ["--passphrase-file", "missing"], "passphrase file 'missing': No such file"),
        ]:
            rows.append((["check", DEAD, "--client-cert", name, *more], (name, message)))
        for (_, (name, message)), (_, done) in zip(rows, run_all([words for words, _ in rows], cwd=self.folder)):
            with self.subTest(name=name, message=message):
                expect_complaint(self, done, 2, message)
                self.assertIn("missing" if "missing" in message else "certificates.p12" if name == "client.crt" else name, done.said)
                self.assertNotIn(PASSPHRASE, done.said)

    def test_trust_stores(self):
        expect_complaint(self, run("check", DEAD, "--trust", "certificates.p12", cwd=self.folder), 2, "trusted CA 'certificates.p12'",
                         "needs a passphrase")
        expect_complaint(self, run("check", DEAD, "--trust", "key_alone.p12", "--passphrase-file", "pass", cwd=self.folder), 2,
                         "trusted CA 'key_alone.p12' holds no certificate")

    def test_ca_of_the_pki_commands(self):
        f = self.folder
        done = run("pki", "server", "--ca", "ca.p12", "--passphrase-file", "pass", "--name", "a.test", "--out", "made", cwd=f)
        expect_sound(self, done, {0})
        openssl("verify", "-x509_strict", "-CAfile", f / "root/ca.crt", "-untrusted", f / "made/server.crt", f / "made/server.crt")
        for words, message in (
            (["--passphrase-file", "wrong"], "CA certificate 'ca.p12': the passphrase is wrong"), ([], "the signing CA's key needs a passphrase"),
        ):
            done = run("pki", "server", "--ca", "ca.p12", *words, "--name", "a.test", "--out", "made2", cwd=f)
            expect_complaint(self, done, 2, message)
        done = run("pki", "client", "--ca", "modern.p12", "--passphrase-file", "pass", "--name", "a.test", "--out", "made2", cwd=f)
        expect_complaint(self, done, 2, "CA certificate 'modern.p12' is not a CA's")
        done = run("pki", "fault", "expired", "--ca", "ca.p12", "--passphrase-file", "pass", "--out", "made", cwd=f)
        expect_sound(self, done, {0})

    def test_one_file_with_both(self):
        """PEM with certificate and key in one needs no second file either."""
        f = self.folder
        (f / "both.pem").write_text((f / "client.key").read_text() + (f / "client.crt").read_text())
        done = run("pki", "p12", "--cert", "both.pem", "--export-passphrase-file", "pass", "--out", "both.p12", cwd=f)
        expect_sound(self, done, {0})


if __name__ == "__main__":
    unittest.main()
