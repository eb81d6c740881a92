"""One run, every format: JSON, JUnit, Markdown, GitHub's commands and text agree with each other and with the exit status;
and a baseline excuses what was there before, and nothing else."""
import collections
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ET

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import openssl, pem_blocks, pki  # noqa: E402
from support.need import need, tlsproof  # noqa: E402
from support.nginx import Host, Nginx, free_port  # noqa: E402

need("nginx", "openssl", "xmllint")

SOURCE = pathlib.Path(__file__).resolve().parents[2]
NAME = "server.example.com"
FORMATS = {"json": "json", "junit": "xml", "markdown": "md", "github": "github", "text": "txt"}


class Run:
    """A finished check with a report in every format."""

    def __init__(self, folder, *words, during=None):
        self.out = pathlib.Path(tempfile.mkdtemp(dir=folder))
        words = [tlsproof(), "check", *map(str, words)]
        for name, extension in FORMATS.items():
            words += ["--report", f"{name}={self.out}/r.{extension}"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if during:
            during(process)
        self.stdout, self.stderr = process.communicate(timeout=120)
        self.status = process.returncode
        self.files = {name: self.out / f"r.{extension}" for name, extension in FORMATS.items()}
        self.written = all(path.exists() for path in self.files.values())
        if self.written:
            self.json = json.loads(self.files["json"].read_text())
            self.junit = ET.parse(self.files["junit"]).getroot()
            self.texts = {name: path.read_text() for name, path in self.files.items()}

    def findings(self, label=None):
        return {(e["label"], f["id"]): f for e in self.json["endpoints"] for f in e["findings"] if label in (None, e["label"])}

    def __str__(self):
        return f"status {self.status}\n{self.stdout[-3000:]}\n{self.stderr}"


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-reports-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        pki("ca", "--subject", "O=Test,CN=ca", "--key", "p256", "--no-passphrase", "--out", f / "ca")
        pki("server", "--ca", f / "ca", "--name", NAME, "--out", f / "good")
        for name in ("third", "fourth"):
            pki("ca", "--subject", f"O=Test,CN={name}", "--key", "p256", "--no-passphrase", "--out", f / name)
            pki("server", "--ca", f / name, "--name", NAME, "--out", f / f"by_{name}")
        pki("fault", "expired", "--role", "server", "--ca", f / "ca", "--name", NAME, "--out", f / "faults")
        good = (f / "good/server.crt", f / "good/server.key")
        cls.hosts = [Host("good", *good), Host("bad", f / "faults/expired.crt", f / "faults/expired.key"),
                     *(Host(name, *good, lines=[f"ssl_client_certificate {f}/ca/ca.crt;", f"ssl_verify_client {mode};"])
                       for name, mode in (("required", "on"), ("optional", "optional"))),
                     *(Host(name, f / f"by_{name}/server.crt", f / f"by_{name}/server.key") for name in ("third", "fourth")),
                     Host("retry", *good, lines=["ssl_ecdh_curve secp384r1;"])]
        cls.enterClassContext(Nginx(f, cls.hosts))
        cls.dead = free_port()

    def target(self, name, endpoints, *more):
        f = self.folder
        lines = ["defaults:", f"  trust: {{anchors: [{f}/ca/ca.crt]}}", f"  server_name: {NAME}", "  client_auth: none", "endpoints:"]
        lines += [f"  - {{label: '{label}', address: '{address}'}}" for label, address in endpoints]
        path = f / f"{name}.yaml"
        path.write_text("\n".join([*lines, *more]) + "\n")
        return path

    def address(self, name):
        return next(host.endpoint for host in self.hosts if host.name == name)

    def agree(self, run, fail_on="fail"):
        """What holds for every run: the formats say the same, and what the exit status is."""
        done = subprocess.run(["xmllint", "--noout", "--schema", SOURCE / "reports/schema/junit.xsd", run.files["junit"]], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        held = {"fail": ("fail",), "warn": ("fail", "warn"), "info": ("fail", "warn", "info"), "none": ()}[fail_on]
        counted = collections.Counter()
        for f in run.findings().values():
            verdict = f["verdict"]
            if f["waived"] or f["known"] or verdict == "skip" or (verdict == "fail" and fail_on == "none"):
                counted["skipped"] += 1
            elif verdict in ("error", "inconclusive"):
                counted["error"] += 1
            elif verdict in held:
                counted["failure"] += 1
        broken = sum(e["unreachable"] or bool(e["error"]) or not any(f["verdict"] in ("pass", "fail", "warn") for f in e["findings"])
                     for e in run.json["endpoints"]) + run.json["interrupted"]
        counted["error"] += broken
        marks = {mark: len(run.junit.findall(f".//testcase/{mark}")) for mark in ("failure", "error", "skipped")}
        self.assertEqual(marks, {mark: counted[mark] for mark in marks}, run)
        self.assertEqual((int(run.junit.get("failures")), int(run.junit.get("errors"))), (marks["failure"], marks["error"]))
        self.assertEqual(int(run.junit.get("tests")), len(run.findings()) + broken)
        wanted = 130 if run.json["interrupted"] else 1 if counted["failure"] else 3 if counted["error"] else 0
        self.assertEqual(run.status, wanted, run)
        self.assertEqual(bool(re.search("^::error ", run.texts["github"], re.M)), run.status != 0)
        self.assertIn(f"exit status {run.status}", run.texts["markdown"])
        word = run.texts["markdown"].splitlines()[0].removeprefix("## tlsproof: ")
        last = [line for line in run.texts["text"].splitlines() if line.startswith("    " + word)]
        self.assertTrue(last, run.texts["text"][-600:])
        self.assertIn(f"tlsproof: {word}  ", run.texts["github"].splitlines()[-1])
        conclusion = run.json["summary"]["conclusion"]
        names = {"PASSED WITH WARNINGS": "warned", "FAULTS EXCUSED": "excused"}
        self.assertEqual(names.get(word, word.lower().replace(" ", "_")), conclusion)
        self.assertEqual({"failed": 1, "incomplete": 3, "not_tested": 3, "interrupted": 130}.get(conclusion, 0), run.status, conclusion)
        self.assertEqual([e["summary"]["conclusion"] for e in run.json["endpoints"]],
                         [p.get("value") for p in run.junit.findall("testsuite/properties/property[@name='conclusion']")])

    def test_good_bad_and_dead(self):
        target = self.target("three", [("good", self.address("good")), ("bad: 50%", self.address("bad")), ("dead", f"127.0.0.1:{self.dead}")])
        run = Run(self.folder, "--target", target, "oneway")
        self.agree(run)
        self.assertEqual(run.status, 1)
        suites = {suite.get("name"): suite for suite in run.junit}
        self.assertEqual(suites["good"].get("failures"), "0")
        self.assertIsNotNone(suites["dead"].find("testcase/error[@type='unreachable']"))
        failed = suites["bad: 50%"].find("testcase[@name='oneway/not_expired[tls=1.3,key_type=ecdsa]']")
        self.assertEqual(failed.get("classname"), "bad: 50%.oneway")
        self.assertIn("ended at ", failed.find("failure").get("message"))
        self.assertIn("replay   tlsproof check --target", failed.find("failure").text)
        self.assertRegex(run.texts["github"], rf"(?m)^::error title=FAIL oneway/not_expired TLS 1.2 1.3 key_type=ecdsa at bad%3A 50%25,file={re.escape(str(target))},line=7::")
        self.assertRegex(run.texts["markdown"], r"(?m)^\| bad&#58; 50% \| FAILED \|")
        self.assertRegex(run.texts["markdown"], r"(?m)^\| dead \| UNREACHABLE \|")

    def test_each_threshold(self):
        target = self.target("thresholds", [("bad", self.address("bad"))])
        for fail_on in ("fail", "warn", "info", "none"):
            with self.subTest(fail_on=fail_on):
                run = Run(self.folder, "--target", target, "--fail-on", fail_on, "oneway/not_expired", "oneway/sni/absent", "oneway/handshake")
                self.agree(run, fail_on)
                self.assertEqual(run.status, 0 if fail_on == "none" else 1)

    def test_an_interruption_is_an_error(self):
        """A peer that accepts and says nothing, and somebody who does not wait."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            def interrupt(process):
                connection, _ = silent.accept()
                process.send_signal(signal.SIGINT)
                with connection:
                    deadline = time.monotonic() + 60
                    while process.poll() is None and time.monotonic() < deadline:
                        time.sleep(0.02)
            run = Run(self.folder, f"127.0.0.1:{silent.getsockname()[1]}", "--server-name", NAME, during=interrupt)
        self.assertEqual(run.status, 130, run)
        self.agree(run)
        self.assertIsNotNone(run.junit.find(".//error[@type='interrupted']"))
        self.assertIn("::error title=INTERRUPTED", run.texts["github"])

    def test_certificates_and_retry_are_told(self):
        f = self.folder
        wanted = []
        for pem in pem_blocks(f / "good/server.crt"):
            out = openssl("x509", "-noout", "-fingerprint", "-sha256", input=pem)
            wanted.append(out.split("=")[1].strip().replace(":", "").lower())
        for name, is_retry in (("good", False), ("retry", True)):
            run = Run(f, self.address(name), "--server-name", NAME, "--trust", f / "ca/ca.crt", "--tls", "1.3", "oneway/handshake")
            self.agree(run)
            (endpoint,) = run.json["endpoints"]
            done = [a for a in endpoint["attempts"] if a["outcome"]["handshake_complete"] and a["outcome"]["version"]["name"] == "TLS 1.3"]
            self.assertTrue(done)
            for attempt in done:
                self.assertEqual(attempt["peer_certificates"], wanted)
                self.assertEqual(attempt["outcome"]["hello_retry_request"], is_retry, attempt["label"])

    def test_baseline(self):
        f = self.folder
        words = ("oneway/not_expired", "oneway/handshake", "oneway/name_matches")
        before = Run(f, "--target", self.target("before", [("a", self.address("bad")), ("b", self.address("good"))]), *words)
        self.assertEqual(before.status, 1, before)
        report = before.files["json"]
        # The same again: known, in every format, and no failure.
        same = Run(f, "--target", f / "before.yaml", "--baseline", report, *words)
        self.agree(same)
        self.assertEqual(same.status, 0)
        known = {key for key, finding in same.findings().items() if finding["known"]}
        self.assertEqual(known, {("a", f"oneway/not_expired[tls={v},key_type=ecdsa]") for v in ("1.2", "1.3")})
        self.assertTrue(all(same.findings()[key]["verdict"] == "fail" for key in known))
        self.assertIn("KNOWN", same.texts["text"])
        self.assertEqual(len(same.junit.findall(".//skipped[@type='known']")), 2)
        self.assertIn("::notice title=KNOWN oneway/not_expired", same.texts["github"])
        self.assertIn("known from the baseline", same.texts["markdown"])
        self.assertEqual(same.json["summary"]["conclusion"], "excused")
        # The fault moves to the other host: fixed there, new here.
        self.target("moved", [("a", self.address("good")), ("b", self.address("bad"))])
        moved = Run(f, "--target", f / "moved.yaml", "--baseline", report, *words)
        self.agree(moved)
        self.assertEqual(moved.status, 1)
        self.assertEqual([e["fixed"] for e in moved.json["endpoints"]], [["oneway/not_expired[tls=1.2,key_type=ecdsa]", "oneway/not_expired[tls=1.3,key_type=ecdsa]"], []])
        for name, text in moved.texts.items():
            self.assertIn("fixed", text, name)
        self.assertNotIn("KNOWN", moved.texts["text"])
        # What could not be tested is not made good.
        self.target("gone", [("a", f"127.0.0.1:{self.dead}"), ("b", self.address("good"))])
        gone = Run(f, "--target", f / "gone.yaml", "--baseline", report, *words)
        self.agree(gone)
        self.assertEqual(gone.status, 3)

    def test_another_fault_of_a_known_check_is_new(self):
        """The same host, check and verdict, and something worse: declared otherwise, another certificate, another answer."""
        f = self.folder
        def both(before, now, word, *more):
            target = f / "worse.yaml"
            write = lambda lines: target.write_text(f"endpoints:\n  - label: a\n    server_name: {NAME}\n    trust: {{anchors: [{f}/ca/ca.crt]}}\n{lines}")
            write(before)
            first = Run(f, "--target", target, *more, word)
            write(now)
            return first, Run(f, "--target", target, "--baseline", first.files["json"], *more, word)
        optional = f"    address: '{self.address('required')}'\n    client_auth: optional\n"
        required = f"    address: '{self.address('optional')}'\n    client_auth: required\n"
        undeclared = f"    address: '{self.address('required')}'\n", f"    address: '{self.address('optional')}'\n"
        third, fourth = (f"    address: '{self.address(name)}'\n" for name in ("third", "fourth"))
        for what, before, now, word, *more in (
                ("refused everybody, lets everybody in", optional, required, "mtls/none"),
                ("the same, undeclared", *undeclared, "mtls/none", "--fail-on", "info"),
                ("of another root, of a third", third, fourth, "oneway/chain_valid")):
            with self.subTest(what):
                first, second = both(before, now, word, *more)
                self.assertEqual([f["verdict"] for f in first.findings().values()], [f["verdict"] for f in second.findings().values()], (first, second))
                self.assertEqual((first.status, second.status), (1, 1), (first, second))
                self.agree(second, more[-1] if more else "fail")
                self.assertEqual(second.json["summary"]["known"], 0)
                self.assertIn("not what the baseline has: ", second.texts["text"])

    def test_the_same_again_is_known(self):
        """Whatever is told of a host, by every scenario, --fail-on info: nothing in it is of one run alone."""
        f = self.folder
        endpoints = [(name, self.address(host), auth) for name, host, auth in
                     (("open", "optional", "required"), ("shut", "required", "none"), ("plain", "bad", "unknown"))]
        target = f / "again.yaml"
        target.write_text(f"defaults:\n  server_name: {NAME}\n  trust: {{anchors: [{f}/ca/ca.crt]}}\n"
                          f"  client_ca: {{certificate: {f}/ca/ca.crt, key: {f}/ca/ca.key}}\nendpoints:\n" +
                          "".join(f"  - {{label: {name}, address: '{address}', client_auth: {auth}}}\n" for name, address, auth in endpoints))
        first = Run(f, "--target", target, "--fail-on", "info", "oneway", "mtls")
        again = Run(f, "--target", target, "--fail-on", "info", "oneway", "mtls", "--baseline", first.files["json"])
        told = [key for key, finding in first.findings().items() if finding["verdict"] in ("fail", "warn", "info")]
        self.assertGreater(len(told), 40)
        new = [(key, finding["seen"], finding["notes"]) for key, finding in again.findings().items()
               if finding["verdict"] in ("fail", "warn", "info") and not finding["known"]]
        self.assertEqual(new, [])
        self.assertNotEqual(again.status, 1, again)
        self.agree(again, "info")

    def test_a_baseline_that_cannot_be_used(self):
        f = self.folder
        (f / "other.json").write_text(json.dumps({"schema": "tlsproof-check/1", "endpoints": [{"label": "elsewhere", "findings": []}]}))
        (f / "next.json").write_text(json.dumps({"schema": "tlsproof-check/2", "endpoints": []}))
        (f / "text.json").write_text("FAILED\n")
        for name, said in (("other.json", "has none of the endpoints of this run; it has: elsewhere"), ("next.json", "written as tlsproof-check/2"),
                           ("text.json", "no valid JSON"), ("missing.json", "No such file")):
            with self.subTest(name):
                done = subprocess.run([tlsproof(), "check", f"127.0.0.1:{self.dead}", "--baseline", f / name], capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(said, " ".join(done.stderr.split()))
                self.assertEqual(done.stderr.count("tlsproof:"), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
