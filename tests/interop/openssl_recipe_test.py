"""The usual openssl recipe for a CA, a server and a client with nginx, command by command as it stands everywhere: what comes out
of it, told truly. `pki inspect` reads every file and names its weaknesses; `check` takes each file where it belongs, and its verdicts
on a real nginx are those that hold."""
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import check  # noqa: E402
from support.need import need  # noqa: E402
from support.nginx import Host, Nginx  # noqa: E402
from support.program import run  # noqa: E402

need("nginx", "openssl")
SUBJECT = "/C=CN/ST=shanghai/L=shanghai/O=example/OU=eng"
# As it stands; -passout and -passin alone are added, where it would wait for somebody to type.
RECIPE = f"""
    openssl genrsa -aes256 -passout file:pass -out secure-ca.key 4096
    openssl req -new -x509 -days 3650 -sha256 -extensions v3_ca -key secure-ca.key -passin file:pass -out secure-ca.crt -subj "{SUBJECT}/CN=Root CA"
    openssl genrsa -out app-server.key 2048
    openssl req -new -key app-server.key -out app-server.csr -subj "{SUBJECT}/CN=server.example.com"
    echo "01" > secure-ca.srl
    openssl x509 -req -days 3650 -sha256 -CA secure-ca.crt -CAkey secure-ca.key -passin file:pass -in app-server.csr -out app-server.crt
    openssl x509 -in app-server.crt -text -noout
    openssl genrsa -out app-client.key 2048
    openssl req -new -key app-client.key -out app-client.csr -subj "{SUBJECT}/CN=client.device"
    echo "02" > secure-ca.srl
    openssl x509 -req -days 3650 -sha256 -CA secure-ca.crt -CAkey secure-ca.key -passin file:pass -in app-client.csr -out app-client.crt
    openssl pkcs12 -export -clcerts -in app-client.crt -inkey app-client.key -passout file:pass -out app-client.p12
"""
# Whoever runs the steps for one more client from the top counts from the same number again.
AGAIN = f"""
    openssl genrsa -out second-client.key 2048
    openssl req -new -key second-client.key -out second-client.csr -subj "{SUBJECT}/CN=second.device"
    echo "02" > secure-ca.srl
    openssl x509 -req -days 3650 -sha256 -CA secure-ca.crt -CAkey secure-ca.key -passin file:pass -in second-client.csr -out second-client.crt
"""
ISSUED_NAME = "server.example.com"  # what the certificate is for, by its common name alone
MUTUAL_NAME = "secure.example.com"  # what the mutual TLS host is called


