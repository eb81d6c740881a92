"""PKCS#12 files as client certificate, client CA and trust store, against nginx that asks for client certificates."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import check, openssl, pki  # noqa: E402
from support.need import need  # noqa: E402
from support.nginx import Host, Nginx  # noqa: E402

need("nginx", "openssl")
NAME = "server.test"
GOOD = [f"good client certificate, TLS {version}" for version in ("1.2", "1.3")]


class Pkcs12(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-p12-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        (f / "pass").write_text("correct horse\n")
        pki("ca", "--subject", "O=Test,CN=Root", "--key", "p256", "--no-passphrase", "--out", f / "root")
        pki("ca", "--issuer", f / "root", "--subject", "O=Test,CN=Clients", "--path-len", 1, "--key", "p256", "--no-passphrase",
            "--out", f / "clients")
        pki("server", "--ca", f / "root", "--name", NAME, "--out", f)
        pki("client", "--ca", f / "clients", "--name", "client.device", "--out", f)
        # The issuers stand before the leaf, as some writers have it.
        (f / "mixed.pem").write_text((f / "root/ca.crt").read_text() + (f / "clients/ca.crt").read_text() + (f / "client.crt").read_text())
        identity = ["-in", f / "mixed.pem", "-inkey", f / "client.key", "-passout", f"file:{f}/pass"]
        openssl("pkcs12", "-export", *identity, "-out", f / "modern.p12")
        openssl("pkcs12", "-export", *identity, "-legacy", "-out", f / "legacy.p12")
        openssl("pkcs12", "-export", "-in", f / "mixed.pem", "-inkey", f / "client.key", "-passout", "pass:", "-out", f / "no.passphrase")
        openssl("pkcs12", "-export", "-nokeys", "-in", f / "root/ca.crt", "-passout", f"file:{f}/pass", "-out", f / "trust.p12")
        openssl("pkcs12", "-export", "-in", f / "clients/ca.crt", "-inkey", f / "clients/ca.key", "-certfile", f / "root/ca.crt",
                "-passout", f"file:{f}/pass", "-out", f / "clients.p12")
        lines = [f"ssl_client_certificate {f}/root/ca.crt;", "ssl_verify_client on;", "ssl_verify_depth 3;"]
        cls.host = Host("mutual", f / "server.crt", f / "server.key", lines=lines)
        cls.enterClassContext(Nginx(f, [cls.host]))

    def expect_good(self, checked):
        self.assertEqual(checked.status, 0, checked)
        for label in GOOD:
            outcome = checked.endpoint.outcome(label)
            self.assertEqual((outcome["kind"], outcome["http_status"]), ("completed", 200), checked)

    def test_client_certificate(self):
        for name in ("modern.p12", "legacy.p12", "no.passphrase"):
            with self.subTest(name=name):
                self.expect_good(check(self.host.endpoint, "--server-name", NAME, "--trust", self.folder / "root/ca.crt", "--client-auth",
                                       "required", "--client-cert", self.folder / name, "--passphrase-file", self.folder / "pass",
                                       "mtls/good", "mtls/none"))

    def test_everything_from_pkcs12(self):
        checked = check(self.host.endpoint, "--server-name", NAME, "--trust", self.folder / "trust.p12", "--client-auth", "required",
                        "--client-ca", self.folder / "clients.p12", "--passphrase-file", self.folder / "pass", "mtls",
                        "oneway/chain_valid")
        self.expect_good(checked)
        self.assertEqual(checked.endpoint.outcome("client certificate expired, TLS 1.3")["http_reason"], "The SSL certificate error")

    def test_target_file(self):
        f = self.folder
        (f / "target.yaml").write_text(
            f"endpoints:\n  - address: '{self.host.endpoint}'\n    server_name: {NAME}\n    client_auth: required\n"
            "    trust: {anchors: [trust.p12], passphrase: {file: pass}}\n"
            "    client_identity: {certificate: modern.p12, passphrase: {file: pass}}\n"
            "    client_ca: {certificate: clients.p12, passphrase: {file: pass}}\n    suites: [mtls]\n")
        self.expect_good(check("--target", f / "target.yaml"))


if __name__ == "__main__":
    unittest.main()
