#!/usr/bin/env python3
"""Bad luck around a run: a full disk, an output that nobody reads, Ctrl-C, an endpoint of many that is dead. What was judged is told, what
could not be written is said once with its name, no half file is left, and the exit status is never a silent 0."""
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import unittest
import xml.etree.ElementTree

from support.need import need, tlsproof
from support.peer import Peer, Tls, client_hello, record
from support.pki import make_pki
from support.program import Done, expect_complaint, expect_sound, run

need("openssl")
DEAD = "127.0.0.1:1"


def can_mount():
    return subprocess.run(["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True).returncode == 0


class Luck(unittest.TestCase):
    """A CA, a server certificate, and a good HTTPS server."""

    @classmethod
    def setUpClass(cls):
        cls.pki = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-luck-"))
        cls.addClassCleanup(shutil.rmtree, cls.pki)
        make_pki(cls.pki)
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(cls.pki / "server.crt", cls.pki / "server.key")
        cls.peer = cls.enterClassContext(Peer(cls.serve))

    @classmethod
    def serve(cls, connection, _):
        tls = Tls(cls.context, connection)
        tls.accept()
        tls.request()
        tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        tls.step(tls.object.unwrap)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-luck-"))
        self.addCleanup(shutil.rmtree, self.folder)
        # Without the CA the chain is not trusted, and that is a finding.
        self.endpoint = ["check", f"localhost:{self.peer.port}", "--connect-to", self.peer.address]
        self.good = [*self.endpoint, "--trust", str(self.pki / "ca.crt"), "oneway/handshake"]
        self.bad = [*self.endpoint, "oneway/chain_valid"]

    def complains_once(self, done, pattern):
        self.assertEqual(re.findall(rb"^\S+", done.err, re.MULTILINE), [b"tlsproof:"], done)
        self.assertRegex(done.said, pattern, done)


class FullDisk(Luck):
    def on_a_small_disk(self, size, words):
        """Runs with a file system of `size` bytes at the folder `disk`. Returns Done and {name: size} of what is on it at the end."""
        (self.folder / "disk").mkdir(exist_ok=True)
        script = f'mount -t tmpfs -o size={size} none disk && echo old > disk/old.json && "$@"; s=$?; (cd disk; find . -type f -size -1000k -printf "%s %p\\n"' \
                 ') > listing; exit $s'
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", os.path.abspath(tlsproof()), *words], cwd=self.folder, capture_output=True,
                              timeout=60)
        listing = dict(reversed(line.split(" ", 1)) for line in (self.folder / "listing").read_text().splitlines())
        return Done(words, done.returncode, done.stdout, done.stderr, 0, 0), listing

    def test_evidence_and_reports(self):
        if not can_mount():
            self.skipTest("no file system can be mounted here")
        for words, status in ((self.good, 3), (self.bad, 1)):
            for size, fits in (("16k", True), ("4k", False)):
                with self.subTest(words=words, size=size):
                    done, listing = self.on_a_small_disk(size, [*words, "--evidence", "disk/evidence", "--format", "json"])
                    expect_sound(self, done, {status})
                    self.complains_once(done, r"cannot write 'disk/evidence/.*No space left on device")
                    endpoint = json.loads(done.out)["endpoints"][0]
                    self.assertIn({1: "fail", 3: "pass"}[status], {finding["verdict"] for finding in endpoint["findings"]})
                    named = {"./" + a["evidence"].removeprefix("disk/") for a in endpoint["attempts"] if a["evidence"]}
                    # No part of a file, and no file that the report does not know.
                    self.assertEqual({name for name in listing if name.endswith(".pcapng")}, named)
                    self.assertLess(len(named), len(endpoint["attempts"]))
                    self.assertEqual(bool(named), fits, listing)
                    self.assertFalse([name for name in listing if ".part" in name], listing)
        done, listing = self.on_a_small_disk("4k", [*self.good, "--report", "json=disk/old.json", "--report", "text=story.txt"])
        expect_sound(self, done, {3})
        self.complains_once(done, "cannot write 'disk/old.json': No space left on device")
        self.assertEqual(listing, {"./old.json": "4"})  # what was there stays
        self.assertIn("oneway/handshake", (self.folder / "story.txt").read_text())
        self.assertIn("PASS handshake", done.text)

    def test_a_limit_on_the_size_of_files(self):
        """`ulimit -f`, whose signal would end the program: an error like any other."""
        done = subprocess.run(["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", os.path.abspath(tlsproof()), *self.good, "--report", "json=r.json", "--evidence", "e"],
                              cwd=self.folder, capture_output=True, timeout=60)
        done = Done(self.good, done.returncode, done.stdout, done.stderr, 0, 0)
        expect_sound(self, done, {3})
        self.assertRegex(done.said, r"cannot write 'e/.*': File too large .*cannot write 'r.json': File too large")
        self.assertIn("PASS handshake", done.text)
        self.assertEqual({path.name for path in self.folder.iterdir()}, {"e"})
        self.assertFalse([path for path in (self.folder / "e").iterdir() if path.name != "index.json"])

    def test_key_log(self):
        done = run(*self.good, env={"SSLKEYLOGFILE": "/dev/full"})
        expect_sound(self, done, {3})
        self.complains_once(done, "cannot write the key log file '/dev/full': No space left on device")
        self.assertIn("PASS handshake", done.text)
        expect_sound(self, run(*self.bad, env={"SSLKEYLOGFILE": "/dev/full"}), {1})


class Refused(Luck):
    def test_before_the_first_connection(self):
        """A place for keys that cannot be used: nothing is played, so that nothing is lost."""
        (self.folder / "file").write_text("mine")
        os.mkfifo(self.folder / "pipe")
        (self.folder / "locked").mkdir(mode=0o500)
        places = ["file", "file/in", "/proc/evidence", "a\x1b[31mb", "a\nb", "", "x" * 300]
        if os.geteuid() != 0:
            places.append("locked")
        before = self.peer.num
        for command in (self.good, ["probe", self.peer.address]):
            for place in places:
                with self.subTest(command=command[0], evidence=place):
                    expect_complaint(self, run(*command, "--evidence", place, cwd=self.folder), 2, "evidence folder")
            for place, why in (("missing/keys", "No such file"), (".", "Is a directory"), ("pipe", "No such device"), ("k\x1b[31m/x", r"k\\x1b\[31m")):
                with self.subTest(command=command[0], key_log=place):
                    expect_complaint(self, run(*command, cwd=self.folder, env={"SSLKEYLOGFILE": place}), 2,
                                     "SSLKEYLOGFILE: cannot open the key log file", why)
        self.assertEqual(self.peer.num, before)
        self.assertEqual((self.folder / "file").read_text(), "mine")
        self.assertEqual({path.name for path in self.folder.iterdir()}, {"file", "pipe", "locked"})


class Output(Luck):
    def test_closed(self):
        """Whose number another file must not get: the report would go into the key log, or to the server."""
        for words, status in ((self.good, 3), (self.bad, 1)):
            words = [*words, "--format", "json"]  # more than a buffer holds
            done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", os.path.abspath(tlsproof()), *words], cwd=self.folder, capture_output=True,
                                  timeout=60, env={**os.environ, "SSLKEYLOGFILE": "keys"})
            self.assertEqual(done.returncode, status, done)
            self.assertIn(b"cannot write the output: Bad file descriptor", done.stderr)
            lines = (self.folder / "keys").read_text().splitlines()
            self.assertTrue(lines)
            for line in lines:
                self.assertRegex(line, "^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+$")

    def test_nobody_reads(self):
        for words, status in ((self.good, 3), (self.bad, 1), (["list"], 3)):
            for place in ("pipe", "full"):
                with self.subTest(words=words, place=place):
                    if place == "pipe":
                        read_end, target = os.pipe()
                        os.close(read_end)
                    else:
                        target = os.open("/dev/full", os.O_WRONLY)
                    try:
                        done = run(*words, "--report", "json=r.json", stdout=target, cwd=self.folder) if words[0] == "check" else \
                            run(*words, stdout=target)
                    finally:
                        os.close(target)
                    expect_sound(self, done, {status})
                    self.complains_once(done, "cannot write the output: " + {"pipe": "Broken pipe", "full": "No space left on device"}[place])
                    if words[0] == "check":  # the other ways are open
                        self.assertTrue(json.loads((self.folder / "r.json").read_text())["endpoints"][0]["findings"])


