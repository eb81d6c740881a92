#!/usr/bin/env python3
"""tlsproof pki fault: every certificate has the fault it is named for, and no other, as the openssl command line sees it."""
import pathlib
import re
import stat
import subprocess
import tempfile
import unittest

from support.check import pem_blocks
from support.need import need, tlsproof

need("openssl")
HOST = "www.deep.example.com"

# fault: what `openssl verify` finds in the server's and in the client's certificate (error numbers), and what
# `openssl x509 -text` must show or (with a "!" in front) must not.
FAULTS = {
    "good": ((), (), [rf"DNS:{HOST}", "X509v3 Extended Key Usage"]),
    "expired": ((10,), (10,), []),
    "not_yet_valid": ((9,), (9,), []),
    "wrong_key": ((), (), []),
    "wrong_purpose": ((26,), (26,), []),
    "no_eku": ((), (), ["!X509v3 Extended Key Usage"]),
    "v1": ((), (), [r"Version: 1 \(0x0\)", "!X509v3"]),
    "weak_rsa_1024": ((66,), (66,), [r"Public-Key: \(1024 bit\)"]),
    "sha1_signature": ((68,), (68,), ["sha1WithRSAEncryption"]),
    "unknown_critical_extension": ((34,), (34,), [r"2\.999\.7: critical"]),
    "revoked": ((23,), (23,), ["Serial Number:.*08:15|Serial Number: 2069 "]),
    "huge": ((), (), ["alias-99.tlsproof.invalid"]),
    "wrong_host": ((62,), (), ["DNS:wrong-host.invalid"]),
    "no_san": ((), (), ["!X509v3 Subject Alternative Name", f"CN = {HOST}"]),
    "ip_as_dns": ((64,), (), [r"DNS:192\.0\.2\.7", "!IP Address:"]),
    "wildcard": ((), (), [r"DNS:\*\.deep\.example\.com"]),
    "wildcard_partial": ((), (), [r"DNS:w\*\.deep\.example\.com"]),
    "wildcard_too_deep": ((62,), (), [r"DNS:\*\.example\.com"]),
    "wildcard_tld": ((62,), (), [r"DNS:\*\.com"]),
    "empty_subject": ((), (), [r"Subject: *\n", "Subject Alternative Name: critical"]),
    "non_ascii": ((), (), ["Müller", "客户端"]),
    "hostile_subject": ((), (), [r"\\1B\[2J", r"\\00\.evil\.example"]),
    "wrong_ca": ((20, 21), (20, 21), []),
    "self_signed": ((18,), (18,), []),
    "missing_intermediate": ((20, 21), (20, 21), []),
    "expired_intermediate": ((10,), (10,), []),
    "future_ca": ((9,), (9,), []),
    "not_a_ca": ((79, 26), (79, 26), []),
    "path_length": ((25,), (25,), []),
    "name_constraints": ((47,), (47,), []),
    "too_deep": ((), (), []),
}
NAMES = {"ip_as_dns": "192.0.2.7", "wildcard_tld": "example.com"}


