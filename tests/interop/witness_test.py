"""Other TLS clients look at the same hosts, and OpenSSL's server looks at the same clients: all tell the same story."""
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import check, openssl, pem_blocks, pki  # noqa: E402
from support.need import need  # noqa: E402
from support.nginx import Host, Nginx  # noqa: E402

need("nginx", "openssl", "curl")

NAME = "server.test"
# host: version, suite (as IANA and as OpenSSL call it), group (the same), key type of the certificate, nginx's lines.
NEGOTIATED = {
    "chacha x25519": ("TLS 1.3", "TLS_CHACHA20_POLY1305_SHA256", "", "x25519", "X25519", "ecdsa",
                      ["ssl_protocols TLSv1.3;", "ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;", "ssl_ecdh_curve X25519;"]),
    "retry for p384": ("TLS 1.3", "TLS_AES_256_GCM_SHA384", "", "secp384r1", "secp384r1", "rsa",
                       ["ssl_protocols TLSv1.3;", "ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384;", "ssl_ecdh_curve secp384r1;"]),
    "retry for p521": ("TLS 1.3", "TLS_AES_128_GCM_SHA256", "", "secp521r1", "secp521r1", "ecdsa",
                       ["ssl_protocols TLSv1.3;", "ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;", "ssl_ecdh_curve secp521r1;"]),
    "ecdsa p256": ("TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", "secp256r1", "prime256v1", "ecdsa",
                   ["ssl_protocols TLSv1.2;", "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;", "ssl_ecdh_curve prime256v1;"]),
    "rsa chacha": ("TLS 1.2", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "x25519", "X25519", "rsa",
                   ["ssl_protocols TLSv1.2;", "ssl_ciphers ECDHE-RSA-CHACHA20-POLY1305;", "ssl_ecdh_curve X25519;"]),
}
CLIENTS = ("good", "expired", "not_yet_valid", "wrong_ca", "self_signed", "missing_intermediate")

# openssl s_server -Verify 2 -verify_return_error: the alert for each client, in TLS 1.2 while the handshake runs, in TLS 1.3 after
# it was complete for the client.
S_SERVER = {"none": {"1.2": 40, "1.3": 116}, "expired": 45, "not_yet_valid": 42, "wrong_ca": 48, "self_signed": 48,
            "missing_intermediate": 48, "wrong_key": 51}


def label(client, version):
    return {"none": "no client certificate", "good": "good client certificate"}.get(client, f"client certificate {client}") + f", TLS {version}"


