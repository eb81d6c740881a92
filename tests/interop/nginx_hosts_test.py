"""nginx with three hosts on one port: an open one, and two that require client certificates, each of its own CA. Neither the names of
the others nor their sessions are a way in; and what a session is worth at the host that made it."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import check, pki  # noqa: E402
from support.need import need  # noqa: E402
from support.nginx import Host, Nginx  # noqa: E402

need("nginx")

HOSTS = ("open.test", "a.test", "b.test")
OTHERS = ("--open-host", "open.test", "--other-mutual-host", "b.test")
SCENARIOS = ("mtls/hosts", "mtls/sessions")
NO_CERTIFICATE, BAD_CERTIFICATE = "HTTP 400: No required SSL certificate was sent", "HTTP 400: The SSL certificate error"
MISDIRECTED, DENIED = "HTTP 421: Misdirected Request", "refused during the handshake with alert access_denied (49)"

# Tickets on, a shared cache: what is seen in TLS 1.2 and in TLS 1.3. `~` before it: the session was resumed.
TICKETS = f"""
    hosts/mutual_name_open_host        | info | accepted: HTTP 200: OK       | accepted: HTTP 200: OK
    hosts/no_server_name               | pass | kept out: {NO_CERTIFICATE}   | kept out: {NO_CERTIFICATE}
    hosts/open_name_mutual_host        | pass | kept out: {MISDIRECTED}      | kept out: {MISDIRECTED}
    hosts/this_name_other_host         | pass | kept out: {MISDIRECTED}      | kept out: {MISDIRECTED}
    hosts/unknown_server_name          | pass | kept out: {NO_CERTIFICATE}   | kept out: {NO_CERTIFICATE}
    sessions/bad_then_good             | info | ~refused: {BAD_CERTIFICATE}  | ~refused: {BAD_CERTIFICATE}
    sessions/bad_then_resumed          | pass | ~kept out: {BAD_CERTIFICATE} | ~kept out: {BAD_CERTIFICATE}
    sessions/none_then_good            | info | ~refused: {NO_CERTIFICATE}   | ~refused: {NO_CERTIFICATE}
    sessions/open_host                 | pass | ~kept out: {MISDIRECTED}     | kept out: {DENIED}
    sessions/other_host[identity=none] | pass | ~kept out: {MISDIRECTED}     | kept out: {DENIED}
    sessions/other_host[identity=good] | pass | ~kept out: {MISDIRECTED}     | kept out: {DENIED}
    sessions/resumed_with_another      | info | ~accepted: HTTP 200: OK      | ~accepted: HTTP 200: OK
    sessions/resumed_without           | info | ~accepted: HTTP 200: OK      | ~accepted: HTTP 200: OK
