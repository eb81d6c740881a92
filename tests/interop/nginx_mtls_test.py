"""nginx and client certificates: what each ssl_verify_client does with each client, and the verdict on it by what is declared."""
import pathlib
import re
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import check, openssl, pki  # noqa: E402
from support.need import need  # noqa: E402
from support.nginx import Host, Nginx  # noqa: E402

need("nginx", "openssl")

NAME = "server.test"
VERSIONS = ("TLS 1.2", "TLS 1.3")

# What nginx does, TLS 1.2 and 1.3 alike. 400n: HTTP 400 "No required SSL certificate was sent"; 400c: HTTP 400 "The SSL
# certificate error"; 51: the alert decrypt_error. Last: what OpenSSL says about the certificate, number and text.
MATRIX = """
    client presents            | on   | optional | optional_no_ca | off | OpenSSL
    none                       | 400n | 200      | 200            | 200 |
    good                       | 200  | 200      | 200            | 200 |
    expired                    | 400c | 400c     | 400c           | 200 | 10 certificate has expired
    not_yet_valid              | 400c | 400c     | 400c           | 200 | 9 certificate is not yet valid
    wrong_ca                   | 400c | 400c     | 200            | 200 | 21 unable to verify the first certificate
    self_signed                | 400c | 400c     | 200            | 200 | 18 self-signed certificate
    missing_intermediate       | 400c | 400c     | 200            | 200 | 21 unable to verify the first certificate
    wrong_key                  | 51   | 51       | 51             | 200 | bad signature
    wrong_purpose              | 400c | 400c     | 400c           | 200 | 26 unsuitable certificate purpose
    unknown_critical_extension | 400c | 400c     | 400c           | 200 | 34 unhandled critical extension
    expired_intermediate       | 400c | 400c     | 400c           | 200 | 10 certificate has expired
    future_ca                  | 400c | 400c     | 400c           | 200 | 9 certificate is not yet valid
    not_a_ca                   | 400c | 400c     | 400c           | 200 | 26 unsuitable certificate purpose
    path_length                | 400c | 400c     | 400c           | 200 | 25 path length constraint exceeded
    name_constraints           | 400c | 400c     | 400c           | 200 | 47 permitted subtree violation
    weak_rsa_1024              | 400c | 400c     | 400c           | 200 | 66 EE certificate key too weak
    sha1_signature             | 400c | 400c     | 400c           | 200 | 68 CA signature digest algorithm too weak
    v1                         | 200  | 200      | 200            | 200 |
    no_eku                     | 200  | 200      | 200            | 200 |
    no_san                     | 200  | 200      | 200            | 200 |
    empty_subject              | 200  | 200      | 200            | 200 |
    non_ascii                  | 200  | 200      | 200            | 200 |
    hostile_subject            | 200  | 200      | 200            | 200 |
    huge                       | 80   | 80       | 80             | 200 | internal error
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in MATRIX.strip().splitlines()]
SERVERS = ROWS[0][1:-1]
SEEN = {row[0]: dict(zip(SERVERS, row[1:])) for row in ROWS[1:]}
OPENSSL = {row[0]: row[-1] for row in ROWS[1:]}
# Without mtls/hosts and mtls/sessions: what several connections show is nginx_hosts_test.py's.
PLAYED = [f"mtls/{name}" for name in (*SEEN, "requested", "ca_names", "signature_schemes", "depth")]
TRUST_FAULTS = ("wrong_ca", "self_signed", "missing_intermediate")
ODD = ("no_eku", "no_san", "empty_subject", "non_ascii", "hostile_subject", "huge")  # valid: to be accepted
WEAK = {"weak_rsa_1024": "warn", "sha1_signature": "warn", "v1": "info"}  # the verdict when they are let in
FAULTS = tuple(client for client in SEEN if client not in ("none", "good", "wrong_key"))
# Valid chains of 2, 3 and 4 intermediates are too deep for nginx's default, and so for on and optional.
NUM_TOO_DEEP = 3

# The verdict by what is declared and what is seen. bad: a certificate with a fault of its own; stranger: one that nobody who is
# trusted vouches for.
VERDICTS = """
    declared   | not asked for | none let in | none refused | good let in | good refused | bad let in | bad refused | stranger let in | stranger refused
    none       | pass          | pass        | fail         | info        | fail         | info       | info        | info            | info
    optional   | fail          | pass        | fail         | pass        | fail         | fail       | pass        | fail            | pass
    required   | fail          | fail        | pass         | pass        | fail         | fail       | pass        | fail            | pass
    unverified | fail          | pass        | info         | pass        | fail         | fail       | pass        | info            | info
    unknown    | info          | info        | info         | info        | info         | info       | info        | info            | info
