#!/usr/bin/env python3
"""tlsproof list, explain, --version and --help: they fit a terminal of 80 columns, agree with each other and with the source tree."""
import os
import pathlib
import re
import unicodedata
import unittest

from support.program import expect_sound, run, run_all

SOURCE = pathlib.Path(os.environ["TLSPROOF_SOURCE"])
COMMANDS = [[], ["check"], ["inspect"], ["probe"], ["bench"], ["list"], ["explain"], *(["pki", *rest] for rest in ([], ["ca"], ["server"], ["client"], ["fault"]))]


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in line)


class List(unittest.TestCase):
    def told(self, done):
        """The text of a run that went well and fits."""
        expect_sound(self, done, {0})
        self.assertEqual(done.err, b"", done)
        text = done.out.decode()
        self.assertTrue(text.endswith("\n"))
        self.assertEqual([line for line in text.splitlines() if width(line) > 80 or line != line.rstrip()], [], done.words)
        return text

    def ids(self, *words):
        return re.findall(r"^  (\S+/\S+)  \[(?:MUST|SHOULD|MAY|robustness|info)\]$", self.told(run("list", *words)), re.MULTILINE)

    def test_help_and_version(self):
        for words, done in run_all([*command, "--help"] for command in COMMANDS):
            self.assertIn("tlsproof", self.told(done), words)
        version = re.search(r"project\(\s*tlsproof\s+VERSION\s+([0-9.]+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual(self.told(run("--version")), f"tlsproof {version}\n")

    def test_help_names_every_command(self):
        named = re.findall(r"^  (\w+) ", self.told(run("--help")), re.MULTILINE)
        self.assertEqual(named, [command[0] for command in (["check"], ["inspect"], ["probe"], ["bench"], ["pki"], ["list"], ["explain"])])
        for command in named:
            self.assertNotIn("unknown command", run(command, "--help").said)

    def test_every_scenario_of_the_tree_is_listed_and_explained(self):
        files = {str(path.relative_to(SOURCE / "scenarios").with_suffix("")) for folder in (SOURCE / "scenarios").iterdir()
                 if folder.is_dir() and folder.name not in ("suites", "targets", "ci") for path in folder.rglob("*.yaml")}
        ids = self.ids()
        self.assertEqual(sorted(ids), sorted(files))
        everything = self.told(run("explain", *ids))
        for one in ids:
            self.assertRegex(everything, rf"(?m)^{re.escape(one)}$")
        for one, (_, done) in zip(ids[::7], run_all(["explain", one] for one in ids[::7])):
            text = self.told(done)
            for row in ("requirement", "wanted", "why", "played with"):
                self.assertRegex(text, rf"(?m)^  {row} ", one)

    def test_suites_patterns_and_tags(self):
        ids = self.ids()
        suites = re.search(r"Suites\n(.*?)\n\n", self.told(run("list")), re.DOTALL).group(1)
        self.assertEqual(re.findall(r"^  (\w+) ", suites, re.MULTILINE), sorted(p.stem for p in (SOURCE / "scenarios/suites").glob("*.yaml")))
        for words, wanted in ((["mtls"], "mtls/"), (["oneway/*"], "oneway/"), (["mtls/good"], "mtls/good")):
            self.assertEqual(self.ids(*words), [one for one in ids if one.startswith(wanted)], words)
        self.assertTrue(0 < len(self.ids("tag:http")) < len(ids))

    def test_rules(self):
        ids = self.ids("rules")
        self.assertGreater(len(ids), 60)
        self.assertEqual(len(ids), len(set(ids)))
        explained = self.told(run("explain", *(f"rule/{one}" for one in ids)))
        self.assertEqual(re.findall(r"(?m)^rule/(\S+)$", explained), ids)
        self.assertEqual(len(re.findall(r"(?m)^  requirement  (?:MUST|SHOULD), RFC \d+ §", explained)), len(ids))
        both = self.told(run("explain", "oneway/rules", "rule/server_hello/session_id_echo"))
        self.assertIn("oneway/rules", both)
        self.assertIn("RFC 8446 §4.1.3", both)
        done = run("explain", "rule/server_hello/session_id_eco")
        expect_sound(self, done, {2})
        self.assertIn("did you mean 'server_hello/session_id_echo'?", done.said)


if __name__ == "__main__":
    unittest.main()
