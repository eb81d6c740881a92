"""nginx, the number of intermediates that it accepts, its CRLs and its security level: each told truly, and what cannot be told is no pass."""
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import check, pki  # noqa: E402
from support.need import need, tlsproof  # noqa: E402
from support.nginx import Host, Nginx  # noqa: E402

need("nginx", "openssl")

NAME = "server.test"
VERSIONS = ("1.2", "1.3")
COUNTS = range(5)  # intermediates in mtls/depth
CHAIN_FAULTS = {"mtls/expired_intermediate", "mtls/future_ca", "mtls/not_a_ca", "mtls/path_length", "mtls/name_constraints"}

# host: (ssl_verify_client, further directives, declared, keys of the target file). {crl} …: files of make_pki.
HOSTS = {
    "depth 0": ("on", "ssl_verify_depth 0;", "required", "verify_depth: 0"),
    "depth 1": ("on", "", "required", "verify_depth: 1"),
    "depth 3": ("on", "ssl_verify_depth 3;", "required", "verify_depth: 3"),
    "less than declared": ("on", "ssl_verify_depth 1;", "required", "verify_depth: 2"),
    "more than declared": ("optional", "ssl_verify_depth 3;", "optional", "verify_depth: 2"),
    "no ca": ("optional_no_ca", "", "unverified", "verify_depth: 1"),
    "crl": ("on", "ssl_crl {crl};", "required", "client_crls: [{crl}]"),
    "crl optional": ("optional", "ssl_crl {crl};", "optional", "client_crls: [{crl}]"),
    "crl no ca": ("optional_no_ca", "ssl_crl {crl};", "unverified", "client_crls: [{crl}]"),
    "crl not used": ("on", "", "required", "client_crls: [{crl}]"),
    "crl not told": ("on", "ssl_crl {crl};", "required", ""),
    "stale crl": ("on", "ssl_crl {stale};", "required", "client_crls: [{stale}]"),
    "crl of the root only": ("on", "ssl_crl {crl}; ssl_verify_depth 4;", "required",
                             "client_crls: [{crl}], client_ca: {{certificate: {issuing}.crt, key: {issuing}.key}}"),
    "no ca below": ("on", "ssl_verify_depth 4;", "required", "client_ca: {{certificate: {leafs}.crt, key: {leafs}.key}}"),
    "weak": ("on", "ssl_ciphers ALL:@SECLEVEL=0;", "required", ""),
}


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-faults-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        pki("ca", "--subject", "O=Test,CN=Clients", "--key", "p256", "--no-passphrase", "--out", f / "ca")
        pki("ca", "--subject", "O=Test,CN=Issuing", "--key", "p256", "--issuer", f / "ca", "--path-len", "4", "--no-passphrase", "--out", f / "issuing")
        pki("ca", "--subject", "O=Test,CN=Leafs", "--key", "p256", "--issuer", f / "ca", "--path-len", "0", "--no-passphrase", "--out", f / "leafs")
        pki("server", "--ca", f / "ca", "--name", NAME, "--out", f / "server")
        cls.files = {"crl": cls.make_crl("crl.pem", "-crldays", "30"), "issuing": f / "issuing/ca", "leafs": f / "leafs/ca",
                     "stale": cls.make_crl("stale.pem", "-crl_lastupdate", "20260101000000Z", "-crl_nextupdate", "20260102000000Z")}
        cls.hosts = {}
        lines = ["defaults:", f"  trust: {{anchors: [{f}/ca/ca.crt]}}", f"  server_name: {NAME}", "  suites: [mtls]",
                 f"  client_ca: {{certificate: {f}/ca/ca.crt, key: {f}/ca/ca.key}}", "endpoints:"]
        for name, (verify, more, _, _) in HOSTS.items():
            cls.hosts[name] = Host(name, f / "server/server.crt", f / "server/server.key",
                                   lines=[f"ssl_client_certificate {f}/ca/ca.crt;", f"ssl_verify_client {verify};", more.format(**cls.files)])
        cls.nginx = cls.enterClassContext(Nginx(f, list(cls.hosts.values())))
        for name, (_, _, declared, keys) in HOSTS.items():
            more = ", ".join(filter(None, [f"client_auth: {declared}", keys.format(**cls.files)]))
            lines.append(f"  - {{label: {name}, address: '{cls.hosts[name].endpoint}', {more}}}")
        (f / "target.yaml").write_text("\n".join(lines) + "\n")
        cls.checked = check("--target", f / "target.yaml")
        assert len(cls.checked.endpoints) == len(HOSTS), cls.checked

    @classmethod
    def make_crl(cls, name, *words):
        """By openssl, so that the two do not share a mistake; it lists one serial."""
        f = cls.folder
        (f / "index").write_text("R\t400101000000Z\t260101000000Z,keyCompromise\t0815\tunknown\t/CN=x\n")
        (f / "number").write_text("01")
        (f / "cnf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={f}/index\ncrlnumber={f}/number\ndefault_md=sha256\n")
        done = subprocess.run(["openssl", "ca", "-config", f / "cnf", "-gencrl", "-keyfile", f / "ca/ca.key", "-cert", f / "ca/ca.crt", *words,
                               "-out", f / name], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return f / name

    def codes(self, host, wanted=0):
        """OpenSSL's errors in nginx's log for this host, as a set; waits until there are so many."""
        deadline = time.monotonic() + 10
        pattern = rf'client SSL certificate verify error: \((\d+):.*host: "{re.escape(NAME)}:{self.hosts[host].port}"'
        while True:
            found = re.findall(pattern, self.nginx.error_log())
            if len(found) >= wanted or time.monotonic() > deadline:
                return {int(code) for code in found}
            time.sleep(0.01)

    def finding(self, host, scenario, version, rest=""):
        return self.checked.endpoints[host].findings[f"{scenario}[tls={version}{rest}]"]

    def depth(self, host):
        """The verdict for each number of intermediates, the same in both versions."""
        by_version = [[self.finding(host, "mtls/depth", version, f",intermediates={count}")["verdict"] for count in COUNTS] for version in VERSIONS]
        self.assertEqual(by_version[0], by_version[1], host)
        return by_version[0]

    def notes(self, host):
        return " ".join(self.checked.endpoints[host].report["notes"])

    def verdicts(self, host, scenario):
        return {self.finding(host, scenario, version)["verdict"] for version in VERSIONS}

    def test_depth(self):
        for host, wanted, most in (("depth 0", ["pass"] * 5, 0), ("depth 1", ["pass"] * 5, 1), ("depth 3", ["pass"] * 5, 3),
                                   ("less than declared", ["pass", "pass", "fail", "pass", "pass"], 1),
                                   ("more than declared", ["pass", "pass", "pass", "fail", "pass"], 3),
                                   ("no ca", ["pass", "pass", "info", "info", "info"], None)):
            with self.subTest(host=host):
                self.assertEqual(self.depth(host), wanted, self.checked.endpoints[host])
                # The chains that are too deep are told as a missing issuer; optional_no_ca forgives that.
                if most is not None:
                    self.assertIn(20, self.codes(host))
                    self.assertIn(f"accepts client certificates with up to {most} intermediate{'' if most == 1 else 's'} (TLS 1.2, TLS 1.3)", self.notes(host))
                else:
                    self.assertNotIn(20, self.codes(host))

    def test_a_chain_that_is_too_deep_anyway_proves_nothing(self):
        """path_length takes two intermediates: nothing is said of it where one is the most, and where it is not, it is refused for itself."""
        for host, verdict in (("depth 0", "skip"), ("depth 1", "skip"), ("depth 3", "pass")):
            self.assertEqual(self.verdicts(host, "mtls/path_length"), {verdict}, host)
        for scenario in CHAIN_FAULTS:
            self.assertEqual(self.verdicts("depth 0", scenario), {"skip"}, scenario)
            self.assertIn("is refused too", self.finding("depth 0", scenario, "1.3")["reason"])

    def test_a_ca_that_may_issue_none(self):
        """With pathlen:0 the client CA cannot make the chains that some scenarios need: they are skipped, and say why."""
        host = "no ca below"
        for scenario in CHAIN_FAULTS - {"mtls/path_length"} | {"mtls/missing_intermediate"}:
            with self.subTest(scenario=scenario):
                self.assertEqual(self.verdicts(host, scenario), {"skip"})
                for version in VERSIONS:
                    self.assertIn("the CA CN=Leafs,O=Test allows no CA below it (pathlen:0)", self.finding(host, scenario, version)["reason"])
        self.assertEqual(self.depth(host)[2:], ["skip"] * 3)
        self.assertIn("allows 0 below it (pathlen)", self.finding(host, "mtls/depth", "1.3", ",intermediates=2")["reason"])
        # What is left is told as ever, and one CA below it is what path_length is about.
        for scenario in ("mtls/good", "mtls/expired", "mtls/wrong_ca", "mtls/path_length"):
            self.assertEqual(self.verdicts(host, scenario), {"pass"}, scenario)
        self.assertEqual(self.checked.endpoints[host].verdicts(("pass", "skip", "info", "warn")), {}, self.checked.endpoints[host])

    def test_revoked(self):
        for host, verdict in (("crl", "pass"), ("crl optional", "pass"), ("crl no ca", "pass"), ("crl not used", "fail"), ("crl not told", "skip"),
                              ("depth 1", "skip")):
            with self.subTest(host=host):
                self.assertEqual(self.verdicts(host, "mtls/revoked"), {verdict}, self.checked.endpoints[host])
                self.assertEqual(self.verdicts(host, "mtls/good"), {"pass"})
                self.assertEqual(23 in self.codes(host), verdict == "pass")
        self.assertIn("give --client-crl", self.finding("depth 1", "mtls/revoked", "1.3")["reason"])
        # A self-signed certificate has an issuer without a CRL, which optional_no_ca does not forgive.
        self.assertIn("refused", self.finding("crl no ca", "mtls/self_signed", "1.3")["seen"])
        self.assertEqual(self.verdicts("crl no ca", "mtls/self_signed"), {"info"})

    def test_chains_of_which_no_crl_speaks(self):
        """With ssl_crl every CA needs a list, and the intermediates that are forged have none: what is refused for that is no verdict."""
        for host in ("crl", "crl optional", "crl no ca", "crl not told"):
            with self.subTest(host=host):
                self.assertIn(3, self.codes(host))
                for scenario in CHAIN_FAULTS:
                    self.assertEqual(self.verdicts(host, scenario), {"skip"}, scenario)
        self.assertEqual(self.depth("crl"), ["info"] + ["skip"] * 4)
        self.assertIn("none speaks of the intermediate CAs", self.finding("crl", "mtls/depth", "1.2", ",intermediates=2")["reason"])
        self.assertEqual(self.checked.endpoints["crl"].verdicts(("pass", "skip", "info")), {}, self.checked.endpoints["crl"])

    def test_lists_that_refuse_everybody(self):
        for host, code, told in (("stale crl", 12, "CN=Clients,O=Test is stale: its nextUpdate was 2026-01-02T00:00:00Z"),
                                 ("crl of the root only", 3, "no CRL of the CA CN=Issuing,O=Test is given")):
            with self.subTest(host=host):
                self.assertIn(code, self.codes(host))
                self.assertEqual(self.verdicts(host, "mtls/good"), {"fail"})
                self.assertIn(told, self.notes(host))
                for version in VERSIONS:
                    self.assertIn(told, " ".join(self.finding(host, "mtls/good", version)["notes"]))
                self.assertNotIn("pass", self.verdicts(host, "mtls/expired"))
        self.assertEqual(self.verdicts("stale crl", "mtls/revoked"), {"inconclusive"})
        self.assertEqual(self.verdicts("crl of the root only", "mtls/revoked"), {"skip"})
        for host in ("crl", "crl not used", "depth 1"):
            self.assertNotIn("CRL", self.notes(host))

    def test_weak_algorithms_are_policy(self):
        for scenario in ("mtls/weak_rsa_1024", "mtls/sha1_signature"):
            self.assertEqual(self.verdicts("weak", scenario), {"warn"})
            self.assertEqual(self.verdicts("depth 1", scenario), {"pass"})
        self.assertTrue({66, 68} <= self.codes("depth 1"))
        self.assertFalse({66, 68} & self.codes("weak"))
        self.assertNotIn("fail", self.checked.endpoints["weak"].verdicts())

    def test_repeats_never_make_a_pass(self):
        """nginx with ssl_crl and a chain beyond its depth may answer HTTP 400 or break off: either way nothing is proved."""
        checked = check("--target", self.folder / "target.yaml", "--endpoint", "crl", "--repeat", 8, "mtls/depth[tls=1.2,intermediates=3]")
        finding = checked.endpoint.findings["mtls/depth[tls=1.2,intermediates=3]"]
        self.assertIn(finding["verdict"], ("skip", "inconclusive"), checked)
        outcomes = {a["outcome"]["description"] for a in checked.endpoint.report["attempts"] if a["label"].startswith("client certificate with 3")}
        self.assertEqual(bool(finding["repeats"]), len(outcomes) > 1 or finding["verdict"] == "inconclusive", finding)

    def test_wrong_lists_are_refused(self):
        f = self.folder
        pki("ca", "--subject", "CN=Other", "--key", "p256", "--no-passphrase", "--out", f / "other")
        base = [tlsproof(), "check", self.hosts["crl"].endpoint, "--client-ca", f / "other/ca.crt", "--client-ca-key", f / "other/ca.key"]
        for words, message in ((["--client-crl", f / "crl.pem"], "none of the CRLs of the clients is of the client CA CN=Other or of one above it"),
                               (["--client-crl", f / "ca/ca.crt"], "it is a certificate"),
                               (["--client-crl", f / "none.pem"], "none.pem"),
                               (["--verify-depth", "-1"], "--verify-depth"), (["--verify-depth", "deep"], "--verify-depth")):
            done = subprocess.run([*map(str, base), *map(str, words)], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            self.assertIn(message, " ".join(done.stderr.split()))


if __name__ == "__main__":
    unittest.main()