class Endpoints(Luck):
    def test_one_of_ten_is_dead(self):
        """The other nine are judged, the report says which is missing, and a finding beats that."""
        for trust, status in ((f"{{anchors: [{self.pki}/ca.crt]}}", 3), ("{system: true}", 1)):
            lines = ["defaults:", f"  trust: {trust}", "  server_name: localhost", "  suites: [oneway/chain_valid]", "endpoints:"]
            lines += [f"  - {{label: host {i}, address: '{DEAD if i == 6 else self.peer.address}'}}" for i in range(10)]
            (self.folder / "t.yaml").write_text("\n".join(lines) + "\n")
            done = run("check", "--target", "t.yaml", "--evidence", "e", "--report", "json=r.json", cwd=self.folder)
            expect_sound(self, done, {status}, seconds=25)
            endpoints = json.loads((self.folder / "r.json").read_text())["endpoints"]
            self.assertEqual([e["label"] for e in endpoints if e["unreachable"]], ["host 6"])
            self.assertIn("Connection refused", endpoints[6]["error"])
            self.assertRegex(done.text, "host 6.*UNREACHABLE")
            for i, endpoint in enumerate(endpoints):
                verdicts = {finding["verdict"] for finding in endpoint["findings"]}
                self.assertEqual(verdicts - {"skip"}, set() if i == 6 else {"pass"} if status == 3 else {"fail"}, endpoint["label"])
                # A connection that was not made leaves no file.
                self.assertEqual({bool(attempt["evidence"]) for attempt in endpoint["attempts"]}, {i != 6})
            self.assertFalse(list((self.folder / "e").glob("host-6-*")))