def run(*words):
    return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-fault-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.ca = cls.folder / "ca"
        cls.pki("ca", "--subject", "O=example,CN=Root CA", "--no-passphrase", "--out", cls.ca)
        cls.crl = cls.make_crl("crl.pem", "0815")

    @classmethod
    def pki(cls, *words, status=0):
        done = run(tlsproof(), "pki", *words)
        assert done.returncode == status, f"status {done.returncode}: {words}\n{done.stdout}{done.stderr}"
        return done

    @classmethod
    def make_crl(cls, name, *serials):
        """By openssl, so that the two do not share a mistake."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=cls.folder))
        (folder / "index").write_text("".join(f"R\t400101000000Z\t260101000000Z\t{serial}\tunknown\t/CN=x\n" for serial in serials))
        (folder / "number").write_text("01")
        (folder / "cnf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\ncrlnumber={folder}/number\ndefault_md=sha256\n")
        done = run("openssl", "ca", "-config", folder / "cnf", "-gencrl", "-keyfile", cls.ca / "ca.key", "-cert", cls.ca / "ca.crt", "-crldays", 30,
                   "-out", cls.folder / name)
        assert done.returncode == 0, done.stderr
        return cls.folder / name

    def forge(self, fault, role):
        out = self.folder / role
        name = ["--name", NAMES.get(fault, HOST)] if role == "server" else []
        more = ["--crl", self.crl] if fault == "revoked" else []
        self.pki("fault", fault, "--role", role, "--ca", self.ca, *name, *more, "--out", out)
        return out / f"{fault}.crt", out / f"{fault}.key"

    def errors(self, cert, role, fault):
        """The numbers that openssl verify tells, all of them."""
        words = ["openssl", "verify", "-x509_strict", "-auth_level", "2", "-purpose", f"ssl{role}", "-CAfile", self.ca / "ca.crt"]
        chain = pem_blocks(cert)
        if len(chain) > 1:
            (self.folder / "untrusted.pem").write_text("".join(chain[1:]))
            words += ["-untrusted", self.folder / "untrusted.pem"]
        if role == "server":
            name = NAMES.get(fault, HOST)
            words += ["-verify_ip" if name[0].isdigit() else "-verify_hostname", name]
        if fault == "revoked":
            words += ["-crl_check", "-CRLfile", self.crl]
        done = run(*words, cert)
        found = {int(number) for number in re.findall(r"^error (\d+) at", done.stderr, re.MULTILINE)}
        self.assertEqual(done.returncode == 0, not found, done.stderr)
        return found

    def test_openssl_sees_each_fault_and_no_other(self):
        listed = re.findall(r"(?m)^(\w+)$", self.pki("fault", "--list").stdout)
        self.assertEqual(sorted(listed), sorted(FAULTS))
        for fault, (of_server, of_client, texts) in FAULTS.items():
            for role, wanted in (("server", of_server), ("client", of_client)):
                with self.subTest(fault=fault, role=role):
                    cert, key = self.forge(fault, role)
                    self.assertEqual([stat.S_IMODE(path.stat().st_mode) for path in (cert, key)], [0o644, 0o600])
                    found = self.errors(cert, role, fault)
                    # openssl ends at the first certificate that it cannot go on from, and so may see one of several.
                    self.assertTrue(found <= set(wanted) and bool(found) == bool(wanted), f"{found}, wanted {wanted}")
                    fits = run("openssl", "x509", "-in", cert, "-noout", "-pubkey").stdout == run("openssl", "pkey", "-in", key, "-pubout").stdout
                    self.assertEqual(fits, fault != "wrong_key")
            text = run("openssl", "x509", "-in", self.folder / "server" / f"{fault}.crt", "-noout", "-text", "-nameopt", "oneline,utf8,-esc_msb").stdout
            for wanted in texts:
                with self.subTest(fault=fault, text=wanted):
                    (self.assertNotRegex if wanted[0] == "!" else self.assertRegex)(text, wanted.lstrip("!"))

    def test_depth(self):
        """openssl counts intermediates as --intermediates does."""
        for count in (0, 1, 3):
            out = self.folder / f"deep{count}"
            self.pki("fault", "too_deep", "--intermediates", count, "--ca", self.ca, "--out", out)
            chain = pem_blocks(out / "too_deep.crt")
            self.assertEqual(len(chain), count + 1)
            (out / "untrusted.pem").write_text("".join(chain[1:]) or chain[0])
            for depth in (0, 1, 2, 3, 4):
                done = run("openssl", "verify", "-verify_depth", depth, "-CAfile", self.ca / "ca.crt", "-untrusted", out / "untrusted.pem", out / "too_deep.crt")
                self.assertEqual(done.returncode == 0, count <= depth, f"{count} intermediates, depth {depth}: {done.stderr}")

    def test_refusals(self):
        """One message that says what is needed; nothing is written."""
        empty, other = self.make_crl("empty.pem"), self.folder / "other"
        self.pki("ca", "--subject", "CN=Other", "--key", "ed25519", "--no-passphrase", "--out", other)
        for message, *words in (("did you mean expired?", "expird"), ("needs a name", "good", "--role", "server"),
                                ("which fault?",), ("needs the CRL of the CA CN=Root CA,O=example, whose serials it takes", "revoked"),
                                ("revokes nothing", "revoked", "--crl", empty), ("it is a certificate", "revoked", "--crl", self.ca / "ca.crt"),
                                ("cannot read the CRL", "revoked", "--crl", self.folder / "none.pem"),
                                ("--crl is for the fault revoked only", "expired", "--crl", self.crl),
                                ("--intermediates is for the fault too_deep only", "expired", "--intermediates", "2"),
                                ("--intermediates", "too_deep", "--intermediates", "many"),
                                ("needs an IP address", "ip_as_dns", "--name", "a.test"),
                                ("'a.test' does not do: this fault needs a name of three labels", "wildcard", "--name", "a.test"),
                                ("a name of two labels", "wildcard_tld", "--name", HOST)):
            with self.subTest(message=message):
                out = self.folder / "refused"
                done = self.pki("fault", *words, "--ca", self.ca, "--out", out, status=2)
                self.assertIn(message, " ".join(done.stderr.split()))
                self.assertEqual(done.stdout, "")
                self.assertFalse(out.exists())
        for fault, message in (("revoked", "none of the CRLs given is a complete one signed by the CA CN=Other"),
                               ("sha1_signature", "signs with its own hash")):
            more = ["--crl", self.crl] if fault == "revoked" else []
            done = self.pki("fault", fault, *more, "--ca", other, "--out", self.folder / "refused", status=2)
            self.assertIn(message, " ".join(done.stderr.split()))
        self.assertIn("say where the files go", " ".join(self.pki("fault", "good", "--ca", self.ca, status=2).stderr.split()))
        (self.folder / "kept").mkdir()
        (self.folder / "kept/good.key").write_text("mine")
        done = self.pki("fault", "good", "--ca", self.ca, "--out", self.folder / "kept", status=2)
        self.assertIn("is there already", " ".join(done.stderr.split()))

    def test_list(self):
        listed = self.pki("fault", "--list").stdout
        self.assertLessEqual(max(map(len, listed.splitlines())), 80)
        for line in ("- must be refused (RFC 5280 §6.1.3 (a)(2))", "- valid (RFC 5280 §4.2.1.12)", "- a matter of policy (RFC 8446 §4.4.2.4)"):
            self.assertIn(line, listed)
        self.assertIn("of a server: must be refused; of a client: valid (RFC 9525 §6.4)", " ".join(listed.split()))


if __name__ == "__main__":
    unittest.main()
