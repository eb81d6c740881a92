"""The JSON report against its published schema: the sample is valid, and what is broken is refused."""
import copy
import json
import os
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(1 if os.environ.get("TLSPROOF_REQUIRE_TOOLS") else 77)

SOURCE = os.environ["TLSPROOF_SOURCE"]


def load(*path):
    with open(os.path.join(SOURCE, "reports", *path), encoding="utf-8") as file:
        return json.load(file)


SCHEMA = load("schema", "check.schema.json")
SAMPLE = load("samples", "check.json")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
failures = []


def expect(holds, what):
    if not holds:
        failures.append(what)


def refused(what, change):
    document = copy.deepcopy(SAMPLE)
    change(document)
    expect(not VALIDATOR.is_valid(document), f"the schema lets pass: {what}")


def objects(value, path="$"):
    """Every JSON object of the document with the way to it."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from objects(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from objects(inner, f"{path}[{i}]")


def schema_objects(value, path="$"):
    for where, node in objects(value, path):
        if node.get("type") == "object":
            yield where, node


def at(document, path):
    """The object of `document` at a way that objects() gave."""
    for where, value in objects(document):
        if where == path:
            return value
    raise KeyError(path)


jsonschema.Draft202012Validator.check_schema(SCHEMA)
errors = sorted(VALIDATOR.iter_errors(SAMPLE), key=str)
for error in errors[:10]:
    failures.append(f"the sample is not valid: {error.json_path}: {error.message}")

# The schema is closed: an unknown or a missing member is refused in every object there is.
for where, node in schema_objects(SCHEMA):
    expect(node.get("additionalProperties") is False, f"the schema is open at {where}")
    expect(sorted(node.get("required", [])) == sorted(node["properties"]), f"not all members are required at {where}")
seen_shapes = set()
for where, value in objects(SAMPLE):
    shape = tuple(sorted(value))
    if shape in seen_shapes:
        continue
    seen_shapes.add(shape)
    refused(f"an unknown member at {where}", lambda d, w=where: at(d, w).update(unknown=1))
    for key in value:
        refused(f"no {key} at {where}", lambda d, w=where, k=key: at(d, w).pop(k))
expect(len(seen_shapes) >= 11, f"the sample shows only {len(seen_shapes)} kinds of objects")

endpoint = "$.endpoints[1]"
refused("another schema", lambda d: d.update(schema="tlsproof-check/2"))
refused("a verdict that is none", lambda d: at(d, endpoint + ".findings[0]").update(verdict="passed"))
refused("a requirement that is none", lambda d: at(d, endpoint + ".findings[0]").update(requirement="must"))
refused("a negative count", lambda d: at(d, endpoint + ".summary").update({"fail": -1}))
refused("a control character in a text", lambda d: at(d, endpoint).update(label="a\x1b[2J"))
refused("a line break in a text", lambda d: at(d, endpoint + ".findings[0]").update(seen="a\nb"))
refused("a right-to-left override in a text", lambda d: at(d, endpoint).update(label="a\u202eb"))
refused("a number as a text", lambda d: at(d, endpoint).update(label=1))
refused("a text as a number", lambda d: d.update(duration_ns="1"))
refused("a code point without a name", lambda d: at(d, endpoint + ".attempts[0].outcome").update(version={"value": 1}))
refused("an odd number of hex digits", lambda d: at(d, endpoint + ".attempts[1].trace.events[0]").update(hex="abc"))
refused("too many bytes", lambda d: at(d, endpoint + ".attempts[1].trace.events[0]").update(hex="00" * 257))
refused("no document", lambda d: d.clear())

# What a schema cannot say: every index leads somewhere, ids are unique, the counts are right.
for ep in SAMPLE["endpoints"]:
    ids = [finding["id"] for finding in ep["findings"]]
    expect(len(ids) == len(set(ids)), f"{ep['label']}: ids are not unique")
    for finding in ep["findings"]:
        for evidence in finding["evidence"]:
            trace = ep["attempts"][evidence["attempt"]]["trace"]
            known = {event["index"] for event in trace["events"]} if trace else set()
            expect(known.issuperset(evidence["events"]), f"{finding['id']}: evidence without an event")
    for verdict in ("pass", "fail", "warn", "info", "skip", "inconclusive", "error"):
        num = sum(f["verdict"] == verdict and not f["waived"] and not f["known"] for f in ep["findings"])
        expect(ep["summary"][verdict] == num, f"{ep['label']}: {num} findings say {verdict}, the summary does not")

for failure in failures[:40]:
    print(failure)
sys.exit(1 if failures else 0)
