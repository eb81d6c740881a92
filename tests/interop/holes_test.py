"""haproxy as many configure it: one port, certificates asked for by the server name, pages chosen by the Host header. What it leaves open
is caught, by the scenarios it is about and by no other; closed, hole by hole, it passes. libssl's own client sees the same."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import check, openssl, pki  # noqa: E402
from support.need import need  # noqa: E402
from support.nginx import free_port, wait_for_port  # noqa: E402

need("haproxy", "openssl")

HOSTS = ("open.test", "a.test", "b.test")
SCENARIOS = ("mtls/hosts", "mtls/sessions")
VERSIONS = ("1.2", "1.3")

# Host and server name must be the same. Sessions are not to be had: tickets and cache are off.
COMPARED = ["http-request set-var(txn.host) req.hdr(host),field(1,:)",
            "http-request deny deny_status 421 unless { ssl_fc_sni,strcmp(txn.host) eq 0 }"]
NO_TICKETS, NO_CACHE = "no-tls-tickets", "  tune.ssl.cachesize 0"
# The frontend asks everybody, takes every certificate, and judges by a rule.
JUDGED = "verify optional ca-file {a} crt-ignore-err all ca-ignore-err all"
EVERY_REQUEST = ["http-request deny unless { ssl_c_used }", "http-request deny unless { ssl_c_verify 0 }"]
FULL_HANDSHAKES_ONLY = ["http-request deny unless { ssl_c_used }", "http-request deny if !{ ssl_c_verify 0 } !{ ssl_fc_is_resumed }"]


def folder_with_keys(path):
    """A CA for the server, one for the clients of each mutual host, and a certificate with all names."""
    f = pathlib.Path(path)
    for ca in ("ca", "a", "b"):
        pki("ca", "--subject", f"O=Test,CN={ca}", "--key", "p256", "--no-passphrase", "--out", f / ca)
    pki("server", "--ca", f / "ca", *[word for name in HOSTS for word in ("--name", name)], "--out", f / "server")
    pki("client", "--ca", f / "a", "--name", "client.test", "--out", f / "client")
    (f / "both.pem").touch(mode=0o600)
    (f / "both.pem").write_text((f / "server/server.crt").read_text() + (f / "server/server.key").read_text())
    return f


class Haproxy:
    """Context manager. Without `bind` each host of `hosts` has its own demand, by the server name; the first is the default one."""

    def __init__(self, folder, rules=(), sessions=True, hosts=("a.test", "b.test", "open.test"), bind=None):
        self.folder, self.rules, self.sessions, self.hosts, self.bind = folder, rules, sessions, hosts, bind

    def config(self, work):
        f = self.folder
        demand = {"a.test": f"ca-file {f}/a/ca.crt verify required", "b.test": f"ca-file {f}/b/ca.crt verify required",
                  "open.test": "verify none"}
        (work / "list").write_text("".join(f"{f}/both.pem [{demand[name]}] {name}\n" for name in self.hosts))
        certificates = f"crt {f}/both.pem {self.bind.format(a=f / 'a/ca.crt')}" if self.bind else f"crt-list {work}/list"
        pages = [f"  http-request return status 200 content-type text/plain string {name} if {{ req.hdr(host),field(1,:) {name} }}"
                 for name in HOSTS]
        return "\n".join(["global", "  ssl-default-bind-options ssl-min-ver TLSv1.2", *([] if self.sessions else [NO_CACHE]), "defaults",
                          "  mode http", "  timeout connect 10s", "  timeout client 10s", "  timeout server 10s", "frontend all",
                          f"  bind {self.address} ssl {certificates} {'' if self.sessions else NO_TICKETS}",
                          *[f"  {rule}" for rule in self.rules], *pages, "  http-request deny deny_status 404"]) + "\n"

    def __enter__(self):
        work = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        for attempt in range(5):  # another process may take the port between the look and the start
            self.port = free_port()
            self.address = f"127.0.0.1:{self.port}"
            (work / "haproxy.cfg").write_text(self.config(work))
            with open(work / "log", "wb") as log:
                self.process = subprocess.Popen([program, "-db", "-f", str(work / "haproxy.cfg")], stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=log)
            try:
                wait_for_port(self.port, self.process, (work / "log").read_text)
                return self
            except RuntimeError:
                self.__exit__()
                if attempt == 4 or "cannot bind" not in (work / "log").read_text().lower():
                    raise
        raise RuntimeError("no free port")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Holes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-holes-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = folder_with_keys(temporary.name)

    def check(self, server, *words):
        f = self.folder
        return check(server.address, "--server-name", "a.test", "--trust", f / "ca/ca.crt", "--client-auth", "required", "--client-ca",
                     f / "a/ca.crt", "--client-ca-key", f / "a/ca.key", "--open-host", "open.test", "--other-mutual-host", "b.test", *words)

    def expect_failures(self, checked, names, versions=VERSIONS):
        """These fail in these versions and there in each of their cases, and nothing else does."""
        verdicts = {}
        for finding in checked.endpoint.report["findings"]:
            version = finding["case"].removeprefix("[tls=")[:3]
            verdicts.setdefault((finding["scenario"].removeprefix("mtls/"), version), set()).add(finding["verdict"])
        wanted = {(name, version) for name in names for version in versions}
        self.assertEqual({key for key, seen in verdicts.items() if "fail" in seen}, wanted, checked)
        for key in wanted:
            self.assertEqual(verdicts[key], {"fail"}, checked)
        self.assertNotIn("inconclusive", checked.endpoint.verdicts(), checked)
        self.assertEqual(checked.status, 1 if names else 0, checked)

    def test_left_open(self):
        with Haproxy(self.folder) as server:
            checked = self.check(server, *SCENARIOS)
            self.expect_failures(checked, {"hosts/open_name_mutual_host", "hosts/this_name_other_host", "sessions/open_host",
                                           "sessions/other_host"})
            for version in VERSIONS:
                finding = checked.endpoint.findings[f"mtls/sessions/other_host[tls={version},identity=none]"]
                self.assertEqual(finding["seen"], "the session was resumed; let in: HTTP 200: OK, a page of the other host")
                finding = checked.endpoint.findings[f"mtls/hosts/open_name_mutual_host[tls={version}]"]
                self.assertEqual(finding["seen"], "let in: HTTP 200: OK, the page that the good client gets")

    def test_open_by_default(self):
        """Where the open host comes first it answers who says no name, or one that nobody has."""
        with Haproxy(self.folder, hosts=("open.test", "a.test", "b.test"), sessions=False) as server:
            self.expect_failures(self.check(server, *SCENARIOS),
                                 {"hosts/open_name_mutual_host", "hosts/this_name_other_host", "hosts/no_server_name", "hosts/unknown_server_name"})

    def test_names_compared(self):
        """The name of a session of TLS 1.2 is the one that it was made with; in TLS 1.3 it is said anew, and is no help."""
        with Haproxy(self.folder, COMPARED) as server:
            self.expect_failures(self.check(server, *SCENARIOS), {"sessions/open_host", "sessions/other_host"}, versions=("1.3",))

    def test_no_sessions(self):
        with Haproxy(self.folder, sessions=False) as server:
            self.expect_failures(self.check(server, *SCENARIOS), {"hosts/open_name_mutual_host", "hosts/this_name_other_host"})

    def test_closed(self):
        with Haproxy(self.folder, COMPARED, sessions=False, hosts=("open.test", "a.test", "b.test")) as server:
            self.expect_failures(self.check(server, *SCENARIOS), set())

    def test_verdict_lost_on_resumption(self):
        for rules, failures in ((FULL_HANDSHAKES_ONLY, {"sessions/bad_then_resumed"}), (EVERY_REQUEST, set())):
            with self.subTest(rules=rules), Haproxy(self.folder, rules, bind=JUDGED) as server:
                checked = self.check(server, "mtls/sessions/bad_then_resumed", "mtls/sessions/bad_then_good")
                self.expect_failures(checked, failures)
                for version in VERSIONS:
                    seen = checked.endpoint.findings[f"mtls/sessions/bad_then_good[tls={version}]"]["seen"]
                    self.assertIn("resumed; accepted" if failures else "resumed; refused", seen)

    def s_client(self, server, name, *words):
        f = self.folder
        request = f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
        return openssl("s_client", "-connect", server.address, "-servername", name, "-CAfile", f / "ca/ca.crt", "-ign_eof", *words, input=request)

    def test_witness(self):
        """openssl s_client with the session of a.test, without a certificate, at b.test."""
        f = self.folder
        with Haproxy(f) as server:
            for version in ("-tls1_2", "-tls1_3"):
                with self.subTest(version=version):
                    self.s_client(server, "a.test", version, "-cert", f / "client/client.crt", "-key", f / "client/client.key", "-sess_out",
                                  f / "session")
                    said = self.s_client(server, "b.test", version, "-sess_in", f / "session")
                    self.assertRegex(said, r"(?s)\nReused, .*HTTP/1\.1 200 OK.*b\.test")


if __name__ == "__main__":
    unittest.main()
