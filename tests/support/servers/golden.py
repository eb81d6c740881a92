"""A table of what each client meets at each mode of a server and the verdict on it, held against a golden file.

TLSPROOF_UPDATE_GOLDEN=1 writes the file anew; then review the difference like code.
"""
import concurrent.futures
import os
import pathlib
import sys

from support.check import check
from support.servers.base import BESIDE, NAME, OPEN, OTHER, Material, private_folder
from support.servers.witness import Witness

VERSIONS = ("1.2", "1.3")
# The scenarios that come by another way: with what certificate, and (name in the handshake, name in the request) of each visit.
WAYS = {
    "hosts/open_name_mutual_host": ("none", [(OPEN, NAME)]),
    "hosts/mutual_name_open_host": ("none", [(NAME, OPEN)]),
    "hosts/no_server_name": ("none", [(None, NAME)]),
    "hosts/unknown_server_name": ("none", [("unknown.invalid", NAME)]),
    "sessions/resumed_without": ("good", [(NAME, NAME), (NAME, NAME)]),
    "sessions/open_host": ("none", [(OPEN, OPEN), (NAME, NAME)]),
    "sessions/other_host[identity=good]": ("good", [(NAME, NAME), (OTHER, OTHER)]),
}
GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden/servers"


def told(finding):
    """What a finding says, without what changes from day to day or would hide the rest."""
    if finding["verdict"] == "pass" and (finding["scenario"].startswith("oneway/") or finding["scenario"] == "mtls/signature_schemes"):
        return ""
    if "the peer broke the protocol" in finding["seen"]:
        return finding["seen"].split(":")[0]  # how a message that is not one fails to decode is chance
    words = [finding["seen"]] if finding["seen"] else []
    words += [note for note in finding["notes"] if not note.startswith("enforced ")]  # that is said by "refused during …"
    return "; ".join(words + ([finding["reason"]] if finding["reason"] else []))


def rows(findings):
    """{(scenario and what its case is beside the version): {version: (verdict, text)}}"""
    out = {}
    for finding in findings:
        case = [part for part in finding["case"].strip("[]").split(",") if part]
        version = next((part.removeprefix("tls=") for part in case if part.startswith("tls=")), "-")
        rest = ",".join(part for part in case if not part.startswith("tls="))
        name = finding["scenario"] + (f"[{rest}]" if rest else "")
        # Of `oneway` what is as it should be would fill pages.
        if not (name.startswith("oneway/") and finding["verdict"] in ("pass", "skip")):
            out.setdefault(name, {})[version] = (finding["verdict"], told(finding))
    return out


def lines(cells):
    """One line for what is the same in all versions; what is skipped for the same reason stands together."""
    out, skipped = [], {}
    for name, by_version in cells.items():
        groups = {}
        for version, (verdict, text) in by_version.items():
            if verdict == "skip":
                skipped.setdefault(text, []).append(name)
            else:
                groups.setdefault((verdict, text), []).append(version)
        out += [f"  {name:<40} {' '.join(versions):<8} {verdict:<13} {text}".rstrip() for (verdict, text), versions in groups.items()]
    return out + [f"  skip: {' '.join(dict.fromkeys(names))}: {reason}" for reason, names in skipped.items()]


def seen_by_us(outcome):
    """An outcome in the words of the witness."""
    complete = f"handshake {'complete' if outcome['handshake_complete'] else 'not complete'}"
    if outcome["kind"] == "completed":
        return f"HTTP {outcome['http_status']}"
    if outcome["kind"] == "alert":
        return f"alert {outcome['alert']['name']}, {complete}"
    if outcome["kind"] in ("eof", "reset"):
        return f"closed, {complete}"
    if outcome["kind"] == "close_notify":
        return f"close_notify, {complete}"
    return outcome["description"]


