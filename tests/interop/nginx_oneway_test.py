"""nginx and its own certificate: each fault of a host is found, named, and nothing else is."""
import functools
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import check, openssl, pem_blocks, pki  # noqa: E402
from support.need import need  # noqa: E402
from support.nginx import Host, Nginx, free_port, has_ipv6  # noqa: E402

need("nginx", "openssl")

NAME = "server.test"
# What a good host is told: who answers without a name and for an unknown one, and that our own verifier sees what it should.
TOLD = {"oneway/sni/absent", "oneway/sni/unknown", "oneway/control/wrong_ca", "oneway/control/wrong_name", "oneway/control/shifted_clock"}

# host: exit status, and the scenarios with each verdict beyond pass, skip and TOLD.
WANTED = {
    "good": (0, {}),
    "rsa and ecdsa": (0, {}),
    "p384, ed25519, chain of three": (0, {}),
    "expired": (1, {"fail": {"not_expired"}}),
    "not yet valid": (1, {"fail": {"not_expired"}}),
    "ends in ten days": (0, {"warn": {"days_left"}}),
    "wrong name": (1, {"fail": {"name_matches"}}),
    # Alone, none of these three can be told from a chain whose intermediate was forgotten; valid it is not.
    "wrong ca": (1, {"fail": {"chain_valid"}, "inconclusive": {"chain_complete"}}),
    "wrong ca of the same name": (1, {"fail": {"chain_valid"}, "inconclusive": {"chain_complete"}}),
    "incomplete chain": (1, {"fail": {"chain_valid"}, "inconclusive": {"chain_complete"}}),
    "self-signed": (1, {"fail": {"chain_valid"}}),
    "client certificate": (1, {"fail": {"chain_valid", "extended_key_usage"}}),
    "as openssl x509 -req makes it": (1, {"fail": {"version_3", "has_san"}, "warn": {"name_matches", "extended_key_usage", "lifetime"}}),
    "common name only": (1, {"fail": {"has_san"}, "warn": {"name_matches"}}),
    "no purpose": (0, {"warn": {"extended_key_usage"}}),
    "sha-1": (1, {"fail": {"signature_strength"}}),
    "rsa 1024": (1, {"fail": {"key_strength"}}),
    "reversed chain": (0, {"warn": {"chain_in_order"}}),
    "superfluous certificate": (0, {"warn": {"chain_in_order"}}),
    "old versions": (1, {"fail": {"versions/below_tls1_2"}}),
    "only tls 1.2": (0, {}),
    "only tls 1.3": (0, {}),
    "unknown names rejected": (0, {}),
}

# As `pki fault NAME --role server` makes it.
FORGED = {
    "wrong_purpose": {"fail": {"chain_valid", "extended_key_usage"}},
    "unknown_critical_extension": {"fail": {"chain_valid"}},
    "expired_intermediate": {"fail": {"not_expired"}},
    "future_ca": {"fail": {"not_expired"}},
    "not_a_ca": {"fail": {"chain_valid"}},
    "path_length": {"fail": {"chain_valid"}},
    "name_constraints": {"fail": {"chain_valid"}},
    "weak_rsa_1024": {"fail": {"key_strength"}},
    "sha1_signature": {"fail": {"signature_strength"}},
    "no_san": {"fail": {"has_san"}, "warn": {"name_matches"}},
    "v1": {"fail": {"version_3", "has_san"}, "warn": {"name_matches", "extended_key_usage"}},
    "no_eku": {"warn": {"extended_key_usage"}},
    "wildcard_tld": {"fail": {"name_matches"}},
    "empty_subject": {},
}
# Those that need another name: the client looks for it. The address of the host is 127.0.0.1.
DEEP = "www.deep.server.test"
NAMED = {"ip_as_dns": ("127.0.0.1", 1), "wildcard": (DEEP, 0), "wildcard_partial": (DEEP, 1), "wildcard_too_deep": (DEEP, 1)}
WANTED.update({name: (1 if "fail" in wanted else 0, wanted) for name, wanted in FORGED.items()})