class Interrupted(Luck):
    def test_what_was_judged_is_written_everywhere(self):
        """The probe and some attempts are answered; from then on the server says nothing."""
        asked = threading.Semaphore(0)
        num_good = 6

        def play(connection, number):
            if number < num_good:
                self.serve(connection, number)
            else:
                client_hello(connection)
                asked.release()
                while connection.recv(65536):
                    pass

        with Peer(play) as peer:
            def interrupt(process):
                self.assertTrue(asked.acquire(timeout=20))
                process.send_signal(signal.SIGINT)

            done = run("check", f"localhost:{peer.port}", "--connect-to", peer.address, "--trust", self.pki / "ca.crt", "--timeout", "60", "--jobs", "1",
                       "--evidence", "e", "--report", "json=r.json", "--report", "junit=r.xml", "--report", "text=r.txt", "oneway", cwd=self.folder,
                       during=interrupt, env={"SSLKEYLOGFILE": str(self.folder / "keys")})
        expect_sound(self, done, {130})
        self.assertLess(done.seconds, 10, done)
        self.assertRegex(done.text, "(?i)interrupted")
        self.assertRegex((self.folder / "r.txt").read_text(), "(?i)interrupted")
        report = json.loads((self.folder / "r.json").read_text())
        self.assertTrue(report["interrupted"])
        (endpoint,) = report["endpoints"]
        verdicts = {finding["id"]: finding["verdict"] for finding in endpoint["findings"]}
        self.assertIn("pass", verdicts.values(), verdicts)
        self.assertIn("error", verdicts.values(), verdicts)  # what was not played is not passed over
        completed = [a for a in endpoint["attempts"] if a["outcome"]["kind"] == "completed"]
        self.assertTrue(completed)
        for attempt in endpoint["attempts"]:
            self.assertGreater((self.folder / attempt["evidence"]).stat().st_size, 0)
        index = json.loads((self.folder / "e/index.json").read_text())
        self.assertTrue(index["interrupted"])
        self.assertEqual({"e/" + row["file"] for row in index["files"]}, {a["evidence"] for a in endpoint["attempts"]})
        self.assertIn("interrupted", xml.etree.ElementTree.tostring(xml.etree.ElementTree.parse(self.folder / "r.xml").getroot()).decode().lower())
        self.assertTrue((self.folder / "keys").read_text().endswith("\n"))


if __name__ == "__main__":
    unittest.main()