class SServer:
    """`openssl s_server -www` on a free port; `messages` is its own account of what passed."""

    def __init__(self, folder, *words):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.words = words

    def __enter__(self):
        self.process = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-msg", "-msgfile", self.folder / "messages",
                                         *map(str, self.words)], stdin=subprocess.DEVNULL, stdout=open(self.folder / "out", "wb"),
                                        stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 20
        while not (found := re.search(r"^ACCEPT (127\.0\.0\.1:\d+)$", (self.folder / "out").read_text(errors="replace"), re.MULTILINE)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self.folder / "out").read_text(errors="replace"))
            time.sleep(0.01)
        self.address = found.group(1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def messages(self):
        """Ends the server, whose account is written by then."""
        self.__exit__()
        return (self.folder / "messages").read_text(errors="replace")


class Witness(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-witness-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        cls.ca = f / "ca/ca.crt"
        pki("ca", "--subject", "O=Test,CN=Root", "--key", "p256", "--no-passphrase", "--out", f / "ca")
        pki("ca", "--subject", "O=Test,CN=Middle", "--key", "p256", "--issuer", f / "ca", "--no-passphrase", "--out", f / "middle")
        for key in ("ecdsa", "rsa"):
            pki("server", "--ca", f / "middle", "--name", NAME, "--key", "rsa:2048" if key == "rsa" else "p256", "--out", f / key)
        for client in CLIENTS:
            pki("fault", client, "--role", "client", "--ca", f / "ca", "--name", "client.test", "--out", f / "clients")
        pair = lambda key: (f / f"{key}/server.crt", f / f"{key}/server.key")
        cls.hosts = {name: Host(name, *pair(row[5]), lines=row[6]) for name, row in NEGOTIATED.items()}
        cls.hosts["mutual"] = Host("mutual", *pair("ecdsa"), lines=[f"ssl_client_certificate {cls.ca};", "ssl_verify_client on;"])
        cls.enterClassContext(Nginx(f, list(cls.hosts.values())))

    def s_client(self, address, *words, request="GET / HTTP/1.1\r\nHost: server.test\r\nConnection: close\r\n\r\n"):
        done = subprocess.run(["openssl", "s_client", "-connect", address, "-servername", NAME, "-CAfile", self.ca, "-ign_eof", *words],
                              input=request, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def curl(self, host, *words):
        done = subprocess.run(["curl", "-sv", "--noproxy", "*", "--cacert", self.ca, "--connect-to", f"::{host.endpoint}", *words,
                               f"https://{NAME}/"], capture_output=True, text=True, timeout=60)
        return done.stdout, done.stderr

    def trust(self, *words):
        return ("--server-name", NAME, "--trust", self.ca, *words)

    def test_what_is_negotiated(self):
        for name, (version, suite, openssl_suite, group, openssl_group, key, _) in NEGOTIATED.items():
            with self.subTest(host=name):
                host = self.hosts[name]
                ours = check(host.endpoint, *self.trust(), "oneway/handshake")
                self.assertEqual(ours.status, 0, ours)
                outcome = ours.endpoint.outcome(f"no client certificate, {key.upper()} certificates only, {version}")
                self.assertEqual([outcome[k]["name"] for k in ("version", "cipher_suite", "group")], [version, suite, group])
                protocol = version.replace(" ", "v")
                theirs = self.s_client(host.endpoint)
                self.assertIn(f"New, {protocol}, Cipher is {openssl_suite or suite}", theirs)
                self.assertRegex(theirs, rf"Server Temp Key: (ECDH, )?{openssl_group}, ")
                scheme = outcome["signature_scheme"]["name"]
                self.assertIn(f"Peer signature type: {'ECDSA' if key == 'ecdsa' else 'RSA-PSS'}", theirs)
                self.assertRegex(scheme, "^ecdsa_" if key == "ecdsa" else "^rsa_pss_")
                _, said = self.curl(host)
                self.assertIn(f"SSL connection using {protocol} / {openssl_suite or suite}", said)

    def test_chain(self):
        """Byte for byte in the certificate that TLS 1.2 shows on the wire, by its length in TLS 1.3; the others show it whole."""
        for name, (version, _, _, _, _, key, _) in NEGOTIATED.items():
            with self.subTest(host=name):
                host = self.hosts[name]
                served = pem_blocks(self.folder / key / "server.crt")
                pem = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.DOTALL)
                self.assertEqual(pem.findall(self.s_client(host.endpoint, "-showcerts")), served)
                self.assertEqual(pem.findall(self.curl(host, "-o", "/dev/null", "-w", "%{certs}")[0]), served)
                der = [subprocess.run(["openssl", "x509", "-outform", "DER"], input=block.encode(), capture_output=True, check=True).stdout
                       for block in served]
                ours = check(host.endpoint, *self.trust(), "oneway/chain_complete").endpoint
                trace = ours.attempts[f"no client certificate, {key.upper()} certificates only, {version}"]["trace"]
                (message,) = [event for event in trace["events"] if event["name"] == "message certificate"]
                self.assertIn(f"CN={NAME} ({len(der)} certificates)", message["text"])
                three = lambda n: n.to_bytes(3, "big")
                if version == "TLS 1.2":
                    body = b"".join(three(len(one)) + one for one in der)
                    whole = bytes([11]) + three(len(body) + 3) + three(len(body)) + body
                    record = bytes([22, 3, 3]) + len(whole).to_bytes(2, "big") + whole
                    self.assertEqual((message["len"], message["hex"]), (len(record), record[:256].hex()))
                else:
                    # Record header; message header, context, list; each certificate with two lengths; content type and tag.
                    self.assertEqual(message["len"], 5 + 4 + 1 + 3 + sum(3 + len(one) + 2 for one in der) + 1 + 16)

    def test_client_certificates(self):
        host = self.hosts["mutual"]
        for client in CLIENTS:
            pair = [self.folder / f"clients/{client}.{end}" for end in ("crt", "key")]
            ours = check(host.endpoint, *self.trust("--client-cert", pair[0], "--client-key", pair[1]), "--tls", "1.2", "--tls", "1.3", "mtls/good")
            status, _ = self.curl(host, "--cert", pair[0], "--key", pair[1], "-o", "/dev/null", "-w", "%{http_code}")
            for version in ("1.2", "1.3"):
                with self.subTest(client=client, version=version):
                    seen = ours.endpoint.outcome(label("good", version))["http_status"]
                    theirs = self.s_client(host.endpoint, "-tls" + version.replace(".", "_"), "-cert", pair[0], "-key", pair[1])
                    self.assertIn(f"HTTP/1.1 {seen} ", theirs)
                    self.assertEqual(str(seen), status)
                    self.assertEqual(seen, 200 if client == "good" else 400)

    def s_server(self, *words):
        f = self.folder
        return SServer(f, "-cert", f / "ecdsa/server.crt", "-key", f / "ecdsa/server.key", "-cert_chain", f / "middle/ca.crt",
                       "-CAfile", self.ca, *words)

    def check_clients(self, server, *words):
        return check(server.address, *self.trust("--client-auth", "required", "--client-ca", self.ca, "--client-ca-key", self.folder / "ca/ca.key"),
                     *words, "mtls")

    def test_server_that_refuses_in_the_handshake(self):
        with self.s_server("-Verify", "2", "-verify_return_error") as server:
            checked = self.check_clients(server)
            self.assertEqual(checked.status, 0, checked)
            for version in ("1.2", "1.3"):
                good = checked.endpoint.outcome(label("good", version))
                self.assertEqual((good["kind"], good["http_status"]), ("completed", 200), checked)
                for client, alert in S_SERVER.items():
                    with self.subTest(client=client, version=version):
                        outcome = checked.endpoint.outcome(label(client, version))
                        wanted = alert[version] if isinstance(alert, dict) else alert
                        self.assertEqual((outcome["kind"], outcome["alert"] and outcome["alert"]["value"]), ("alert", wanted))
                        self.assertEqual((outcome["phase"], outcome["handshake_complete"]),
                                         ("handshake", False) if version == "1.2" else ("after_finished", True))
                        if client in ("none", "wrong_key"):
                            continue  # s_client does not lie about its key, and without one it is the same as we
                        pair = [self.folder / f"clients/{client}.{end}" for end in ("crt", "key")]
                        said = self.s_client(server.address, "-tls" + version.replace(".", "_"), "-cert", pair[0], "-key", pair[1])
                        self.assertIn(f"SSL alert number {wanted}", said)
            where = [note for note in checked.endpoint.report["notes"] if "is required" in note]
            self.assertEqual(len(where), 2, where)
            self.assertRegex(" ".join(where), r"in the handshake \(TLS 1\.2\)")
            self.assertRegex(" ".join(where), r"after the handshake was complete for the client \(TLS 1\.3\)")

    def test_server_that_only_asks(self):
        """Without -verify_return_error s_server wants a certificate and looks at none: declared required, every fault is let in."""
        with self.s_server("-Verify", "2") as server:
            checked = self.check_clients(server)
            self.assertEqual(checked.status, 1, checked)
            faults = {"mtls/" + client for client in S_SERVER if client not in ("none", "wrong_key")}
            faults |= {"mtls/" + client for client in ("expired_intermediate", "future_ca", "name_constraints", "not_a_ca", "path_length",
                                                       "unknown_critical_extension", "wrong_purpose")}
            self.assertEqual(checked.endpoint.verdicts()["fail"], faults, checked)

    def test_hello_retry_request(self):
        """A server that speaks P-384 alone asks for another hello, and says itself that it got one."""
        with self.s_server("-groups", "P-384", "-tls1_3") as server:
            checked = check(server.address, *self.trust(), "--tls", "1.3", "--jobs", "1", "oneway/handshake")
            self.assertEqual(checked.status, 0, checked)
            outcome = checked.endpoint.outcome("no client certificate, ECDSA certificates only, TLS 1.3")
            self.assertEqual((outcome["kind"], outcome["group"]["name"]), ("completed", "secp384r1"))
            hellos = re.findall(r"^([<>]{3}) .*Handshake .*, (ClientHello|ServerHello)$", server.messages(), re.MULTILINE)
            retry = [("<<<", "ClientHello"), (">>>", "ServerHello")] * 2
            self.assertTrue(any(hellos[i:i + 4] == retry for i in range(len(hellos))), hellos)


if __name__ == "__main__":
    unittest.main()
