#!/usr/bin/env python3
"""No secret in any output: passphrases, private keys and what is derived from them stay where they are, also when something fails."""
import base64
import os
import pathlib
import re
import shutil
import ssl
import stat
import subprocess
import tempfile
import unittest

from support.need import need
from support.peer import Peer, Tls
from support.program import expect_sound, run, run_all

need("openssl")
PASSPHRASE = "Xylophon-4711-quokka"
WRONG = "Wombat-0815-marzipan"


def key_secrets(path, passphrase=None):
    """What must not be seen of a private key: the lines of its PEM, and the private number in hex and base64."""
    words = ["openssl", "pkey", "-in", str(path), *(["-passin", f"pass:{passphrase}"] if passphrase else [])]
    plain = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    text = subprocess.run([*words, "-noout", "-text"], check=True, capture_output=True, text=True).stdout
    number = bytes.fromhex(re.sub(r"[\s:]", "", re.search(r"priv:\n((?:\s+[0-9a-f:]+\n)+)", text).group(1)))[-32:]
    lines = [line for line in (plain + pathlib.Path(path).read_text()).splitlines() if line and not line.startswith("-")]
    return [*lines, number.hex(), number.hex().upper(), number.hex(":"), base64.b64encode(number).decode().rstrip("=")[:40]]


