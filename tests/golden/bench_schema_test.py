"""The JSON report of a load against its published schema: the sample is valid, and what is broken is refused."""
import copy
import json
import os
import pathlib
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ET

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(1 if os.environ.get("TLSPROOF_REQUIRE_TOOLS") else 77)
need("xmllint")

REPORTS = pathlib.Path(os.environ["TLSPROOF_SOURCE"]) / "reports"
SCHEMA = json.loads((REPORTS / "schema/bench.schema.json").read_text())
SAMPLE = json.loads((REPORTS / "samples/bench.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def objects(value):
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from objects(inner)


class Schema(unittest.TestCase):
    def test_it_is_a_schema_and_closed(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        for node in objects(SCHEMA):
            if node.get("type") == "object":
                self.assertIs(node.get("additionalProperties"), False, node)

    def test_the_sample_is_valid(self):
        self.assertEqual([error.message for error in VALIDATOR.iter_errors(SAMPLE)], [])

    def test_what_is_broken_is_refused(self):
        def change(path, value):
            document = copy.deepcopy(SAMPLE)
            node = document
            for key in path[:-1]:
                node = node[key]
            if value is None:
                del node[path[-1]]
            else:
                node[path[-1]] = value
            return document

        repeat = ("sides", 0, "repeats", 0)
        for path, value in [(("schema",), "tlsproof-bench/2"), (("conclusion",), "passed"), (("sides", 0, "plan", "verification"), "some"),
                            (("sides", 0, "plan"), None), ((*repeat, "completed"), -1), ((*repeat, "phases", "finished", "buckets"), [[1]]),
                            ((*repeat, "phases", "finished", "buckets"), [[1, 0]]), ((*repeat, "errors", 0, "count"), 0),
                            ((*repeat, "kinds", 0, "asked"), "half"), ((*repeat, "extra"), 1), (("sides", 0, "gates", 0, "holds"), "maybe"),
                            ((*repeat, "seconds", 0, "completed"), None), (("interrupted",), "no")]:
            with self.subTest(path=path, value=value):
                self.assertFalse(VALIDATOR.is_valid(change(path, value)))

    def test_the_figures_of_the_sample_agree(self):
        """What a schema cannot say: sums are sums."""
        for repeat in SAMPLE["sides"][0]["repeats"]:
            self.assertEqual(sum(kind["count"] for kind in repeat["kinds"]), repeat["completed"])
            self.assertEqual(sum(error["count"] for error in repeat["errors"]), repeat["failed"])
            for histogram in [*repeat["phases"].values(), *repeat["by_kind"].values(), *(second["finished"] for second in repeat["seconds"] if "finished" in second)]:
                self.assertEqual(sum(count for _, count in histogram["buckets"]), histogram["count"])
                self.assertLessEqual(histogram["p50_ns"], histogram["p99_ns"])
                self.assertLessEqual(histogram["p99_9_ns"], histogram["max_ns"])

    def test_the_junit_sample(self):
        path = REPORTS / "samples/bench.xml"
        done = subprocess.run(["xmllint", "--noout", "--schema", REPORTS / "schema/junit.xsd", path], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        marks = {case.get("name"): [mark.tag for mark in case] for case in ET.parse(path).iter("testcase")}
        for gate in SAMPLE["sides"][0]["gates"]:
            self.assertEqual(marks[gate["condition"]], {"yes": ["failure"], "no": [], "unknown": ["error"]}[gate["holds"]])

    def test_the_pictures_are_xml(self):
        for name in ("bench.svg", "bench-versus.svg"):
            root = ET.parse(REPORTS / "samples" / name).getroot()
            self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
            self.assertEqual([node.tag for node in root.iter() if node.tag.endswith(("script", "image", "use", "a"))], [])


if __name__ == "__main__":
    unittest.main()