"""
TABLE = [[cell.strip() for cell in line.split("|")] for line in VERDICTS.strip().splitlines()]
RULES = {row[0]: dict(zip(TABLE[0][1:], row[1:])) for row in TABLE[1:]}
RIGHT = {"on": "required", "optional": "optional", "optional_no_ca": "unverified", "off": "none"}

# The suite does not present certificates where none is asked for. These do, so that the column "off" is seen too.
UNASKED = """title: A client certificate that is not asked for
requirement: info
why: Shows that it is never sent.
we_are: client
tls: [1.2, 1.3]
identity: {fault: %s}
expect: {client_auth: refused}
"""


def shown(outcome):
    """An outcome as the matrix writes it."""
    if outcome["kind"] == "alert":
        return str(outcome["alert"]["value"])
    reason = {"No required SSL certificate was sent": "n", "The SSL certificate error": "c"}.get(outcome["http_reason"], "")
    return f"{outcome['http_status']}{reason}" if outcome["kind"] == "completed" else outcome["description"]


def label(client, version):
    return {"none": "no client certificate", "good": "good client certificate"}.get(client, f"client certificate {client}") + f", {version}"


def rule(declared, client, server):
    """The verdict on mtls/<client>, by both tables."""
    if client == "wrong_key":
        return "pass"  # refused everywhere, and to be refused whatever is declared
    let_in = SEEN[client][server] == "200"
    # A good chain of two intermediates is refused too: so that nothing is said of the path length.
    if client == "path_length" and server in ("on", "optional"):
        return "skip"
    if client in ODD:
        return RULES[declared]["good let in"] if let_in else "info"
    who = client if client in ("none", "good") else "stranger" if client in TRUST_FAULTS else "bad"
    verdict = RULES[declared][f"{who} {'let in' if let_in else 'refused'}"]
    return WEAK.get(client, "fail") if verdict == "fail" else verdict


class Matrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-mtls-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        for ca in ("ca", "other"):
            pki("ca", "--subject", f"O=Test,CN={ca}", "--key", "p256", "--no-passphrase", "--out", f / ca)
        (f / "passphrase").write_text("correct horse\n")
        openssl("pkcs8", "-topk8", "-in", f / "ca/ca.key", "-v2", "aes-256-cbc", "-iter", 2048, "-passout", f"file:{f}/passphrase",
                "-out", f / "encrypted.key")
        pki("server", "--ca", f / "ca", "--name", NAME, "--out", f / "server")
        (f / "scenarios/unasked").mkdir(parents=True)
        for fault in (*FAULTS, "wrong_key"):
            (f / f"scenarios/unasked/{fault}.yaml").write_text(UNASKED % fault)
        pair = (f / "server/server.crt", f / "server/server.key")
        log = f"access_log {f}/access.log proof;"
        cls.hosts = {s: Host(s, *pair, lines=[log, f"ssl_client_certificate {f}/ca/ca.crt;", f"ssl_verify_client {s};"]) for s in SERVERS}
        cls.hosts["stranger"] = Host("stranger", *pair, lines=[f"ssl_client_certificate {f}/other/ca.crt;", "ssl_verify_client on;"])
        log_format = "log_format proof '$server_port $remote_port $ssl_protocol $ssl_client_verify';"
        cls.enterClassContext(Nginx(f, list(cls.hosts.values()), http_lines=[log_format]))
        cls.declared = cls.check_declared()
        cls.right = {s: cls.check_one(s) for s in SERVERS}

    @classmethod
    def check_one(cls, server):
        """As somebody would who declares what is so."""
        f = cls.folder
        words = ["unasked"] if server == "off" else []
        return check(cls.hosts[server].endpoint, "--server-name", NAME, "--trust", f / "ca/ca.crt", "--client-auth", RIGHT[server],
                     "--client-ca", f / "ca/ca.crt", "--client-ca-key", f / "encrypted.key", "--passphrase-file", f / "passphrase",
                     "--scenarios", f / "scenarios", *PLAYED, *words)

    @classmethod
    def check_declared(cls):
        """Every declaration to every server, right and wrong, in one run."""
        f = cls.folder
        lines = ["defaults:", f"  trust: {{anchors: [{f}/ca/ca.crt]}}", f"  server_name: {NAME}", f"  suites: [{', '.join(PLAYED)}]",
                 f"  client_ca: {{certificate: {f}/ca/ca.crt, key: {f}/ca/ca.key}}", "endpoints:"]
        for declared in RULES:
            for server, host in cls.hosts.items():
                auth = "" if declared == "unknown" else f", client_auth: {declared}"
                lines.append(f"  - {{label: {declared} {server}, address: '{host.endpoint}'{auth}}}")
        (f / "target.yaml").write_text("\n".join(lines) + "\n")
        return check("--target", f / "target.yaml")

    def logged(self, path, pattern, count):
        """Matches in a log that is written by somebody else a moment later."""
        deadline = time.monotonic() + 10
        while True:
            found = re.findall(pattern, (self.folder / path).read_text(errors="replace"), re.MULTILINE)
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.01)

    def test_what_is_seen(self):
        for server, checked in self.right.items():
            for client, cells in SEEN.items():
                for version in VERSIONS:
                    with self.subTest(server=server, client=client, version=version):
                        outcome = checked.endpoint.outcome(label(client, version))
                        self.assertEqual(shown(outcome), cells[server], checked)
                        self.assertEqual(outcome["version"]["name"], version)
                        self.assertEqual(outcome["client_certificate_requested"], server != "off")
                        self.assertEqual(outcome["client_certificate_sent"], server != "off" and client != "none")
                        # The handshake fails for a client that cannot prove its key and for no other, and in TLS 1.3 the
                        # client has finished before the server can know.
                        refused_early = cells[server] in ("51", "80")
                        self.assertEqual(outcome["handshake_complete"], not refused_early or version == "TLS 1.3")
                        phase = "application" if not refused_early else "after_finished" if version == "TLS 1.3" else "handshake"
                        self.assertEqual(outcome["phase"], phase)

    def test_what_openssl_says_of_each_certificate(self):
        """Each forged certificate has its fault and no other: nginx's log, connection by connection."""
        port_of = {server: str(self.hosts[server].port) for server in SERVERS}
        num_requests = 2 * sum(not cell.isdigit() or cell == "200" for cells in SEEN.values() for cell in cells.values())
        log = self.logged("access.log", r"^(\d+) (\d+) (\S+) (.*)$", num_requests)
        verified = {(server_port, client_port): (protocol.replace("v", " "), said) for server_port, client_port, protocol, said in log}
        for server, checked in self.right.items():
            for client, cells in SEEN.items():
                for version in VERSIONS:
                    if cells[server] in ("51", "80"):
                        continue  # no request was read
                    with self.subTest(server=server, client=client, version=version):
                        trace = checked.endpoint.attempts[label(client, version)]["trace"]
                        said = "NONE" if server == "off" or client == "none" else \
                            "SUCCESS" if cells[server] == "200" and client not in TRUST_FAULTS else \
                            "FAILED:" + OPENSSL[client].split(" ", 1)[1]
                        self.assertEqual(verified.get((port_of[server], trace["local_address"].rsplit(":", 1)[1])), (version, said))

    def test_error_log(self):
        """The numbers that OpenSSL gives, and the reason for the alert."""
        for server in SERVERS:
            # A run of each of the declarations, and the one that this test is about.
            runs = len(RULES) + 1
            wanted = {}
            for client, cells in SEEN.items():
                if cells[server] == "400c":
                    code = int(OPENSSL[client].split()[0])
                    wanted[code] = wanted.get(code, 0) + 2 * runs
            if server in ("on", "optional"):
                wanted[20] = 2 * runs * NUM_TOO_DEEP
            host = re.escape(f'host: "{NAME}:{self.hosts[server].port}"')
            codes = self.logged("error.log", r"client SSL certificate verify error: \((\d+):.*" + host, sum(wanted.values()))
            self.assertEqual({int(code): codes.count(code) for code in codes}, wanted, server)
            missing = 2 * runs * (SEEN["none"][server] == "400n")
            self.assertEqual(len(self.logged("error.log", "client sent no required SSL certificate.*" + host, missing)), missing, server)
            for client in ("wrong_key", "huge"):
                bad = 2 * runs * (SEEN[client][server] != "200")
                pattern = OPENSSL[client] + rf"\).*server: {re.escape(self.hosts[server].endpoint)}$"
                self.assertEqual(len(self.logged("error.log", pattern, bad)), bad, server)

    def test_right_declaration_holds(self):
        for server, checked in self.right.items():
            with self.subTest(server=server):
                self.assertNotIn("fail", checked.endpoint.verdicts(), checked)
                # What was not asked for was not shown, and so says nothing.
                self.assertEqual(checked.status, 3 if server == "off" else 0, checked)

    def test_verdicts(self):
        for declared in RULES:
            for server in SERVERS:
                endpoint = self.declared.endpoints[f"{declared} {server}"]
                wanted = {"requested": RULES[declared]["not asked for"], "ca_names": "skip", "signature_schemes": "skip",
                          **{client: "skip" for client in SEEN}}
                if server != "off":
                    # Asked for where nothing is declared fails at once; that is what `none` in the table's first column is about.
                    wanted = {"requested": {"none": "fail", "unknown": "info"}.get(declared, "pass"), "ca_names": "info",
                              "signature_schemes": "pass", **{client: rule(declared, client, server) for client in SEEN}}
                for scenario, verdict in wanted.items():
                    for version in ("1.2", "1.3"):
                        with self.subTest(declared=declared, server=server, scenario=scenario, version=version):
                            finding = endpoint.findings[f"mtls/{scenario}[tls={version}]"]
                            self.assertEqual(finding["verdict"], verdict, finding)
                            if verdict == "skip":
                                self.assertIn("a good chain with as many intermediates (2) is refused too" if server != "off" else
                                              "no CertificateRequest", finding["reason"])

    def test_wrong_declarations_fail(self):
        """The exit status by what the summary of each endpoint says, and once for each as a run of its own."""
        for declared in RULES:
            for server in SERVERS:
                with self.subTest(declared=declared, server=server):
                    endpoint = self.declared.endpoints[f"{declared} {server}"]
                    # "unverified" leaves it to the application whom to let in: all that asks is as declared.
                    right = declared in (RIGHT[server], "unknown") or declared == "unverified" and server != "off"
                    self.assertEqual("fail" in endpoint.verdicts(), not right, endpoint)
        self.assertEqual(self.declared.status, 1)
        for declared, server, scenario, status in (("required", "optional", "mtls/none", 1), ("none", "on", "mtls/none", 1),
                                                   ("required", "on", "mtls/none", 0)):
            with self.subTest(declared=declared, server=server):
                done = check("--target", self.folder / "target.yaml", "--endpoint", f"{declared} {server}", scenario)
                self.assertEqual(done.status, status, done)

    def test_nobody_is_let_in(self):
        """A server that trusts another CA refuses the good client too: its refusals of the others prove nothing.

        But decrypt_error is said of CertificateVerify alone.
        """
        for declared in ("required", "optional", "unverified"):
            with self.subTest(declared=declared):
                endpoint = self.declared.endpoints[f"{declared} stranger"]
                verdicts = endpoint.verdicts()
                self.assertEqual(verdicts["fail"], {"mtls/good"}, endpoint)
                self.assertEqual(verdicts["warn"], {"mtls/ca_names"})
                self.assertEqual(verdicts["inconclusive"],
                                 {f"mtls/{client}" for client in (*SEEN, "depth") if client not in ("good", "wrong_key")})
                self.assertIn("mtls/wrong_key", endpoint.verdicts(without=())["pass"])


if __name__ == "__main__":
    unittest.main()