class Secrets(unittest.TestCase):
    KEYS = ["ca.key", "server.key", "client.key", "expired.key"]

    @classmethod
    def setUpClass(cls):
        """The CA's key is under the passphrase, and opening it is slow by intention: one PKI serves all tests."""
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-secret-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        (cls.folder / "pass").write_text(PASSPHRASE + "\n")
        (cls.folder / "wrong").write_text(WRONG + "\n")
        (cls.folder / "reports").mkdir()
        ca = ("--ca", ".", "--passphrase-file", "pass", "--out", ".")
        old = os.umask(0)  # the modes must not depend on it
        try:
            rows = [["pki", "ca", "--key", "p256", "--passphrase-file", "pass", "--subject", "O=example,CN=Root CA", "--out", "."]]
            cls.made = list(run_all(rows, cwd=cls.folder))
            cls.made += run_all([["pki", "server", *ca, "--name", "localhost"], ["pki", "client", *ca, "--name", "alice", "--format", "json"],
                                 ["pki", "fault", "expired", *ca]], cwd=cls.folder)
        finally:
            os.umask(old)

    def keep_secrets(self, rows, env=None):
        """Runs rows of (statuses, words) at once; neither they nor the reports may hold a secret."""
        done = [done for _, done in run_all((words for _, words in rows), cwd=self.folder, env=env)]
        for (statuses, words), one in zip(rows, done):
            with self.subTest(words=words):
                expect_sound(self, one, statuses)
        self.expect_kept([(" ".join(map(str, one.words)), one.out + one.err) for one in done])
        return done

    def expect_kept(self, outputs):
        outputs += [(path.name, path.read_bytes()) for path in (self.folder / "reports").glob("*")]
        secrets = [PASSPHRASE, WRONG, "PRIVATE KEY"]
        for name in self.KEYS:
            self.assertEqual(stat.S_IMODE(os.stat(self.folder / name).st_mode), 0o600, name)
            locked = "ENCRYPTED" in (self.folder / name).read_text()
            secrets += key_secrets(self.folder / name, PASSPHRASE if locked else None)
        for what, output in outputs:
            # Lines are joined as well, so that wrapping hides nothing.
            text = output.decode() + "".join(output.decode().split())
            for secret in secrets:
                self.assertNotIn(secret, text, what)

    def test_what_is_made(self):
        for words, done in self.made:
            self.assertEqual(done.status, 0, done)
        self.expect_kept([(str(words), done.out + done.err) for words, done in self.made])
        self.assertIn("ENCRYPTED", (self.folder / "ca.key").read_text())

    def test_pki_that_fails(self):
        again = ("pki", "server", "--ca", ".", "--name", "localhost", "--out", ".", "--force")
        self.keep_secrets([
            ({2}, [*again, "--passphrase-file", "wrong"]), ({2}, [*again, "--passphrase-env", "WRONG_ONE"]),
            ({2}, [*again, "--passphrase-env", "NOT_SET"]), ({2}, [*again, "--passphrase-env", PASSPHRASE]),  # the value for the name
            ({2}, [*again[:-1], "--passphrase-file", "pass"]),
            ({2, 3}, ["pki", "server", "--ca", ".", "--passphrase-file", "pass", "--name", "localhost", "--out", "/dev/full"]),
        ], env={"WRONG_ONE": WRONG})

    def test_pkcs12_and_inspect(self):
        p12 = ("pki", "p12", "--cert", "client.crt", "--key", "client.key", "--out")
        self.keep_secrets([
            ({0}, [*p12, "made.p12", "--export-passphrase-file", "pass"]), ({0}, [*p12, "old.p12", "--export-passphrase-env", "ONE", "--legacy"]),
            ({2}, [*p12, "none.p12", "--export-passphrase-env", PASSPHRASE]), ({2}, [*p12, "client.crt", "--export-passphrase-file", "pass"]),
        ], env={"ONE": PASSPHRASE})
        files = ("ca.crt", "client.key", "made.p12", "old.p12", "ca.key")
        self.keep_secrets([
            ({0}, ["pki", "inspect", *files]), ({0}, ["pki", "inspect", "--passphrase-file", "pass", *files, "--format", "json"]),
            ({2}, ["pki", "inspect", "--passphrase-file", "wrong", *files]), ({2}, ["pki", "p12", "--cert", "made.p12", "--passphrase-file",
                                                                                "wrong", "--export-passphrase-file", "pass", "--out", "x"]),
            ({2}, ["check", "localhost:1", "--client-cert", "made.p12", "--passphrase-file", "wrong"]),
        ])

    def test_check(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")
        context.load_verify_locations(self.folder / "ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED

        def play(connection, _):
            tls = Tls(context, connection)
            tls.accept()
            tls.request()
            tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            tls.step(tls.object.unwrap)

        with Peer(play) as peer:
            endpoint = (f"localhost:{peer.port}", "--connect-to", peer.address, "--client-cert", "client.crt", "--client-key", "client.key",
                        "--client-ca", "ca.crt", "--client-ca-key", "ca.key", "--timeout", "5")
            reports = ("--passphrase-file", "pass", "--verbose", "--report", "json=reports/r.json", "--report", "text=reports/r.txt")
            source = "{certificate: ca.crt, key: ca.key, passphrase: %s}"
            for name, passphrase in (("good", "{file: pass}"), ("bad", PASSPHRASE), ("swapped", f"{{environment: {PASSPHRASE}}}")):
                (self.folder / f"{name}.yaml").write_text(
                    f"endpoints:\n  - address: '{peer.address}'\n    server_name: localhost\n    client_ca: {source % passphrase}\n")
            done = self.keep_secrets([
                ({0}, ["check", *endpoint, "--trust", "ca.crt", "--client-auth", "required", *reports, "oneway", "mtls"]),
                ({1}, ["check", *endpoint, "--format", "json", *reports]),
                ({1}, ["check", *endpoint, "--passphrase-env", "RIGHT_ONE", "--client-auth", "none"]),
                ({2}, ["check", *endpoint, "--passphrase-file", "wrong"]),
                ({0}, ["probe", *endpoint, "--passphrase-file", "pass"]),
                ({0, 1, 3}, ["check", "--target", "good.yaml", "--verbose", "mtls"]),
                # A file that holds the passphrase where its source should be named is refused, and not quoted.
                ({2}, ["check", "--target", "bad.yaml"]), ({2}, ["check", "--target", "swapped.yaml"]),
            ], env={"RIGHT_ONE": PASSPHRASE})
            self.assertIn("mtls/expired", done[0].text)

    def test_evidence_goes_to_nobody_else(self):
        """The names of its files are known beforehand: in a folder of somebody else a pipe could wait there."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")
        num_connections = []

        def play(connection, _):
            num_connections.append(1)
            tls = Tls(context, connection)
            tls.accept()
            tls.request()
            tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            tls.step(tls.object.unwrap)

        folder = self.folder / "evidence"
        with Peer(play) as peer:
            words = ("probe", f"localhost:{peer.port}", "--connect-to", peer.address, "--timeout", "5", "--evidence", "evidence")
            folder.mkdir()
            folder.chmod(0o1777)
            done = run(*words, cwd=self.folder)
            expect_sound(self, done, {2})
            self.assertRegex(done.err.decode(), "cannot use the evidence folder 'evidence': others may write in it")
            self.assertEqual((num_connections, list(folder.iterdir())), ([], []))
            folder.rmdir()
            expect_sound(self, run(*words, cwd=self.folder), {0})
            files = sorted(path for path in folder.iterdir() if path.suffix == ".pcapng")
            self.assertTrue(files)
            for path in files:
                path.unlink()
                os.mkfifo(path)
            listener = os.open(files[0], os.O_RDWR | os.O_NONBLOCK)
            try:
                expect_sound(self, run(*words, cwd=self.folder), {0})
                with self.assertRaises(BlockingIOError):
                    os.read(listener, 1)
            finally:
                os.close(listener)
            for path in files:
                self.assertTrue(stat.S_ISREG(path.lstat().st_mode), path)


if __name__ == "__main__":
    unittest.main()
