#!/usr/bin/env python3
"""Target files, suites and scenarios with something wrong in them: one message with file:line:column and what would be right."""
import json
import pathlib
import shutil
import tempfile
import unittest

from support.peer import Peer, client_hello, record
from support.program import expect_complaint, expect_sound, run, run_all

ONE = "endpoints:\n  - address: 127.0.0.1:1\n"
LAUGHS = "endpoints:\n" + "".join(f"  - &l{i} [{', '.join([f'*l{i - 1}'] * 9) if i else 'x'}]\n" for i in range(12))
TARGETS = [  # text, line:column, what is said
    ("endpoints:\n  - adress: localhost:1\n", "2:5", "'adress', did you mean 'address'"),
    ("endpoint:\n  - address: localhost:1\n", "1:1", "'endpoint', did you mean 'endpoints'"),
    (ONE + "    client_auth: [1]\n", "3:18", "expected .*required.* found a list"),
    (ONE + "    client_auth: requird\n", "3:18", "did you mean 'required'"),
    (ONE + "    min_days_left: soon\n", "3:20", "'soon'"),
    (ONE + "    timeouts: {connect: 1e99}\n", "3:25", "expected a duration such as 250ms"),
    (ONE + "    address: localhost:2\n", "3:5", "'address' is there twice"),
    (ONE + "endpoints: []\n", "3:1", "'endpoints' is there twice"),
    ("endpoints: &a\n  - *a\n", "2:5", "alias.*never end"),
    (LAUGHS, r"\d+:\d+", "more than|aliases|too many"),
    ("endpoints:\n\t- address: localhost:1\n", "2:", "YAML"),
    ("endpoints:\n  - address: 'loc\0al:1'\n", "2:18", "control character 0x00"),
    (b"endpoints:\n  - address: loc\xff\xfeal:1\n", "2:17", "not UTF-8: byte 0xff"),
    (b"\xff\xfee\0n\0d\0", "", ""),
    ("", "1:1", "expected a target file .*nothing"),
    ("- a\n- b\n", "1:1", "expected a target file .*a list"),
    ("endpoints: {}\n", "1:12", "expected a list, found a map"),
    ("endpoints: []\n", "1:12", "'endpoints' has none"),
    ("defaults: {server_name: a.example}\n", "1:1", "a target file needs 'endpoints'"), ("endpoints:\n", "1:1", "'endpoints' has no value"),
    ("endpoints: [{label: web}]\n", "1:13", "an endpoint needs 'address'"), ("endpoints: [~]\n", "1:13", "a map.*nothing"),
    ("endpoints: [{address: 'localhost:1'}", r"\d+:\d+", "a bracket left open"),
    (ONE + "  - address: 127.0.0.1:1\n", "3:5", "a second endpoint is called '127.0.0.1:1'"),
    (ONE + "    suites: [onewya]\n", "3:13", "'onewya', did you mean 'oneway'"),
    (ONE + "    suites: ['mtsl/*']\n", "3:13", r"'mtsl/\*' matches no scenario"),
    (ONE + "    trust: {anchors: [missing.pem]}\n", "", "'.*missing.pem': No such file"),
    (ONE + "    server_name: a b\n", "3:18", "'a b' is no host name"),
    (ONE + "    http: {host: a b}\n", "", "HTTP host \"a b\""),
    (ONE + "waivers:\n  - {check: x, reason: y, until: 2026-13-45}\n", "4:34", "expected a date such as"),
    (ONE + "    client_ca: {certificate: ca.crt}\n", "", "cannot read the CA certificate 'ca.crt': No such file"),
    ("endpoints:\n  - address: localhost\n", "2:14", "'localhost' is not HOST:PORT: the port is missing"),
    ("endpoints: " + "[" * 200_000, r"1:\d+", "brackets"),
    ("endpoints: " + "{a: " * 50_000, r"1:\d+", "brackets|deep"),
    ("endpoints:\n" + "".join("  " * i + f"a{i}:\n" for i in range(1, 400)), r"\d+:\d+", ""),
    ("endpoints:\n" + "  - address: localhost:1\n" * 440_000, "", "longer than 1048576 bytes"),
]
HEAD = "title: A test\nrequirement: MUST\nwhy: It matters.\nwe_are: client\ntls: [1.3]\n"
SCENARIOS = [  # the file's text after HEAD, line, what is said
    ("needs: [version.tls1_4]\nexpect: {completes: true}\n", "6", "'version.tls1_4', did you mean 'version.tls1_"),
    ("edits:\n  - {at: client_hello, skipp: true}\nexpect: {completes: true}\n", "7", "'skipp', did you mean 'skip'"),
    ("edits:\n  - {at: client_helo, skip: true}\nexpect: {completes: true}\n", "7", "'client_helo', did you mean 'client_hello'"),
    ("expect: {abort: [ilegal_parameter]}\n", "6", "'ilegal_parameter', did you mean 'illegal_parameter'"),
    ("expect: {completed: true}\n", "6", "'completed', did you mean 'completes'"),
    ("identity: {fault: expird}\nexpect: {client_auth: refused}\n", "6", "'expird', did you mean 'expired'"),
    ("expekt: {completes: true}\n", "6", "'expekt', did you mean 'expect'"),
    ("title: Again\nexpect: {completes: true}\n", "6", "'title' is there twice"),
    ("matrix: {n: [1, 2]}\nexpect: {abort: [\"${m}\"]}\n", "", "m"),
    ("expect: {completes: true\n", "", "YAML|flow"),
]


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsproof-bad-"))
        self.addCleanup(shutil.rmtree, self.folder)


