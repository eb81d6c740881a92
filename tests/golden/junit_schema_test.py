"""The JUnit report against its published schema: the sample is valid, what is broken is refused, and it says what JSON says."""
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402

need("xmllint")

REPORTS = pathlib.Path(os.environ["TLSPROOF_SOURCE"]) / "reports"


def problems(tree):
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        tree.write(file.name, encoding="utf-8", xml_declaration=True)
        done = subprocess.run(["xmllint", "--noout", "--schema", REPORTS / "schema/junit.xsd", file.name], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr or f"status {done.returncode}"


class Junit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sample = ET.parse(REPORTS / "samples/check.xml")
        cls.json = json.loads((REPORTS / "samples/check.json").read_text())

    def test_the_sample_is_valid(self):
        self.assertEqual(problems(self.sample), "")

    def test_what_is_broken_is_refused(self):
        def no_attribute(element, name):
            return lambda root: root.find(element).attrib.pop(name)

        breaks = {f"{element} without {name}": no_attribute(element, name)
                  for element in ("testsuite", "testsuite/testcase", ".//failure", ".//error", ".//skipped")
                  for name in self.sample.find(element).attrib}
        breaks["an empty suite"] = lambda root: [root[0].remove(case) for case in list(root[0].findall("testcase"))]
        breaks["a comma in the seconds"] = lambda root: root[0].set("time", "0,030600")
        breaks["another type"] = lambda root: root.find(".//failure").set("type", "passed")
        breaks["a failure without text"] = lambda root: setattr(root.find(".//failure"), "text", "")
        breaks["two test cases of one name"] = lambda root: root[0].insert(1, copy.deepcopy(root[0].find("testcase")))
        breaks["an unknown element"] = lambda root: root[0].insert(1, ET.Element("blink"))
        for what, change in breaks.items():
            with self.subTest(what):
                tree = copy.deepcopy(self.sample)
                change(tree.getroot())
                self.assertNotEqual(problems(tree), "")

    def test_it_says_what_json_says(self):
        suites = {suite.get("name"): suite for suite in self.sample.getroot()}
        for endpoint in self.json["endpoints"]:
            suite, summary = suites.pop(endpoint["label"]), endpoint["summary"]
            marks = {mark: len(suite.findall(f"testcase/{mark}")) for mark in ("failure", "error", "skipped")}
            self.assertEqual(marks, {"failure": summary["fail"], "skipped": summary["skip"] + summary["waived"] + summary["known"],
                                     "error": summary["error"] + summary["inconclusive"] + endpoint["unreachable"]})
            self.assertEqual({key: int(suite.get(key)) for key in ("failures", "errors", "skipped")},
                             {"failures": marks["failure"], "errors": marks["error"], "skipped": marks["skipped"]})
            named = [case.get("name") for case in suite.findall("testcase")]
            self.assertEqual(named[endpoint["unreachable"]:], [finding["id"] for finding in endpoint["findings"]])
        self.assertEqual(suites, {})


if __name__ == "__main__":
    unittest.main()