class Recipe(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-recipe-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        (f / "pass").write_text("correct horse\n")
        for line in filter(str.strip, (RECIPE + AGAIN).splitlines()):
            if line.strip().startswith("echo"):
                (f / "secure-ca.srl").write_text(line.split('"')[1] + "\n")
                continue
            done = subprocess.run(shlex.split(line), cwd=f, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
            if done.returncode:
                raise AssertionError(f"{line.strip()}\n{done.stderr}")
        pair = (f / "app-server.crt", f / "app-server.key")
        cls.oneway = Host("oneway", *pair, server_names=ISSUED_NAME)
        cls.mutual = Host("mutual", *pair, server_names=MUTUAL_NAME,
                          lines=[f"ssl_client_certificate {f}/secure-ca.crt;", "ssl_verify_client on;", "ssl_verify_depth 2;"])
        cls.enterClassContext(Nginx(f, [cls.oneway, cls.mutual]))
        cls.files = cls.inspect("secure-ca.crt", "secure-ca.key", "app-server.key", "app-server.csr", "app-server.crt", "app-client.key",
                                "app-client.csr", "app-client.crt", "app-client.p12", "second-client.crt")

    @classmethod
    def inspect(cls, *words):
        done = run("pki", "inspect", "--format", "json", *words, cwd=cls.folder)
        if done.status != 0 or done.err:
            raise AssertionError(done)
        return {file["file"]: file for file in json.loads(done.out)["files"]}

    def weak(self, path, index=0):
        return {weakness["name"]: weakness["level"] for weakness in self.files[path]["items"][index]["weaknesses"]}

    # ---- the files

    def test_every_file_is_told_for_what_it_is(self):
        kinds = {path: [item["kind"] for item in file["items"]] for path, file in self.files.items()}
        self.assertEqual(kinds, {
            "secure-ca.crt": ["certificate"], "secure-ca.key": ["private_key"], "app-server.key": ["private_key"],
            "app-server.csr": ["request"], "app-server.crt": ["certificate"], "app-client.key": ["private_key"],
            "app-client.csr": ["request"], "app-client.crt": ["certificate"], "app-client.p12": ["pkcs12"],
            "second-client.crt": ["certificate"]})

    def test_weaknesses(self):
        self.assertEqual(self.weak("secure-ca.crt"), {"ca_no_key_usage": "should"})
        self.assertEqual(self.weak("secure-ca.key"), {"few_iterations": "should"})
        encryption = "AES-256-CBC, PBKDF2 with HMAC-SHA256, 2048 iterations"
        self.assertEqual(self.files["secure-ca.key"]["items"][0]["facts"]["encryption"], [encryption])
        version = self.files["app-server.crt"]["items"][0]["facts"]["version"]
        leaf = {"no_subject_alt_name": "must", "no_extended_key_usage": "should", "no_key_usage": "note", "lifetime_long": "note",
                "serial_predictable": "note"}
        if version == ["1"]:  # OpenSSL from 3.2 on makes version 3, still without a name
            leaf["version_not_3"] = "must"
        # Ten years and a leap day or two are more than ten years only by the day that both ends count.
        for path in ("app-server.crt", "app-client.crt"):
            self.assertEqual({k: v for k, v in self.weak(path).items() if k != "lifetime_over_ten_years"}, leaf, path)
        self.assertEqual(self.weak("second-client.crt").get("serial_reused"), "must")
        self.assertEqual([self.files[path]["items"][0]["facts"]["serial"] for path in ("app-server.crt", "app-client.crt", "second-client.crt")],
                         [["02"], ["03"], ["03"]])
        self.assertEqual(self.weak("app-server.csr"), {"no_subject_alt_name": "note"})
        self.assertEqual(self.weak("app-client.p12"), {"few_iterations": "should"})
        self.assertEqual(self.weak("app-client.key"), {"plain_key": "note"})

    def test_the_p12_opened(self):
        items = self.inspect("--passphrase-file", "pass", "app-client.p12")["app-client.p12"]["items"]
        self.assertEqual([item["kind"] for item in items], ["pkcs12", "private_key", "certificate"])
        self.assertIn("issuer_absent", {weakness["name"] for weakness in items[0]["weaknesses"]})

    # ---- the servers

    def check(self, host, name, *words):
        f = self.folder
        return check(host.endpoint, "--server-name", name, "--trust", f / "secure-ca.crt", "--passphrase-file", f / "pass", *words)

    def verdict(self, checked, scenario):
        """The one verdict of the scenario's cases; there is no ECDSA certificate to be judged."""
        verdicts = {finding["verdict"] for finding in checked.endpoint.report["findings"]
                    if finding["scenario"] == scenario and "key_type=ecdsa" not in finding["id"]}
        self.assertEqual(len(verdicts), 1, f"{scenario}: {verdicts}\n{checked}")
        return verdicts.pop()

    def test_one_way(self):
        checked = self.check(self.oneway, ISSUED_NAME, "--client-auth", "none", "oneway")
        self.assertEqual(checked.status, 1, checked)
        # The chain holds; the names do not: openssl and curl still take the common name, Go and browsers do not.
        wanted = {"chain_valid": "pass", "chain_complete": "pass", "not_expired": "pass", "name_matches": "warn", "has_san": "fail",
                  "extended_key_usage": "warn", "lifetime": "warn", "key_strength": "pass", "signature_strength": "pass",
                  "version_3": "fail" if self.files["app-server.crt"]["items"][0]["facts"]["version"] == ["1"] else "pass"}
        self.assertEqual({name: self.verdict(checked, f"oneway/{name}") for name in wanted}, wanted, checked)
        (name,) = {f["seen"] for f in checked.endpoint.report["findings"] if f["scenario"] == "oneway/name_matches" and f["verdict"] == "warn"}
        self.assertIn(f"only the common name fits ({ISSUED_NAME})", name)

    def test_mutual_with_the_p12(self):
        """The host goes by another name than its certificate; the client in the .p12 is let in, and nobody without one is."""
        checked = self.check(self.mutual, MUTUAL_NAME, "--client-auth", "required", "--client-cert", self.folder / "app-client.p12", "oneway/name_matches",
                             "mtls/good", "mtls/none", "mtls/requested", "mtls/ca_names")
        self.assertEqual(checked.status, 1, checked)
        self.assertEqual(self.verdict(checked, "oneway/name_matches"), "fail", checked)
        for scenario in ("mtls/good", "mtls/none", "mtls/requested"):
            self.assertEqual(self.verdict(checked, scenario), "pass", checked)
        for version in ("1.2", "1.3"):
            good, none = (checked.endpoint.outcome(f"{who} client certificate, TLS {version}") for who in ("good", "no"))
            self.assertEqual((good["kind"], good["http_status"]), ("completed", 200))
            self.assertEqual((none["http_status"], none["http_reason"]), (400, "No required SSL certificate was sent"))
        self.assertIn("CN=Root CA", json.dumps(checked.report))

    def test_mutual_with_the_ca(self):
        """The root and its key, under its passphrase, as the CA that forges: every fault is refused, over HTTP."""
        checked = self.check(self.mutual, MUTUAL_NAME, "--client-auth", "required", "--client-ca", self.folder / "secure-ca.crt",
                             "--client-ca-key", self.folder / "secure-ca.key", "mtls/good", "mtls/expired", "mtls/wrong_ca", "mtls/wrong_key",
                             "mtls/self_signed", "mtls/not_yet_valid", "mtls/missing_intermediate", "mtls/none")
        self.assertEqual(checked.status, 0, checked)
        self.assertEqual(checked.endpoint.outcome("client certificate expired, TLS 1.3")["http_reason"], "The SSL certificate error")

    def test_the_server_certificate_works_as_a_client(self):
        """No extendedKeyUsage: whoever has the server's key is a client as well."""
        checked = self.check(self.mutual, MUTUAL_NAME, "--client-auth", "required", "--client-cert", self.folder / "app-server.crt",
                             "--client-key", self.folder / "app-server.key", "mtls/good")
        self.assertEqual(self.verdict(checked, "mtls/good"), "pass", checked)


if __name__ == "__main__":
    unittest.main()