class TargetFiles(Folder):
    def test_what_is_wrong_and_where(self):
        for i, (text, _, _) in enumerate(TARGETS):
            (self.folder / f"{i}.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        runs = run_all((["check", "--target", f"{i}.yaml"] for i in range(len(TARGETS))), cwd=self.folder)
        for i, ((text, where, what), (_, done)) in enumerate(zip(TARGETS, runs)):
            with self.subTest(text=text[:120]):
                expect_complaint(self, done, 2, rf"{i}\.yaml:{where}" if where else None, what)

    def test_no_file(self):
        for (words, what), (_, done) in zip(rows := [(["missing.yaml"], "'missing.yaml': No such file"), (["."], "'.': Is a directory")],
                                            run_all((["check", "--target", *row[0]] for row in rows), cwd=self.folder)):
            with self.subTest(words=words):
                expect_complaint(self, done, 2, what)

    def test_a_word_for_all_and_a_label_that_is_not_there(self):
        (self.folder / "t.yaml").write_text(ONE)
        expect_complaint(self, run("check", "--target", "t.yaml", "onewya", cwd=self.folder), 2, "did you mean 'oneway'")
        expect_complaint(self, run("check", "--target", "t.yaml", "--endpoint", "127.0.0.1:2", cwd=self.folder), 2,
                         "--endpoint: .*'127.0.0.1:2'; did you mean '127.0.0.1:1'")

    def test_a_dead_endpoint_beside_others(self):
        """One that answers HTTP in the clear fails; one that is dead makes the run incomplete; a finding beats that."""
        def plain(connection, _):
            if client_hello(connection)[:1] == b"G":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            else:
                connection.sendall(record(21, b"\x02\x46"))

        def strict(connection, _):
            client_hello(connection)
            connection.sendall(record(21, b"\x02\x28"))

        with Peer(plain) as bad, Peer(strict) as other:
            for first, status in ((bad, 1), (other, 3)):
                (self.folder / "t.yaml").write_text(
                    f"defaults: {{suites: [oneway]}}\nendpoints:\n  - {{address: '{first.address}', label: one}}\n"
                    f"  - {{address: '127.0.0.1:1', label: dead}}\n  - {{address: '{other.address}', label: three}}\n")
                done = run("check", "--target", self.folder / "t.yaml", "--timeout", "2", "--report", f"json={self.folder}/r.json")
                expect_sound(self, done, {status})
                endpoints = {e["label"]: e for e in json.loads((self.folder / "r.json").read_text())["endpoints"]}
                self.assertEqual(list(endpoints), ["one", "dead", "three"])
                self.assertIn("Connection refused", endpoints["dead"]["error"])
                self.assertFalse(endpoints["dead"]["findings"])
                self.assertTrue(endpoints["one"]["findings"] and endpoints["three"]["findings"])
                self.assertIn("UNREACHABLE", done.text)


class ScenarioFolders(Folder):
    def test_what_is_wrong_and_where(self):
        for i, (text, _, _) in enumerate(SCENARIOS):
            (self.folder / str(i) / "mine").mkdir(parents=True)
            (self.folder / str(i) / "mine" / "one.yaml").write_text(HEAD + text)
        runs = run_all((["list", "--scenarios", str(i)] for i in range(len(SCENARIOS))), cwd=self.folder)
        for (text, line, what), (_, done) in zip(SCENARIOS, runs):
            with self.subTest(text=text):
                expect_complaint(self, done, 2, rf"mine/one\.yaml:{line or '[0-9]+'}:[0-9]+: ", what)

    def test_an_id_that_is_there_already(self):
        (self.folder / "oneway").mkdir()
        (self.folder / "oneway" / "handshake.yaml").write_text(HEAD + "expect: {completes: true}\n")
        for words in (["list"], ["check", "127.0.0.1:1"], ["explain", "oneway/handshake"]):
            expect_complaint(self, run(*words, "--scenarios", self.folder), 2, "oneway/handshake")

    def test_a_folder_that_is_none(self):
        (self.folder / "file").write_text("x")
        for name in ("missing", "file"):
            expect_complaint(self, run("list", "--scenarios", self.folder / name), 2, name)

    def test_a_good_one_is_listed_explained_and_played(self):
        (self.folder / "mine").mkdir()
        (self.folder / "mine" / "one.yaml").write_text(HEAD + "expect: {completes: true}\n")
        for words in (["list", "mine/*"], ["explain", "mine/one"]):
            done = run(*words, "--scenarios", self.folder)
            expect_sound(self, done, {0})
            self.assertIn("mine/one", done.text)


if __name__ == "__main__":
    unittest.main()
