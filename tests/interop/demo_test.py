"""The demo runs, is content with what it saw, and leaves reports that are as the published schema says."""
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need, tlsproof  # noqa: E402

need("nginx")

SOURCE = pathlib.Path(os.environ.get("TLSPROOF_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
GOOD = {"one-way", "one-way-rsa-ecdsa", "mutual", "mutual-optional"}
# The scenario that each faulty host must fail.
FAULTY = {"declared-required-but-optional": "mtls/none", "expired": "oneway/not_expired", "wrong-ca": "oneway/chain_valid",
          "wrong-name": "oneway/name_matches", "incomplete-chain": "oneway/chain_valid"}


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-demo-test-")
        cls.addClassCleanup(temporary.cleanup)
        cls.out = pathlib.Path(temporary.name) / "out"
        (cls.out.parent / "tmp").mkdir()
        # Deriving keys from passphrases frees much memory in small pieces; AddressSanitizer need not keep all of it.
        options = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=16"]))
        cls.done = subprocess.run([sys.executable, SOURCE / "tests/demo/demo.py", "--tlsproof", tlsproof(), "--out", cls.out],
                                  capture_output=True, text=True, timeout=250,
                                  env={**os.environ, "TMPDIR": str(cls.out.parent / "tmp"), "ASAN_OPTIONS": options})
        cls.reports = {path.stem: json.loads(path.read_text()) for path in cls.out.glob("*.json")}

    def test_it_is_content(self):
        self.assertEqual(self.done.returncode, 0, self.done.stdout + self.done.stderr)
        self.assertEqual(self.done.stderr, "")
        self.assertEqual(set(self.reports), GOOD | set(FAULTY))
        for host in self.reports:
            self.assertIn(host, self.done.stdout)
            self.assertTrue((self.out / f"{host}.txt").read_text().strip(), host)
            self.assertTrue((self.out / f"{host}.md").read_text().startswith(f"## tlsproof: {'PASSED' if host in GOOD else 'FAILED'}\n"), host)
            self.assertEqual("<failure " in (self.out / f"{host}.xml").read_text(), host not in GOOD, host)

    def test_it_shows_how_to_look_at_the_proof(self):
        """Where there is a tshark, by doing it."""
        (line,) = [line for line in self.done.stdout.splitlines() if line.startswith("    tshark ")]
        words = shlex.split(line)
        self.assertEqual(pathlib.Path(words[2]).parent, self.out / "evidence")
        self.assertEqual((self.out / "evidence").stat().st_mode & 0o777, 0o700)
        self.assertIn("mtls/none[tls=", self.done.stdout)
        if shutil.which("tshark") or os.environ.get("TLSPROOF_REQUIRE_TOOLS"):
            shown = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
            self.assertIn("Handshake Protocol: Certificate Request", shown)
            self.assertIn("HTTP/1.1 200 OK", shown)

    def test_it_loads_a_host_and_plots_it(self):
        report = json.loads((self.out / "bench/bench.json").read_text())
        (side,) = report["sides"]
        self.assertEqual(report["conclusion"], "measured")
        self.assertGreater(side["repeats"][0]["completed"], 0)
        self.assertEqual(side["repeats"][0]["failed"], 0)
        self.assertIn(" handshakes/s\n", self.done.stdout)
        self.assertIn(f"The plot of it: {self.out}/bench/bench.svg\n", self.done.stdout)
        self.assertEqual(ET.parse(self.out / "bench/bench.svg").getroot().tag, "{http://www.w3.org/2000/svg}svg")

    def test_it_leaves_nothing_behind(self):
        self.assertEqual(list((self.out.parent / "tmp").iterdir()), [])

    def test_good_hosts_are_clean_and_faults_are_caught(self):
        for host, report in self.reports.items():
            with self.subTest(host=host):
                (endpoint,) = report["endpoints"]
                fails = {finding["scenario"] for finding in endpoint["findings"] if finding["verdict"] == "fail"}
                other = {finding["id"] for finding in endpoint["findings"] if finding["verdict"] in ("warn", "error", "inconclusive")}
                if host in GOOD:
                    self.assertEqual((fails, other), (set(), set()))
                else:
                    self.assertEqual(fails, {FAULTY[host]})

    def test_every_finding_can_be_proved(self):
        """What is judged points to a connection and to events on it, with the bytes of those that were on the wire."""
        for host, report in self.reports.items():
            (endpoint,) = report["endpoints"]
            unproved = [f["id"] for f in endpoint["findings"] if f["verdict"] != "skip" and not self.is_proved(f, endpoint["attempts"])]
            self.assertEqual(unproved, [], host)

    @staticmethod
    def is_proved(finding, attempts):
        for evidence in finding["evidence"]:
            trace = attempts[evidence["attempt"]]["trace"]
            events = {event["index"]: event for event in trace["events"]}
            if not trace["client_to_server_bytes"] or not evidence["events"]:
                return False
            if any(len(events[i]["hex"]) != 2 * min(events[i]["len"], 256) for i in evidence["events"]):
                return False
        return bool(finding["evidence"])

    def test_schema(self):
        schema = SOURCE / "reports/schema/check.schema.json"
        if not schema.exists():
            self.skipTest("no schema")
        try:
            import jsonschema
        except ImportError:
            if os.environ.get("TLSPROOF_REQUIRE_TOOLS"):
                raise
            self.skipTest("python3-jsonschema is not installed")
        validator = jsonschema.validators.validator_for(json.loads(schema.read_text()))(json.loads(schema.read_text()))
        for host, report in self.reports.items():
            with self.subTest(host=host):
                self.assertEqual([error.message for error in validator.iter_errors(report)], [])


if __name__ == "__main__":
    unittest.main()
