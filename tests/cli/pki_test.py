#!/usr/bin/env python3
"""tlsproof pki: the three steps from nothing to mutual TLS, judged by openssl, and everything that must be refused."""
import json
import os
import pathlib
import pty
import re
import resource
import select
import shutil
import stat
import subprocess
import tempfile
import time
import unittest

from support.need import need, tlsproof

need("openssl")
PROGRAM = tlsproof()
PASSPHRASE = "correct horse battery staple 4711"
SUBJECT = "/C=CN/ST=shanghai/L=shanghai/O=example/OU=eng/CN=Root CA"


def pki(*args, env=None, check=None, **more):
    """Runs `tlsproof pki ARGS` without a terminal; no output may ever hold the passphrase."""
    done = subprocess.run([PROGRAM, "pki", *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, env={**os.environ, **(env or {})}, **more)
    assert PASSPHRASE not in done.stdout + done.stderr, "the passphrase was printed"
    if check is not None and done.returncode != check:
        raise AssertionError(f"status {done.returncode}, expected {check}: {' '.join(map(str, args))}\n{done.stdout}{done.stderr}")
    return done


def openssl(*args, **more):
    return subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **more)


def said(done):
    """What a command complained of, on one line."""
    return re.sub(r"\s+", " ", done.stderr)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def content(folder):
    """Every file below `folder` with its bytes and mode."""
    return {str(p.relative_to(folder)): (p.read_bytes(), mode(p)) for p in sorted(pathlib.Path(folder).rglob("*")) if p.is_file()}


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-pki-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.passfile = self.folder / "passphrase"
        self.passfile.write_text(PASSPHRASE + "\n")

    def make_ca(self, name="ca", *more, subject="O=example,CN=Root CA"):
        pki("ca", "--key", "p256", "--no-passphrase", "--subject", subject, "--out", self.folder / name, *more, check=0)
        return self.folder / name

    def refused(self, status, message, *args, **more):
        """The command fails with that status and message, and leaves every file as it was."""
        before = content(self.folder)
        done = pki(*args, **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn(message, said(done))
        self.assertEqual(done.stdout, "")
        self.assertEqual(content(self.folder), before)
        return done


class Article(unittest.TestCase):
    """Root, server and client as the usual instructions have it: RSA-4096 root under a passphrase, ten years."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-pki-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        passfile = cls.folder / "passphrase"
        passfile.write_text(PASSPHRASE + "\n")
        cls.pki = cls.folder / "pki"
        cls.made = {}
        signing = ["--ca", cls.pki, "--passphrase-file", passfile, "--out", cls.pki, "--format", "json"]
        env = {"CA_PASSPHRASE": PASSPHRASE}
        for kind, args in {
            "ca": ["ca", "--subject", SUBJECT, "--passphrase-env", "CA_PASSPHRASE", "--out", cls.pki, "--format", "json"],
            "server": ["server", "--name", "server.example.com", "--name", "127.0.0.1", *signing],
            "client": ["client", "--name", "client.device", *signing],
        }.items():
            cls.made[kind] = json.loads(pki(*args, env=env, check=0).stdout)
        cls.root = cls.pki / "ca.crt"

    def file(self, name):
        return self.pki / name

    def test_files_and_modes(self):
        self.assertEqual({p.name: oct(mode(p)) for p in self.pki.iterdir()},
                         {"ca.crt": "0o644", "ca.key": "0o600", "server.crt": "0o644", "server.key": "0o600",
                          "client.crt": "0o644", "client.key": "0o600"})

    def test_root_key_is_encrypted(self):
        key = self.file("ca.key").read_text()
        self.assertTrue(key.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        opened = openssl("pkey", "-in", self.file("ca.key"), "-passin", f"file:{self.folder / 'passphrase'}", "-noout", "-text")
        self.assertIn("Private-Key: (4096 bit", opened.stdout)
        parsed = openssl("asn1parse", "-in", self.file("ca.key")).stdout
        for part in ("PBES2", "PBKDF2", "aes-256-cbc", "hmacWithSHA256"):
            self.assertIn(part, parsed)
        self.assertNotEqual(openssl("pkey", "-in", self.file("ca.key"), "-passin", "pass:wrong", "-noout").returncode, 0)

    def test_strict_verification(self):
        for name, args in {
            "server.crt": ["-purpose", "sslserver", "-verify_hostname", "server.example.com"],
            "client.crt": ["-purpose", "sslclient"],
            "ca.crt": [],
        }.items():
            done = openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", self.root, *args, self.file(name))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = openssl("verify", "-x509_strict", "-CAfile", self.root, "-verify_ip", "127.0.0.1", self.file("server.crt"))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_roles_are_not_mixed(self):
        for name, purpose in (("server.crt", "sslclient"), ("client.crt", "sslserver")):
            done = openssl("verify", "-purpose", purpose, "-CAfile", self.root, self.file(name))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("purpose", done.stderr)

    def test_what_was_told_is_true(self):
        for kind, made in self.made.items():
            path = self.file(f"{kind}.crt")
            self.assertEqual(made["certificate_file"], str(path))
            self.assertEqual(made["key_file"], str(self.file(f"{kind}.key")))
            told = openssl("x509", "-in", path, "-noout", "-serial", "-fingerprint", "-sha256", "-subject", "-nameopt", "RFC2253").stdout
            self.assertIn(f"serial={made['serial'].upper()}", told)
            self.assertIn(made["sha256"], told.replace(":", "").lower())
            self.assertIn(f"subject={made['subject']}", told)
        self.assertEqual(self.made["ca"]["made"], "root")
        self.assertEqual(self.made["ca"]["subject"], "CN=Root CA,OU=eng,O=example,L=shanghai,ST=shanghai,C=CN")
        self.assertEqual(self.made["ca"]["key"], "RSA-4096")
        self.assertTrue(self.made["ca"]["key_encrypted"])
        self.assertEqual(self.made["server"]["names"], ["DNS:server.example.com", "IP:127.0.0.1"])
        self.assertFalse(self.made["client"]["key_encrypted"])
        self.assertEqual(len({made["serial"] for made in self.made.values()}), 3)
        day = 86400
        for kind, days in (("ca", 3650), ("server", 397), ("client", 397)):
            ends = lambda n: openssl("x509", "-in", self.file(f"{kind}.crt"), "-noout", "-checkend", n * day).returncode
            self.assertEqual((ends(days - 1), ends(days + 1)), (0, 1), kind)

    def test_mutual_handshake(self):
        for version in ("-tls1_2", "-tls1_3"):
            for with_certificate in (True, False):
                with self.subTest(version=version, with_certificate=with_certificate):
                    received = self.handshake(version, with_certificate)
                    self.assertEqual("the client was here" in received, with_certificate, received)

    def handshake(self, version, with_certificate):
        """What openssl s_server received from openssl s_client, each verifying the other."""
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "1", version, "-cert", self.file("server.crt"),
             "-key", self.file("server.key"), "-CAfile", self.root, "-Verify", "1", "-verify_return_error", "-x509_strict"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            port = None
            while port is None:
                line = server.stdout.readline()
                self.assertNotEqual(line, "", "s_server ended")
                port = (re.match(r"ACCEPT .*:(\d+)", line) or [None, None])[1]
            identity = ["-cert", self.file("client.crt"), "-key", self.file("client.key")] if with_certificate else []
            client = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", version, "-CAfile", self.root, "-x509_strict",
                 "-verify_return_error", "-verify_hostname", "server.example.com", "-brief", *identity],
                input="the client was here\n", capture_output=True, text=True, timeout=60)
            if with_certificate:
                self.assertEqual(client.returncode, 0, client.stderr)
                self.assertIn("Verification: OK", client.stderr)
            server.stdin.close()
            return server.stdout.read()
        finally:
            server.kill()
            server.wait()
            server.stdout.close()

    def test_wrong_passphrase(self):
        wrong = self.folder / "wrong"
        wrong.write_text("not this one 0815\n")
        before = content(self.pki)
        done = pki("server", "--ca", self.pki, "--passphrase-file", wrong, "--name", "a.test", "--out", self.folder / "new", check=2)
        self.assertIn("passphrase", said(done))
        self.assertNotIn("0815", done.stdout + done.stderr)
        done = pki("server", "--ca", self.pki, "--name", "a.test", "--out", self.folder / "new", check=2)
        self.assertIn("needs a passphrase: give --passphrase-file FILE or --passphrase-env VARIABLE", said(done))
        self.assertEqual(content(self.pki), before)
        self.assertFalse((self.folder / "new").exists())


class Making(Folder):
    def test_key_kinds(self):
        ca = self.make_ca()
        for key, told in (("p384", "P-384"), ("p521", "P-521"), ("ed25519", "Ed25519"), ("rsa:2048", "RSA-2048")):
            out = self.folder / key.replace(":", "")
            made = json.loads(pki("client", "--ca", ca, "--name", "c.test", "--key", key, "--out", out, "--format", "json", check=0).stdout)
            self.assertEqual(made["key"], told)
            done = openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", ca / "ca.crt", out / "client.crt")
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_text_output(self):
        ca = self.make_ca()
        out = pki("server", "--ca", ca, "--name", "a.test", "--name", "::1", "--cert-out", self.folder / "a.crt", "--key-out",
                  self.folder / "a.key", check=0).stdout
        for part in ("Made the server certificate", "CN=a.test", "DNS:a.test", "IP:::1", "serial", "(397 days)", "P-256",
                     str(self.folder / "a.crt"), str(self.folder / "a.key")):
            self.assertIn(part, out)
        fingerprint = openssl("x509", "-in", self.folder / "a.crt", "-noout", "-fingerprint", "-sha256").stdout.split("=")[1].strip()
        self.assertIn(fingerprint, out)

    def test_intermediate(self):
        root = self.make_ca("root")
        made = json.loads(pki("ca", "--issuer", root, "--subject", "CN=Issuing CA", "--key", "p384", "--passphrase-file", self.passfile,
                              "--out", self.folder / "issuing", "--format", "json", check=0).stdout)
        self.assertEqual((made["made"], made["issuer"]), ("intermediate", "CN=Root CA,O=example"))
        pki("server", "--ca", self.folder / "issuing", "--passphrase-file", self.passfile, "--name", "a.test", "--out", self.folder, check=0)
        chain = self.folder / "server.crt"
        self.assertEqual(chain.read_text().count("BEGIN CERTIFICATE"), 2)
        done = openssl("verify", "-x509_strict", "-CAfile", root / "ca.crt", "-untrusted", chain, "-verify_hostname", "a.test", chain)
        self.assertEqual(done.returncode, 0, done.stderr)
        # Its pathlen is 0: no CA may stand below.
        self.refused(2, "allows no CA below it", "ca", "--issuer", self.folder / "issuing", "--issuer-passphrase-file", self.passfile,
                     "--subject", "CN=x", "--no-passphrase", "--key", "p256", "--out", self.folder / "deeper")

    def test_from_key(self):
        ca = self.make_ca()
        key, sealed = self.folder / "own.key", self.folder / "sealed.key"
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        openssl("pkey", "-in", key, "-aes256", "-passout", f"file:{self.passfile}", "-out", sealed)
        before = key.read_bytes()
        made = json.loads(pki("server", "--ca", ca, "--name", "a.test", "--from-key", key, "--out", self.folder / "a", "--format", "json",
                              check=0).stdout)
        self.assertIsNone(made["key_file"])
        self.assertEqual(sorted(p.name for p in (self.folder / "a").iterdir()), ["server.crt"])
        pki("client", "--ca", ca, "--name", "a.test", "--from-key", sealed, "--from-key-passphrase-file", self.passfile, "--out",
            self.folder / "a", check=0)
        public = {openssl("x509", "-in", self.folder / "a" / f, "-noout", "-pubkey").stdout for f in ("server.crt", "client.crt")}
        self.assertEqual(public, {openssl("pkey", "-in", key, "-pubout").stdout})
        self.assertEqual(key.read_bytes(), before)
        pki("ca", "--from-key", sealed, "--passphrase-file", self.passfile, "--subject", "CN=x", "--cert-out", self.folder / "x.crt", check=0)
        self.assertEqual(openssl("verify", "-x509_strict", "-CAfile", self.folder / "x.crt", self.folder / "x.crt").returncode, 0)

    def test_encrypted_leaf_key(self):
        ca = self.make_ca()
        for extra, env in ((["--key-passphrase-file", self.passfile], {}), (["--key-passphrase-env", "LEAF"], {"LEAF": PASSPHRASE})):
            out = self.folder / f"leaf{len(env)}"
            made = json.loads(pki("client", "--ca", ca, "--name", "c.test", *extra, "--out", out, "--format", "json", env=env, check=0).stdout)
            self.assertTrue(made["key_encrypted"])
            self.assertIn("BEGIN ENCRYPTED PRIVATE KEY", (out / "client.key").read_text())
            public = openssl("pkey", "-in", out / "client.key", "-passin", f"file:{self.passfile}", "-pubout").stdout
            self.assertEqual(public, openssl("x509", "-in", out / "client.crt", "-noout", "-pubkey").stdout)
        key = self.folder / "own.key"
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        self.refused(2, "is for a new key", "client", "--ca", ca, "--name", "c.test", "--from-key", key, "--key-passphrase-file", self.passfile,
                     "--out", self.folder / "new")
        (self.folder / "none").write_text("\n")
        self.refused(2, "the passphrase for the new key is empty", "client", "--ca", ca, "--name", "c.test", "--key-passphrase-file",
                     self.folder / "none", "--out", self.folder / "new")

    def request(self, *more):
        openssl("req", "-new", "-newkey", "rsa:2048", "-noenc", "-keyout", self.folder / "r.key", "-out", self.folder / "r.csr", *more)
        return self.folder / "r.csr"

    def test_csr(self):
        ca = self.make_ca()
        csr = self.request("-subj", "/O=example/CN=asked", "-addext", "subjectAltName=DNS:asked.test,IP:192.0.2.7,otherName:1.2.3;UTF8:x",
                           "-addext", "basicConstraints=critical,CA:TRUE")
        # Neither the names nor the wish to be a CA come from the request unasked.
        self.refused(2, "without a name", "server", "--ca", ca, "--csr", csr, "--out", self.folder)
        pki("server", "--ca", ca, "--csr", csr, "--name", "given.test", "--cert-out", self.folder / "1.crt", check=0)
        text = openssl("x509", "-in", self.folder / "1.crt", "-noout", "-text").stdout
        self.assertIn("DNS:given.test\n", text)
        self.assertNotIn("asked.test", text)
        self.assertIn("Subject: O = example, CN = asked", text)
        self.assertIn("CA:FALSE", text)
        done = pki("server", "--ca", ca, "--csr", csr, "--csr-names", "--cert-out", self.folder / "2.crt", check=0)
        self.assertIn("1 of the request's names", said(done))
        self.assertIn("DNS:asked.test, IP Address:192.0.2.7\n", openssl("x509", "-in", self.folder / "2.crt", "-noout", "-text").stdout)
        for name in ("1.crt", "2.crt"):
            done = openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca / "ca.crt", self.folder / name)
            self.assertEqual(done.returncode, 0, done.stderr)
        changed = bytearray(openssl("req", "-in", csr, "-outform", "DER", "-out", self.folder / "r.der").stdout.encode())
        changed = bytearray((self.folder / "r.der").read_bytes())
        changed[changed.index(b"asked")] ^= 1
        (self.folder / "changed.der").write_bytes(changed)
        self.refused(2, "is not signed by the key", "client", "--ca", ca, "--csr", self.folder / "changed.der", "--out", self.folder)

    def test_hostile_request(self):
        ca = self.make_ca()
        csr = self.request("-subj", "/CN=\x1b[31mred\u202e")
        done = pki("client", "--ca", ca, "--csr", csr, "--cert-out", self.folder / "1.crt", check=0)
        self.assertNotIn("\x1b", done.stdout)
        self.assertNotIn("\u202e", done.stdout)
        openssl("req", "-new", "-newkey", "rsa:1024", "-noenc", "-keyout", self.folder / "w.key", "-out", self.folder / "w.csr", "-subj", "/CN=w")
        self.refused(2, "less than 2048 bits", "client", "--ca", ca, "--csr", self.folder / "w.csr", "--out", self.folder)


class Refusing(Folder):
    def test_options(self):
        ca = self.make_ca()
        key = ["--key", "p256"]
        out = ["--out", self.folder / "new"]
        for message, *args in (
            ("a server certificate without a name", "server", "--ca", ca, *out),
            ("a server certificate without a name", "server", "--ca", ca, "--subject", "CN=server.example.com", *out),
            ("whose it is", "client", "--ca", ca, *out),
            ("needs the CA that signs", "server", "--name", "a.test", *out),
            ("--ca-cert and --ca-key go together", "server", "--name", "a.test", "--ca-cert", ca / "ca.crt", *out),
            ("not both", "server", "--name", "a.test", "--ca", ca, "--ca-key", ca / "ca.key", *out),
            ("a CA needs a name", "ca", "--no-passphrase", *key, *out),
            ("needs a passphrase: give --passphrase-file FILE or --passphrase-env VARIABLE, or --no-passphrase", "ca", "--subject",
             "CN=x", *key, *out),
            ("contradicts", "ca", "--subject", "CN=x", "--no-passphrase", "--passphrase-file", self.passfile, *out),
            ("not both", "ca", "--subject", "CN=x", "--passphrase-env", "X", "--passphrase-file", self.passfile, *out),
            ("say where the files go", "server", "--ca", ca, "--name", "a.test", "--cert-out", self.folder / "x"),
            ("2048 to 8192", "server", "--ca", ca, "--name", "a.test", "--key", "rsa:1024", *out),
            ("--key: 'p257'", "server", "--ca", ca, "--name", "a.test", "--key", "p257", *out),
            ("--days", "server", "--ca", ca, "--name", "a.test", "--days", "0", *out),
            ("would outlive its CA", "server", "--ca", ca, "--name", "a.test", "--days", "9999", *out),
            ("'a b' is not a name", "server", "--ca", ca, "--name", "a b", *out),
            ("did you mean emailAddress?", "client", "--ca", ca, "--subject", "emailAdress=x", *out),
            ("neither text nor json", "server", "--ca", ca, "--name", "a.test", "--format", "xml", *out),
            ("--csr-names needs --csr", "server", "--ca", ca, "--csr-names", *out),
            ("http:// URL", "server", "--ca", ca, "--name", "a.test", "--crl-url", "ftp://x", *out),
            ("did you mean '--name'?", "server", "--ca", ca, "--nam", "a.test", *out),
            ("no arguments", "ca", "extra", "--subject", "CN=x", "--no-passphrase", *out),
            ("cannot both go", "server", "--ca", ca, "--name", "a.test", "--cert-out", self.folder / "x", "--key-out", self.folder / "x"),
            ("did you mean 'server'?", "serve"),
            ("certification request", "server", "--ca", ca, "--name", "a.test", "--csr", ca / "ca.crt", *out),
        ):
            with self.subTest(args=args):
                self.refused(2, message, *args)
                self.assertFalse((self.folder / "new").exists())

    def test_passphrase_is_never_an_argument(self):
        done = self.refused(2, "unknown option '--passphrase'", "ca", "--subject", "CN=x", "--passphrase=" + PASSPHRASE, "--out",
                            self.folder / "new")
        self.assertNotIn(PASSPHRASE, done.stderr)
        self.refused(2, "no arguments", "ca", "--subject", "CN=x", "--no-passphrase", PASSPHRASE, "--out", self.folder / "new")

    def test_odd_passphrases(self):
        for text, message in (("\n", "is empty"), ("one\ntwo\n", "more than one line"), ("x" * 5000, "longer than 4096 bytes")):
            (self.folder / "odd").write_text(text)
            self.refused(2, message, "ca", "--subject", "CN=x", "--key", "p256", "--passphrase-file", self.folder / "odd", "--out",
                         self.folder / "new")

    def test_wrong_ca_files(self):
        ca, other = self.make_ca("a"), self.make_ca("b", subject="CN=Other")
        pki("client", "--ca", ca, "--name", "c.test", "--out", self.folder, check=0)
        out = ["--name", "x.test", "--out", self.folder / "new"]
        self.refused(2, "does not belong to the CA certificate", "server", "--ca-cert", ca / "ca.crt", "--ca-key", other / "ca.key", *out)
        self.refused(2, "is not a CA's", "server", "--ca-cert", self.folder / "client.crt", "--ca-key", self.folder / "client.key", *out)
        self.refused(2, "none.crt", "server", "--ca-cert", self.folder / "none.crt", "--ca-key", ca / "ca.key", *out)
        self.refused(2, "ca.crt", "server", "--ca-cert", ca / "ca.crt", "--ca-key", ca / "ca.crt", *out)

    def test_expired_ca(self):
        ca = self.make_ca()
        done = openssl("x509", "-in", ca / "ca.crt", "-signkey", ca / "ca.key", "-days", "-1", "-out", self.folder / "old.crt")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.refused(2, "has expired: it was valid until 20", "server", "--ca-cert", self.folder / "old.crt", "--ca-key", ca / "ca.key",
                     "--name", "a.test", "--out", self.folder / "new")

    def test_leaf_ends_with_its_ca(self):
        ca = self.make_ca("short", "--days", "30")
        done = json.loads(pki("server", "--ca", ca, "--name", "a.test", "--out", self.folder, "--format", "json", check=0).stdout)
        ends = [openssl("x509", "-in", p, "-noout", "-enddate").stdout for p in (ca / "ca.crt", self.folder / "server.crt")]
        self.assertEqual(ends[0], ends[1], done)


class Files(Folder):
    def test_nothing_is_replaced_without_force(self):
        ca = self.make_ca()
        args = ["server", "--ca", ca, "--name", "a.test", "--cert-out", self.folder / "s.crt", "--key-out", self.folder / "s.key"]
        (self.folder / "s.key").write_text("mine")
        os.chmod(self.folder / "s.key", 0o640)
        self.refused(2, "is there already; --force replaces it", *args)
        (self.folder / "s.crt").write_text("mine too")
        self.refused(2, "is there already", *args)
        pki(*args, "--force", check=0)
        self.assertEqual((mode(self.folder / "s.key"), mode(self.folder / "s.crt")), (0o600, 0o644))
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["ca", "passphrase", "s.crt", "s.key"])

    def test_looks_before_it_works(self):
        # Before the passphrase is asked for, a file is opened or a key is made, which takes long.
        ca = self.make_ca()
        self.refused(2, "is there already", "ca", "--subject", "CN=x", "--out", ca)
        self.refused(2, "is there already", "ca", "--subject", "CN=x", "--from-key", self.folder / "none.key", "--out", ca)
        (self.folder / "server.crt").write_text("mine")
        self.refused(2, "is there already", "server", "--ca", self.folder / "none", "--name", "a.test", "--out", self.folder)

    def test_inputs_are_never_replaced(self):
        ca = self.make_ca()
        for out in (["--cert-out", ca / "ca.crt", "--key-out", self.folder / "x.key"], ["--cert-out", self.folder / "x", "--key-out", ca / "ca.key"]):
            self.refused(2, "which it is made from", "server", "--ca", ca, "--name", "a.test", *out, "--force")
        os.symlink(ca / "ca.key", self.folder / "link")
        self.refused(2, "which it is made from", "server", "--ca", ca, "--name", "a.test", "--cert-out", self.folder / "x",
                     "--key-out", self.folder / "link", "--force")

    def test_odd_places(self):
        ca = self.make_ca()
        os.mkfifo(self.folder / "fifo")
        os.symlink(self.folder / "nowhere" / "x", self.folder / "dangling")
        for place, message in ((self.folder / "fifo", "not a regular file"), (self.folder, "not a regular file"),
                               (self.folder / "dangling", "leads nowhere"), (self.passfile / "x", "is not a folder"),
                               (str(self.folder) + "/", "not a file's name"), ("", "say where")):
            with self.subTest(place=place):
                done = pki("server", "--ca", ca, "--name", "a.test", "--cert-out", place, "--key-out", self.folder / "k", "--force")
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(message, said(done))
                self.assertFalse((self.folder / "k").exists())

    def test_a_link_is_followed(self):
        ca = self.make_ca()
        (self.folder / "real.crt").write_text("old")
        os.symlink(self.folder / "real.crt", self.folder / "link.crt")
        pki("server", "--ca", ca, "--name", "a.test", "--cert-out", self.folder / "link.crt", "--key-out", self.folder / "k", "--force", check=0)
        self.assertTrue((self.folder / "link.crt").is_symlink())
        self.assertIn("BEGIN CERTIFICATE", (self.folder / "real.crt").read_text())

    def test_full_disk_leaves_what_was_there(self):
        ca = self.make_ca()
        args = ["server", "--ca", ca, "--name", "a.test", "--key", "rsa:2048", "--out", self.folder / "s"]
        # The certificate (about 1,100 bytes) fits, the key (1,700) does not.
        small = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1400, 1400))
        for first in (True, False):
            before = content(self.folder)
            done = pki(*args, *([] if first else ["--force"]), preexec_fn=small, restore_signals=False)
            self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
            self.assertIn("cannot write", said(done))
            self.assertEqual(content(self.folder), before)
            if first:
                pki(*args, check=0)


class Terminal(Folder):
    """Prompts: only on a terminal, with echo off, twice for a new passphrase."""

    def run_on_terminal(self, args, answers):
        """(exit status, everything the terminal showed)."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(PROGRAM, [PROGRAM, "pki", *map(str, args)])
        shown, answers = b"", list(answers)
        deadline = time.monotonic() + 60
        answered = 0
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                chunk = os.read(terminal, 4096)
            except OSError:
                break
            if not chunk:
                break
            shown += chunk
            while answers and len(re.findall(rb"(?:ssphrase [^\n]*|again): ", shown)) > answered:
                os.write(terminal, answers.pop(0))
                answered += 1
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
        return status, shown.decode(errors="replace")

    def test_new_passphrase_is_asked_for_twice(self):
        args = ["ca", "--subject", "CN=x", "--key", "p256", "--out", self.folder / "ca"]
        typed = PASSPHRASE.encode() + b"\n"
        status, shown = self.run_on_terminal(args, [typed, typed])
        self.assertEqual(os.waitstatus_to_exitcode(status), 0, shown)
        self.assertNotIn(PASSPHRASE, shown)
        opened = openssl("pkey", "-in", self.folder / "ca/ca.key", "-passin", f"file:{self.passfile}", "-noout")
        self.assertEqual(opened.returncode, 0, opened.stderr)
        status, shown = self.run_on_terminal(["server", "--ca", self.folder / "ca", "--name", "a.test", "--out", self.folder / "s"], [typed])
        self.assertEqual(os.waitstatus_to_exitcode(status), 0, shown)
        self.assertNotIn(PASSPHRASE, shown)

    def test_typing_errors(self):
        args = ["ca", "--subject", "CN=x", "--key", "p256", "--out", self.folder / "ca"]
        for answers, message in (([b"one\n", b"two\n"], "differ"), ([b"\n", b"\n"], "is empty"), ([b"\x04"], "no passphrase was typed")):
            status, shown = self.run_on_terminal(args, answers)
            self.assertEqual(os.waitstatus_to_exitcode(status), 2, shown)
            self.assertIn(message, re.sub(r"\s+", " ", shown))
        self.assertFalse((self.folder / "ca").exists())

    def test_interrupt_restores_the_terminal(self):
        args = ["ca", "--subject", "CN=x", "--key", "p256", "--out", self.folder / "ca"]
        script = f'"$0" "$@"; stty -a | tr ";" "\\n" | grep -o -- "-*echo\\b"; echo end'
        pid, terminal = pty.fork()
        if pid == 0:
            # The shell must survive the ^C that ends the program.
            os.execv("/bin/sh", ["/bin/sh", "-c", "trap : INT; " + script, PROGRAM, "pki", *map(str, args)])
        shown, sent, deadline = b"", False, time.monotonic() + 60
        while b"end" not in shown and time.monotonic() < deadline:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                shown += os.read(terminal, 4096)
            except OSError:
                break
            if b"CA's key: " in shown and not sent:
                os.write(terminal, b"half a pass\x03")
                sent = True
        os.close(terminal)
        os.waitpid(pid, 0)
        self.assertRegex(shown.decode(errors="replace"), r"(?m)^echo\r?$")
        self.assertNotIn(b"half a pass", shown)


if __name__ == "__main__":
    unittest.main()