"""
# Without tickets nginx can forget the sessions of clients that it refused, and does: the next handshake is a whole one.
FORGOTTEN = {"sessions/bad_then_good": "accepted: HTTP 200: OK", "sessions/bad_then_resumed": f"kept out: {BAD_CERTIFICATE}",
             "sessions/none_then_good": "accepted: HTTP 200: OK"}


class Hosts(Host):
    """Three server blocks on one port; the first is the default one. `lines` by name; `sessions`: lines of all of them."""

    def __init__(self, folder, lines, sessions):
        super().__init__("hosts", folder / "server/server.crt", folder / "server/server.key")
        self.lines_of, self.sessions = lines, sessions

    def blocks(self):
        (certificate, key), = self.certificates
        out = ""
        for name in HOSTS:
            lines = "".join(f"    {line}\n" for line in (*self.sessions, *self.lines_of[name]))
            out += (f"  server {{\n    listen {self.endpoint} ssl;\n    server_name {name};\n    ssl_certificate {certificate};\n"
                    f"    ssl_certificate_key {key};\n{lines}    default_type text/plain;\n"
                    f"    location / {{ return 200 \"{name}\\n\"; }}\n"
                    "    location = /same { return 200 \"the same page everywhere\\n\"; }\n  }\n")
        return out


def find(checked, name, version):
    """`name` as the tables write it: sessions/other_host[identity=none]."""
    scenario, _, rest = name.partition("[")
    return checked.endpoint.findings[f"mtls/{scenario}[tls={version}{',' + rest if rest else ']'}"]


def seen(finding):
    return finding["seen"].replace("the session was resumed; ", "~").replace("the session was not resumed; ", "")


class Holes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-hosts-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        for ca in ("ca", "a", "b"):
            pki("ca", "--subject", f"O=Test,CN={ca}", "--key", "p256", "--no-passphrase", "--out", f / ca)
        pki("server", "--ca", f / "ca", *[word for name in HOSTS for word in ("--name", name)], "--out", f / "server")

        def mutual(ca, verify="on"):
            return [f"ssl_client_certificate {f}/{ca}/ca.crt;", f"ssl_verify_client {verify};"]

        strict = {"open.test": [], "a.test": mutual("a"), "b.test": mutual("b")}
        cache = ["ssl_session_cache shared:all:1m;"]
        cls.hosts = {
            "tickets": Hosts(f, strict, cache),
            "ids": Hosts(f, strict, [*cache, "ssl_session_tickets off;"]),
            "none": Hosts(f, strict, ["ssl_session_cache off;", "ssl_session_tickets off;"]),
            "optional": Hosts(f, {**strict, "a.test": mutual("a", "optional")}, cache),
            "b open": Hosts(f, {**strict, "b.test": []}, cache),
        }
        cls.enterClassContext(Nginx(f, list(cls.hosts.values())))

    @classmethod
    def check(cls, server, *words, declared="required"):
        f = cls.folder
        return check(cls.hosts[server].endpoint, "--server-name", "a.test", "--trust", f / "ca/ca.crt", "--client-auth", declared,
                     "--client-ca", f / "a/ca.crt", "--client-ca-key", f / "a/ca.key", *words)

    def expect_table(self, checked, but={}):
        for line in TICKETS.strip().splitlines():
            name, verdict, *wanted = (cell.strip() for cell in line.split("|"))
            for version, text in zip(("1.2", "1.3"), [but.get(name, text) for text in wanted]):
                with self.subTest(name=name, version=version):
                    finding = find(checked, name, version)
                    self.assertEqual((finding["verdict"], seen(finding)), (verdict, text), finding)

    def test_tickets(self):
        checked = self.check("tickets", *OTHERS, *SCENARIOS)
        self.assertEqual(checked.status, 0, checked)
        self.expect_table(checked)
        # In TLS 1.2 the session was resumed across names; that this is not as the RFC has it is worth a note.
        notes = find(checked, "sessions/other_host[identity=none]", "1.2")["notes"]
        self.assertTrue(any("RFC 6066 §3 asks for a full handshake" in note for note in notes), notes)

    def test_session_ids(self):
        """Without tickets the shared cache knows the sessions of all hosts, in both versions."""
        checked = self.check("ids", *OTHERS, *SCENARIOS)
        self.assertEqual(checked.status, 0, checked)
        self.expect_table(checked, FORGOTTEN)

    def test_all_connections_are_named(self):
        checked = self.check("tickets", *OTHERS, "--repeat", "2", "mtls/sessions/other_host[tls=1.3,identity=none]")
        finding = find(checked, "sessions/other_host[identity=none]", "1.3")
        self.assertEqual((checked.status, finding["verdict"], finding["repeats"]), (0, "pass", []), checked)
        attempts = [checked.report["endpoints"][0]["attempts"][one["attempt"]] for one in finding["evidence"]]
        self.assertEqual([(a["label"].rsplit(", ", 1)[1], a["outcome"]["resumed"], a["outcome"]["description"]) for a in attempts],
                         2 * [("3 of 3)", False, DENIED), ("1 of 3)", False, NO_CERTIFICATE), ("2 of 3)", False, "HTTP 200: OK")])

    def test_no_sessions(self):
        checked = self.check("none", *OTHERS, *SCENARIOS)
        self.assertEqual(checked.status, 0, checked)
        for name in ("resumed_without", "resumed_with_another", "none_then_good", "open_host"):
            with self.subTest(name=name):
                finding = find(checked, f"sessions/{name}", "1.2")
                self.assertEqual((finding["verdict"], finding["applies"]), ("skip", False), finding)
                self.assertIn("is handed out no session", finding["reason"])
                # In TLS 1.3 nginx hands out sessions all the same, and does not know them again.
                self.assertIn("the session was not resumed", find(checked, f"sessions/{name}", "1.3")["seen"])
        # The bad client was turned away, and has nothing to come back with.
        finding = find(checked, "sessions/bad_then_resumed", "1.2")
        self.assertEqual(finding["verdict"], "pass", finding)
        self.assertIn("handed out no session", finding["seen"])

    def test_without_names(self):
        """Without the others' names their scenarios are skipped, and say what is missing."""
        checked = self.check("tickets", *SCENARIOS)
        self.assertEqual(checked.status, 0, checked)
        self.assertIn("give --open-host", find(checked, "hosts/open_name_mutual_host", "1.3")["reason"])
        self.assertIn("give --other-mutual-host", find(checked, "sessions/other_host[identity=good]", "1.3")["reason"])
        self.assertEqual(find(checked, "hosts/no_server_name", "1.3")["verdict"], "pass")

    def test_open_door(self):
        """Where everybody is let in there is nothing to get around; and a host that is called mutual must be so."""
        checked = self.check("optional", *OTHERS, *SCENARIOS, declared="optional")
        self.assertEqual(checked.status, 0, checked)
        for name in ("hosts/open_name_mutual_host", "hosts/no_server_name", "sessions/open_host"):
            finding = find(checked, name, "1.3")
            self.assertEqual(finding["verdict"], "skip", finding)
            self.assertIn("there is nothing to get around", finding["reason"])
        self.assertEqual(find(checked, "sessions/bad_then_resumed", "1.3")["verdict"], "pass")
        checked = self.check("b open", *OTHERS, "mtls/sessions/other_host")
        self.assertEqual(checked.status, 3, checked)
        self.assertEqual(checked.endpoint.verdicts(), {"inconclusive": {"mtls/sessions/other_host"}}, checked)

    def test_same_page_everywhere(self):
        """A page that all hosts have tells nothing, but a refusal does."""
        checked = self.check("tickets", *OTHERS, "--http-path", "/same", *SCENARIOS)
        self.assertEqual(checked.status, 0, checked)
        self.expect_table(checked)

    def test_target_file(self):
        f = self.folder
        (f / "target.yaml").write_text(
            f"endpoints:\n  - address: {self.hosts['tickets'].endpoint}\n    server_name: a.test\n    client_auth: required\n"
            f"    trust: {{anchors: [ca/ca.crt]}}\n    client_ca: {{certificate: a/ca.crt, key: a/ca.key}}\n"
            f"    virtual_hosts: {{open: open.test, mutual: b.test}}\n    suites: [mtls/hosts, mtls/sessions]\n")
        checked = check("--target", f / "target.yaml")
        self.assertEqual(checked.status, 0, checked)
        self.expect_table(checked)
        self.assertEqual(check("--target", f / "target.yaml", "--open-host", "open.test").status, 2)
        self.assertEqual(self.check("tickets", "--open-host", "127.0.0.1", *SCENARIOS).status, 2)


if __name__ == "__main__":
    unittest.main()