class OneWay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-oneway-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.make_pki()
        cls.hosts = {host.name: host for host in cls.make_hosts()}
        cls.enterClassContext(Nginx(cls.folder, list(cls.hosts.values())))
        lines = ["defaults:", f"  trust: {{anchors: [{cls.folder}/ca/ca.crt]}}", f"  server_name: {NAME}", "  suites: [oneway]", "endpoints:"]
        for host in cls.hosts.values():
            lines.append(f"  - {{label: '{host.name}', address: '{host.endpoint}'}}")
        (cls.folder / "target.yaml").write_text("\n".join(lines) + "\n")

    @classmethod
    def make_pki(cls):
        f = cls.folder
        bare = "--no-passphrase"
        pki("ca", "--subject", "O=Test,CN=Root", "--key", "p256", bare, "--out", f / "ca")
        pki("ca", "--subject", "O=Test,CN=Other root", "--key", "ed25519", bare, "--out", f / "other")
        pki("ca", "--subject", "O=Test,CN=Upper", "--key", "p256", "--issuer", f / "ca", "--path-len", "1", bare, "--out", f / "upper")
        pki("ca", "--subject", "O=Test,CN=Lower", "--key", "ed25519", "--issuer", f / "upper", bare, "--out", f / "lower")
        for out, ca, *more in (("good", "upper", "--name", NAME), ("rsa", "upper", "--name", NAME, "--key", "rsa:2048"),
                               ("p384", "lower", "--name", NAME, "--key", "p384"), ("short", "ca", "--name", NAME, "--days", "10"),
                               ("stranger", "other", "--name", NAME), ("misnamed", "ca", "--name", "elsewhere.test")):
            pki("server", "--ca", f / ca, "--out", f / out, *more)
        pki("client", "--ca", f / "ca", "--name", NAME, "--out", f / "client")
        for fault in ("expired", "not_yet_valid", "wrong_ca", "self_signed", *FORGED):
            pki("fault", fault, "--role", "server", "--ca", f / "ca", "--name", NAME, "--out", f / "faults")
        for fault, (name, _) in NAMED.items():
            pki("fault", fault, "--role", "server", "--ca", f / "ca", "--name", name, "--out", f / "faults")
        good, p384 = pem_blocks(f / "good/server.crt"), pem_blocks(f / "p384/server.crt")
        assert (len(good), len(p384)) == (2, 3)
        (f / "leaf_only.crt").write_text(good[0])
        (f / "reversed.crt").write_text(p384[0] + p384[2] + p384[1])
        (f / "superfluous.crt").write_text("".join(good) + (f / "other/ca.crt").read_text())
        cls.by_openssl("plain", NAME, "rsa:2048", 3650)
        san, purpose = f"subjectAltName=DNS:{NAME}\n", "extendedKeyUsage=serverAuth\n"
        rest = "basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nkeyUsage=critical,digitalSignature\n"
        cls.by_openssl("sha1", NAME, "rsa:2048", 90, rest + san + purpose, "-sha1")
        cls.by_openssl("rsa1024", NAME, "rsa:1024", 90, rest + san + purpose)
        cls.by_openssl("cn_only", NAME, "rsa:2048", 90, rest + purpose)
        cls.by_openssl("no_purpose", NAME, "rsa:2048", 90, rest + san)

    @classmethod
    def by_openssl(cls, name, common_name, key, days, extensions=None, *more):
        f = cls.folder
        openssl("req", "-new", "-newkey", key, "-nodes", "-keyout", f / f"{name}.key", "-subj", f"/CN={common_name}", "-out", f / f"{name}.csr")
        if extensions is not None:
            (f / f"{name}.ext").write_text(extensions)
            more = (*more, "-extfile", f / f"{name}.ext")
        openssl("x509", "-req", "-in", f / f"{name}.csr", "-CA", f / "ca/ca.crt", "-CAkey", f / "ca/ca.key", "-CAcreateserial", "-days", days,
                "-out", f / f"{name}.crt", *more)

    @classmethod
    def make_hosts(cls):
        f = cls.folder
        pair = lambda name: (f / f"{name}/server.crt", f / f"{name}/server.key")
        fault = lambda name: (f / f"faults/{name}.crt", f / f"faults/{name}.key")
        openssl_made = lambda name: (f / f"{name}.crt", f / f"{name}.key")
        good, weak = pair("good"), ["ssl_ciphers ALL:@SECLEVEL=0;"]
        hosts = [
            Host("good", *good),
            Host("rsa and ecdsa", [good[0], pair("rsa")[0]], [good[1], pair("rsa")[1]]),
            Host("p384, ed25519, chain of three", *pair("p384")),
            Host("expired", *fault("expired")),
            Host("not yet valid", *fault("not_yet_valid")),
            Host("ends in ten days", *pair("short")),
            Host("wrong name", *pair("misnamed")),
            Host("wrong ca", *pair("stranger")),
            Host("wrong ca of the same name", *fault("wrong_ca")),
            Host("incomplete chain", f / "leaf_only.crt", good[1]),
            Host("self-signed", *fault("self_signed")),
            Host("client certificate", f / "client/client.crt", f / "client/client.key"),
            Host("as openssl x509 -req makes it", *openssl_made("plain")),
            Host("common name only", *openssl_made("cn_only")),
            Host("no purpose", *openssl_made("no_purpose")),
            Host("sha-1", *openssl_made("sha1"), lines=weak),
            Host("rsa 1024", *openssl_made("rsa1024"), lines=weak),
            Host("reversed chain", f / "reversed.crt", pair("p384")[1]),
            Host("superfluous certificate", f / "superfluous.crt", good[1]),
            Host("old versions", *pair("rsa"), lines=["ssl_protocols TLSv1 TLSv1.1 TLSv1.2;", *weak]),
            Host("only tls 1.2", *good, lines=["ssl_protocols TLSv1.2;"]),
            Host("only tls 1.3", *good, lines=["ssl_protocols TLSv1.3;"]),
            Host("unknown names rejected", *good, server_names=NAME, default=["ssl_reject_handshake on;"]),
            Host("plain", *good, tls=False),
            *(Host(name, *fault(name), lines=weak) for name in FORGED),
            *(Host(name, *fault(name)) for name in NAMED),
        ]
        return hosts + ([Host("v6", *good, address="::1")] if has_ipv6() else [])

    @classmethod
    @functools.cache
    def check_host(cls, name, trust="ca"):
        return check(cls.hosts[name].endpoint, "--server-name", NAME, "--trust", cls.folder / trust / "ca.crt", "oneway")

    def expect(self, checked, status, wanted):
        found = {verdict: {s for s in scenarios if s not in TOLD} for verdict, scenarios in checked.endpoint.verdicts(("pass", "skip")).items()}
        self.assertEqual({verdict: scenarios for verdict, scenarios in found.items() if scenarios},
                         {verdict: {f"oneway/{s}" for s in scenarios} for verdict, scenarios in wanted.items()}, checked)
        self.assertEqual(checked.status, status, checked)

    def test_each_host(self):
        for name, (status, wanted) in WANTED.items():
            with self.subTest(host=name):
                self.expect(self.check_host(name), status, wanted)

    def test_names_as_they_must_not_be_written(self):
        for host, (name, status) in NAMED.items():
            with self.subTest(host=host):
                checked = check(self.hosts[host].endpoint, "--server-name", name, "--trust", self.folder / "ca/ca.crt", "oneway")
                self.expect(checked, status, {"fail": {"name_matches"}} if status else {})

    def test_all_hosts_in_one_run(self):
        """Intermediates met at one endpoint tell what is missing at another."""
        checked = check("--target", self.folder / "target.yaml", "oneway/chain_complete")
        incomplete = checked.endpoints["incomplete chain"]
        self.assertEqual(incomplete.verdicts(), {"fail": {"oneway/chain_complete"}, "skip": {"oneway/chain_complete"}}, incomplete)
        for name in ("wrong ca", "wrong ca of the same name"):
            self.assertEqual(set(checked.endpoints[name].verdicts()), {"inconclusive", "skip"}, checked.endpoints[name])
        self.assertEqual(checked.status, 1, checked)

    def test_both_certificates_are_looked_at(self):
        findings = self.check_host("rsa and ecdsa").endpoint.findings
        for scenario in ("handshake", "chain_complete", "key_strength"):
            for version in ("1.2", "1.3"):
                for key, told in (("rsa", "RSA 2048"), ("ecdsa", "P-256")):
                    finding = findings[f"oneway/{scenario}[tls={version},key_type={key}]"]
                    self.assertEqual(finding["verdict"], "pass", finding)
                    if scenario == "key_strength":
                        self.assertIn(told, finding["seen"])

    def test_versions(self):
        """Which versions answer: old ones only where they are switched on, and a version that is off is a skip, not a pass."""
        for host, tls10 in (("good", "pass"), ("old versions", "fail")):
            findings = self.check_host(host).endpoint.findings
            verdicts = {version: findings[f"oneway/versions/below_tls1_2[tls={version}]"]["verdict"] for version in ("ssl3", "1.0", "1.1")}
            self.assertEqual(verdicts, {"ssl3": "pass", "1.0": tls10, "1.1": tls10}, host)
        for host, spoken, silent in (("only tls 1.2", "1.2", "1.3"), ("only tls 1.3", "1.3", "1.2")):
            findings = self.check_host(host).endpoint.findings
            self.assertEqual(findings[f"oneway/handshake[tls={spoken},key_type=ecdsa]"]["verdict"], "pass")
            self.assertEqual(findings[f"oneway/handshake[tls={silent},key_type=ecdsa]"]["verdict"], "skip")

    def test_what_clients_without_a_known_name_are_told(self):
        for host, told in (("good", NAME), ("unknown names rejected", "unrecognized_name (112)")):
            findings = self.check_host(host).endpoint.findings
            for scenario in ("absent", "unknown"):
                for version in ("1.2", "1.3"):
                    self.assertIn(told, findings[f"oneway/sni/{scenario}[tls={version}]"]["seen"], host)

    def test_plain_http(self):
        """A port that forgot `ssl` gives its content away; a TLS port says what is wrong and no more."""
        plain = self.check_host("plain")
        self.assertEqual(plain.status, 1, plain)
        self.assertEqual(plain.endpoint.verdicts()["fail"], {"oneway/plain_http"}, plain)
        self.assertEqual([f["scenario"] for f in plain.endpoint.report["findings"] if f["verdict"] == "pass"], [], plain)
        (finding,) = [f for f in self.check_host("good").endpoint.report["findings"] if f["scenario"] == "oneway/plain_http"]
        self.assertEqual(finding["verdict"], "pass", finding)
        self.assertIn("The plain HTTP request was sent to HTTPS port", finding["seen"])

    def test_wrong_trust_and_name(self):
        self.expect(self.check_host("good", trust="other"), 1, {"fail": {"chain_valid"}, "inconclusive": {"chain_complete"}})
        checked = check(self.hosts["good"].endpoint, "--server-name", "elsewhere.test", "--trust", self.folder / "ca/ca.crt", "oneway")
        self.expect(checked, 1, {"fail": {"name_matches"}})

    def test_unreachable(self):
        dead = check(f"127.0.0.1:{free_port()}", "oneway")
        self.assertEqual((dead.status, dead.endpoint.report["unreachable"]), (3, True), dead)
        self.assertIn("refused", dead.endpoint.report["error"])
        unknown = check("nobody.invalid:443", "--timeout", "2", "oneway")  # RFC 6761: it never resolves
        self.assertEqual((unknown.status, unknown.endpoint.report["unreachable"]), (3, True), unknown)
        self.assertIn("nobody.invalid", unknown.endpoint.report["error"])
        # Neither hides a finding elsewhere.
        (self.folder / "two.yaml").write_text(f"defaults: {{trust: {{anchors: [ca/ca.crt]}}, server_name: {NAME}}}\nendpoints:\n"
                                              f"  - {{label: dead, address: '127.0.0.1:{free_port()}'}}\n"
                                              f"  - {{label: expired, address: '{self.hosts['expired'].endpoint}'}}\n")
        both = check("--target", self.folder / "two.yaml", "oneway/not_expired")
        self.assertEqual(both.status, 1, both)
        self.assertTrue(both.endpoints["dead"].report["unreachable"])
        self.assertEqual(both.endpoints["expired"].verdicts()["fail"], {"oneway/not_expired"}, both)

    def test_connect_to(self):
        """The name of HOST:PORT goes into SNI and is looked for in the certificate; the connection goes elsewhere."""
        words = ("--connect-to", self.hosts["unknown names rejected"].endpoint, "--trust", self.folder / "ca/ca.crt", "oneway")
        self.expect(check(f"{NAME}:443", *words), 0, {})
        refused = check("elsewhere.test:443", *words)
        self.assertEqual(refused.status, 3, refused)

    @unittest.skipUnless(has_ipv6(), "no IPv6 here")
    def test_ipv6(self):
        checked = self.check_host("v6")
        self.expect(checked, 0, {})
        self.assertTrue(checked.endpoint.report["peer_address"].startswith("[::1]:"), checked.endpoint.report["peer_address"])


if __name__ == "__main__":
    unittest.main()
