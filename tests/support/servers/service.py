"""Servers of other services than HTTP: most speak in the clear first, and many want to be somebody else than root."""
import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile
import time

from support.check import check
from support.need import tlsproof
from support.servers.base import NAME, Material, Server, private_folder

# What s_client calls how a service begins TLS; those that are not here begin it with the connection.
STARTTLS = {"smtp": "smtp", "imap": "imap", "pop3": "pop3", "ldap": "ldap", "ftp": "ftp", "xmpp": "xmpp", "postgres": "postgres",
            "mysql": "mysql"}
VERSIONS = ("1.2", "1.3")
# What `inspect` calls it.
PRELUDES = {"smtp": "SMTP STARTTLS", "imap": "IMAP STARTTLS", "pop3": "POP3 STLS", "ldap": "LDAP StartTLS", "ftp": "FTP AUTH TLS",
            "xmpp": "XMPP STARTTLS", "postgres": "PostgreSQL SSLRequest", "mysql": "MySQL SSLRequest"}


def s_client(port, app, ca, identity=None, version=None):
    """What OpenSSL's client sees: {"version", "suite", "leaf"} or None when there was no handshake with a certificate for us."""
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", NAME, "-verify_hostname", NAME, "-CAfile", ca,
             "-verify_return_error"]
    if app in STARTTLS:
        words += ["-starttls", STARTTLS[app], "-xmpphost", NAME] if app == "xmpp" else ["-starttls", STARTTLS[app]]
    if identity:
        words += ["-cert", identity[0], "-key", identity[1]]
    if version:
        words += [f"-tls{version.replace('.', '_')}"]
    try:
        done = subprocess.run([str(word) for word in words], input=b"", capture_output=True, timeout=10)
    except subprocess.TimeoutExpired:
        return None
    out = done.stdout.decode(errors="replace")
    agreed = re.search(r"^New, (\S+), Cipher is (\S+)$", out, re.MULTILINE)
    leaf = re.search(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----", out, re.DOTALL)
    if not agreed or not leaf or "Verification: OK" not in out:
        return None
    return {"version": agreed[1].replace("TLSv", "TLS "), "suite": agreed[2], "leaf": leaf[0] + "\n"}


class Service(Server):
    """`modes`: {mode: (the word of --app, the settings that a stack understands)}."""

    account = None  # who runs it when we are root

    def public_folder(self):
        """A folder for what runs as `account`, with the certificates in it; the material's is ours alone."""
        temporary = tempfile.TemporaryDirectory(prefix=f"tlsproof-{type(self).__name__.lower()}-")
        self.public.enter_context(temporary)
        folder = pathlib.Path(temporary.name)
        for source in (self.material.ca, self.material.certificate, self.material.key):
            shutil.copy(source, folder / pathlib.Path(source).name)
        if os.geteuid() == 0 and self.account:
            entry = pwd.getpwnam(self.account)
            for path in (folder, *folder.iterdir()):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        return folder

    def as_account(self, words):
        """Words that run as `account` when we are root."""
        if os.geteuid() != 0 or not self.account:
            return words
        return ["setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--clear-groups", "--", *words]

    def __enter__(self):
        self.public = contextlib.ExitStack()
        try:
            return super().__enter__()
        except BaseException:
            self.public.close()
            raise

    def __exit__(self, *error):
        super().__exit__(*error)
        self.public.close()

    def _wait_for(self, mode, seconds=30.0):
        deadline = time.monotonic() + seconds
        while s_client(self.ports[mode], self.modes[mode][0], self.material.ca, self.material.client) is None:
            ended = [process for process in self._processes if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"{self.program} does not answer as {mode}; status {[p.returncode for p in ended]}\n{self.logs()}")
            time.sleep(0.05)


class ServiceChecks:
    """The tests of a service, to be mixed into a unittest.TestCase.

    MODES: what its Service takes. DECLARED: {mode: what it is right to declare}. REFUSAL: {mode: how a client without a certificate
    is refused where it is required, a pattern of the outcome's description}. USERS: {mode: who we say we are}. TRUE_FINDINGS: {mode:
what is wrong although the declaration is right}."""

    STACK = None
    MODES = {}
    DECLARED = {}
    REFUSAL = {}
    USERS = {}
    TRUE_FINDINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.material = Material(private_folder(cls, cls.STACK.program))
        cls.server = cls.enterClassContext(cls.STACK(cls.material, cls.MODES))
        cls.checked = cls.check_all()

    @classmethod
    def check_all(cls):
        """Each mode as it is right, and as it is wrong: required for none, none for required."""
        m = cls.material
        lines = ["defaults:", f"  trust: {{anchors: [{m.ca}]}}", f"  server_name: {NAME}", "  suites: [oneway, mtls]",
                 f"  client_ca: {{certificate: {m.ca}, key: {m.ca_key}}}",
                 f"  client_identity: {{certificate: {m.client[0]}, key: {m.client[1]}}}", "endpoints:"]
        for mode, (app, *_) in cls.MODES.items():
            app_text = f"{{protocol: {app}, user: {cls.USERS[mode]}}}" if mode in cls.USERS else app
            for declared in (cls.DECLARED[mode], "none" if cls.DECLARED[mode] == "required" else "required"):
                suites = "" if declared == cls.DECLARED[mode] else ", suites: [mtls]"
                lines.append(f"  - {{label: '{mode}, declared {declared}', address: '127.0.0.1:{cls.server.ports[mode]}', "
                             f"app: {app_text}, client_auth: {declared}{suites}}}")
        target = m.folder / "target.yaml"
        target.write_text("\n".join(lines) + "\n")
        return check("--target", target)

    def endpoint(self, mode, declared):
        return self.checked.endpoints[f"{mode}, declared {declared}"]

    def test_right_declaration_holds(self):
        for mode, declared in self.DECLARED.items():
            with self.subTest(mode=mode):
                endpoint = self.endpoint(mode, declared)
                self.assertEqual(endpoint.report["error"], "", endpoint)
                self.assertEqual(endpoint.verdicts(without=("pass", "info", "skip")), self.TRUE_FINDINGS.get(mode, {}),
                                 f"{endpoint}\n{self.server.logs()}")
                for version in VERSIONS:
                    passed = [finding["id"] for finding in endpoint.report["findings"] if finding["verdict"] == "pass"]
                    self.assertTrue([name for name in passed if name.startswith("oneway/handshake") and f"tls={version}" in name], endpoint)

    def test_wrong_declaration_fails(self):
        self.assertEqual(self.checked.status, 1, self.checked)
        for mode, right in self.DECLARED.items():
            with self.subTest(mode=mode):
                endpoint = self.endpoint(mode, "none" if right == "required" else "required")
                failed = endpoint.verdicts().get("fail", set())
                self.assertTrue(failed & {"mtls/none", "mtls/requested"}, endpoint)  # let in; asked, or not

    def test_clients(self):
        """None and a stranger refused, the good one let in, in both versions, where certificates are required."""
        for mode, declared in self.DECLARED.items():
            endpoint = self.endpoint(mode, declared)
            for version in VERSIONS:
                with self.subTest(mode=mode, version=version):
                    if declared != "required":
                        outcome = endpoint.outcome(f"no client certificate, TLS {version}")
                        self.assertEqual(outcome["kind"], "completed", endpoint)
                        self.assertNotEqual(outcome["app_reply"], "", endpoint)
                        continue
                    for client in ("none", "wrong_ca", "good"):
                        finding = endpoint.findings[f"mtls/{client}[tls={version}]"]
                        self.assertEqual(finding["verdict"], "pass", endpoint)
                    self.assertEqual(endpoint.outcome(f"good client certificate, TLS {version}")["kind"], "completed", endpoint)
                    self.assertRegex(endpoint.outcome(f"no client certificate, TLS {version}")["description"], self.REFUSAL[mode], endpoint)

    def test_inspected(self):
        """In the recording of each connection `inspect` finds the same way to TLS, and the ClientHello behind it."""
        m = self.material
        for mode, (app, *_) in self.MODES.items():
            with self.subTest(mode=mode), tempfile.TemporaryDirectory(prefix="tlsproof-inspected-") as folder:
                words = ["--app", app, "--trust", m.ca, "--server-name", NAME, "--evidence", folder]
                checked = check(f"127.0.0.1:{self.server.ports[mode]}", "oneway", *words)
                recorded = sorted(pathlib.Path(folder).rglob("*.pcapng"))
                self.assertTrue(recorded, checked)
                done = subprocess.run([tlsproof(), "inspect", "--json", *map(str, recorded)], capture_output=True, text=True, timeout=120)
                handshakes = [json.loads(line) for line in done.stdout.splitlines()]
                self.assertEqual({one["source"] for one in handshakes}, {str(path) for path in recorded}, done.stderr)
                for one in handshakes:
                    self.assertEqual(one["prelude"] or "", PRELUDES.get(app, ""), one["source"])
                    self.assertTrue(one["client_known"] and one["offered"], one["source"])
                self.assertTrue([one for one in handshakes if one["keys"]], done.stderr)

    def test_witness(self):
        """OpenSSL's client agrees with the good one on version and suite, and sees the certificate that was made."""
        for mode, (app, *_) in self.MODES.items():
            for version in VERSIONS:
                with self.subTest(mode=mode, version=version):
                    seen = s_client(self.server.ports[mode], app, self.material.ca, self.material.client, version)
                    self.assertIsNotNone(seen, self.server.logs())
                    outcome = self.endpoint(mode, self.DECLARED[mode]).outcome(f"good client certificate, TLS {version}")
                    self.assertEqual(outcome["version"]["name"], seen["version"])
                    # The server chooses among what it is offered; who offers otherwise may get another suite of that version.
                    self.assertEqual(self.material.certificate.read_text().split("-----END")[0], seen["leaf"].split("-----END")[0])