class ServerGolden:
    """The tests of a stack, to be mixed into a unittest.TestCase. MODES: what its Server takes; DECLARED: (mode, what the server is declared to do, further keys of
    the target file) to be judged; the first of each mode also is what the witness looks at."""

    STACK = None
    MODES = {}
    DECLARED = ()
    ONEWAY = ""  # the mode that plays the suite `oneway` too
    UNWITNESSED = ()  # clients that the witness cannot play here; the test says why

    @classmethod
    def setUpClass(cls):
        cls.material = Material(private_folder(cls, cls.STACK.program))
        cls.server = cls.enterClassContext(cls.STACK(cls.material, cls.MODES))
        cls.checked = cls.check_all()

    @classmethod
    def check_all(cls):
        m = cls.material
        lines = ["defaults:", f"  trust: {{anchors: [{m.ca}]}}", f"  server_name: {NAME}",
                 f"  client_ca: {{certificate: {m.ca}, key: {m.ca_key}}}", "endpoints:"]
        oneway = True
        for mode, declared, *more in cls.DECLARED:
            suites = "oneway, mtls" if mode == cls.ONEWAY and oneway else "mtls"
            if BESIDE in more:  # what hosts have of their own
                suites = "mtls/good, mtls/none, 'mtls/hosts/*', 'mtls/sessions/*'"
            suites = next((key.removeprefix("suites: ") for key in more if key.startswith("suites: ")), suites)
            more = [key for key in more if not key.startswith("suites: ")]
            oneway = oneway and mode != cls.ONEWAY
            label = ", ".join([mode, f"declared {declared}", *(key.split(": {")[0].split(": [")[0] for key in more)])
            lines.append(f"  - {{label: '{label}', address: '127.0.0.1:{cls.server.ports[mode]}', "
                         f"client_auth: {declared}, suites: [{suites}]{m.words(', '.join(['', *more]))}}}")
        target = m.folder / "target.yaml"
        target.write_text("\n".join(lines) + "\n")
        checked = check("--target", target)
        assert len(checked.endpoints) == len(cls.DECLARED), checked
        return checked

    def table(self):
        module = sys.modules[type(self).__module__]
        out = [f"# {line}".rstrip() for line in module.__doc__.strip().splitlines()]
        first = {}  # mode: the notes and cells of its first declaration
        for label, endpoint in self.checked.endpoints.items():
            mode = label.rsplit(", declared", 1)[0]
            report = endpoint.report
            out += ["", f"[{label}] {report['summary']['conclusion']}"]
            cells = rows(report["findings"])
            first.setdefault(mode, (report["notes"], cells))
            # The same server under another declaration, or "MODE with SOMETHING": what changes.
            base = mode.split(" with ")[0]
            notes, before = first.get(base, (None, cells))
            out += [f"  {note}" for note in report["notes"] if notes != report["notes"] or before is cells]
            out += [f"  error: {report['error']}"] if report["error"] else []
            if before is not cells:
                gone = [f"{name} {version}" for name, by_version in before.items() for version in by_version
                        if version not in cells.get(name, {}) and not name.startswith("oneway/")]
                cells = {name: {version: cell for version, cell in by_version.items() if before.get(name, {}).get(version) != cell}
                         for name, by_version in cells.items()}
                out += [f"  as '{base}'" + (", but" if any(cells.values()) else "")]
                out += [f"  not played: {', '.join(gone)}"] if gone else []
            out += lines(cells)
        return "\n".join(out) + "\n"

    def test_golden(self):
        path = GOLDEN / f"{self.STACK.__name__.lower()}.txt"
        table = self.table()
        if os.environ.get("TLSPROOF_UPDATE_GOLDEN"):
            path.write_text(table)
        wanted = path.read_text() if path.exists() else ""
        self.maxDiff = None
        self.assertEqual(table.splitlines(), wanted.splitlines(), f"{path.name}; ./dev golden rewrites it\n{self.server.logs()}")

    def test_witness(self):
        """libssl meets what we meet, cell by cell; wrong_key it cannot show."""
        cells = []
        for label, endpoint in self.checked.endpoints.items():
            mode = label.rsplit(", declared", 1)[0]
            if any(cell[0] == mode for cell in cells):
                continue
            for client in self.clients(endpoint):
                cells += [(mode, client, version, endpoint) for version in VERSIONS]
        faults = {client for _, client, _, _ in cells} - {"none", "good"}
        self.assertTrue(faults)
        identities = {**{fault: self.material.faulty(fault) for fault in faults}, "none": None, "good": self.material.client}

        def look(cell):
            mode, client, version, _ = cell
            return Witness(self.server.ports[mode], NAME, self.material.ca).meets(identities[client], version)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for (mode, client, version, endpoint), witnessed in zip(cells, pool.map(look, cells)):
                with self.subTest(mode=mode, client=client, version=version):
                    who = {"none": "no client certificate", "good": "good client certificate"}.get(client, f"client certificate {client}")
                    ours = seen_by_us(endpoint.outcome(f"{who}, TLS {version}"))
                    self.assertEqual(ours, witnessed, f"{endpoint}\n{self.server.logs()}")

    def test_witness_of_hosts_and_sessions(self):
        """libssl comes by the same other ways, and is let in or kept out as we are."""
        num = 0
        for label, endpoint in self.checked.endpoints.items():
            witness = Witness(self.server.ports[label.rsplit(", declared", 1)[0]], NAME, self.material.ca)
            if label.endswith("http: none"):
                continue  # the witness asks for a page
            for scenario, (who, visits) in WAYS.items():
                for version in VERSIONS:
                    name, _, rest = scenario.partition("[")
                    finding = endpoint.findings.get(f"mtls/{name}[tls={version}{',' + rest if rest else ']'}")
                    if finding is None or finding["verdict"] not in ("pass", "fail", "info"):
                        continue
                    num += 1
                    with self.subTest(endpoint=label, scenario=scenario, version=version):
                        told, resumed = witness.meets_at(self.material.client if who == "good" else None, version, visits)
                        alert = told.split(",")[0] + " (" if told.startswith("alert") else told.split(",")[0]
                        self.assertIn(alert, finding["seen"], endpoint)
                        if len(visits) > 1 and told.startswith("HTTP"):
                            self.assertEqual(resumed, "the session was resumed" in finding["seen"] + str(finding["notes"]), endpoint)
        self.assertGreater(num, 5)

    @classmethod
    def clients(cls, endpoint):
        """Whom this endpoint has met: none, good, and the faults."""
        found = {label.rsplit(", TLS", 1)[0] for label in endpoint.attempts if label.endswith(("TLS 1.2", "TLS 1.3"))}
        known = {"no client certificate": "none", "good client certificate": "good"}
        clients = {known.get(label, label.removeprefix("client certificate ")) for label in found
                   if label in known or label.startswith("client certificate ")}
        return sorted(clients - {"wrong_key"} - set(cls.UNWITNESSED))
