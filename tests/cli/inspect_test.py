#!/usr/bin/env python3
"""The command line of `inspect`: what it refuses and how, filters, formats, exit statuses, and ends of its input and output."""
import gzip
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.capture import folder_of_captures  # noqa: E402
from support.need import tlsproof  # noqa: E402
from support.program import expect_complaint, expect_sound, run  # noqa: E402

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(1 if os.environ.get("TLSPROOF_REQUIRE_TOOLS") else 77)

SOURCE = pathlib.Path(os.environ.get("TLSPROOF_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
CAPTURES = folder_of_captures()
GOOD = CAPTURES / "curl-tls13.pcapng"
REFUSED = CAPTURES / "curl-refuses.pcapng"
RESUMED = CAPTURES / "resumed-tls12.pcapng"
NO_TLS = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + struct.pack("<IIII", 0, 0, 60, 60) + bytes(60)


def lines(*words, status=0):
    done = run("inspect", "--json", *words)
    assert done.status == status, done
    return [json.loads(line) for line in done.out.splitlines()]


class Inspect(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def test_words_that_are_refused(self):
        for words, parts in [
            ([], ["FILE", "--help"]),
            (["-i", "lo", GOOD], ["not both"]),
            ([GOOD, "--jsn"], ["--jsn", "did you mean '--json'"]),
            ([GOOD, "--json", "--tree"], ["--tree goes neither"]),
            (["-", "-"], ["standard input can be read only once"]),
            ([GOOD, "--host", "example.com"], ["not an IPv4 or IPv6 address"]),
            ([GOOD, "--host", "192.0.2.0/33"], ["from 0 to 32"]),
            ([GOOD, "--host", "[2001:db8::1"], ["ADDRESS:PORT"]),
            ([GOOD, "--host", "192.0.2.1:0"], ["1 to 65535"]),
            ([GOOD, "--tls", "1.9"], ["'1.9' is no version"]),
            ([GOOD, "--finding", "server_hello/cipher_suite_ofered"], ["did you mean 'server_hello/"]),
            ([GOOD, "--fail-on", "everything"], ["'everything' is not fail, warn, info or none"]),
            ([GOOD, "--jobs", "0"], ["--jobs: '0' is not a whole number from 1 to 256"]),
            ([GOOD, "--color", "pink"], ["pink"]),
            ([GOOD, "-f", "prot 80"], ["prot 80"]),
        ]:
            with self.subTest(words):
                expect_complaint(self, run("inspect", *words), 2, *parts)

    def test_files_that_are_none(self):
        for name, content, parts in [
            ("empty.pcap", b"", ["empty"]),
            ("text.pcap", "hello\n" * 100, ["capture"]),
            ("elf", b"\x7fELF" + bytes(200), ["capture"]),
            ("zip.pcap", b"PK\x03\x04" + bytes(200), ["capture"]),
            ("text.pcap.gz", gzip.compress(b"hello" * 100), ["capture"]),
        ]:
            with self.subTest(name):
                expect_complaint(self, run("inspect", self.file(name, content)), 2, name, *parts)
        expect_complaint(self, run("inspect", self.folder / "missing.pcap"), 2, "missing.pcap", "No such file")
        expect_complaint(self, run("inspect", self.folder), 2, re.escape(str(self.folder)))
        expect_complaint(self, run("inspect", GOOD, "--keylog", self.folder / "missing.log"), 2, "missing.log", "No such file")
        expect_complaint(self, run("inspect", GOOD, "--keylog", self.file("bad.log", "this is no key log\n")), 2, "bad.log")
        expect_complaint(self, run("inspect", GOOD, "--write", self.folder / "no" / "such" / "folder"), 2, "no/such/folder")
        expect_complaint(self, run("inspect", "-i", "nosuchif0"), 2, "nosuchif0")

    # A bad file among good ones: those are shown, it is told, and the status says so.
    def test_one_of_several(self):
        done = run("inspect", "--json", self.file("empty.pcap", b""), GOOD)
        expect_sound(self, done, {2})
        self.assertEqual(len(done.out.splitlines()), 1)
        self.assertIn("empty.pcap", done.said)

    # "Nothing was found" never looks like "all is well".
    def test_no_tls(self):
        for words in ([], ["--json"], ["--summary"]):
            done = run("inspect", self.file("none.pcap", NO_TLS), *words)
            expect_sound(self, done, {3})
            self.assertIn("none.pcap: no TLS, DTLS or QUIC handshake in 1 packet", done.said)

    def test_cut_off(self):
        whole = GOOD.read_bytes()
        done = run("inspect", self.file("cut.pcapng", whole[:-40]))
        expect_sound(self, done, {0, 3})
        self.assertIn("cut.pcapng: ", done.said)
        self.assertIn("cut off", done.said)

    def test_standard_input_and_gzip(self):
        plain = lines(GOOD)
        with open(GOOD, "rb") as file:
            piped = run("inspect", "--json", "-", stdin=file)
        expect_sound(self, piped, {0})
        (one,) = [json.loads(line) for line in piped.out.splitlines()]
        self.assertEqual({**one, "source": ""}, {**plain[0], "source": ""})
        self.assertEqual(one["source"], "standard input")
        zipped = lines(self.file("good.pcapng.gz", gzip.compress(GOOD.read_bytes())))
        self.assertEqual({**zipped[0], "source": ""}, {**plain[0], "source": ""})

    def test_lines_are_by_the_schema(self):
        with open(SOURCE / "reports" / "schema" / "handshake.schema.json", encoding="utf-8") as file:
            schema = json.load(file)
        validator = jsonschema.Draft202012Validator(schema)
        found = lines(*sorted(CAPTURES.glob("*.pcapng")))
        for number, one in enumerate(found, 1):
            self.assertEqual([f"{e.json_path}: {e.message}" for e in validator.iter_errors(one)], [], one["source"])
            self.assertEqual(one["handshake"], number)
        # See it fail: what is missing or of another kind is refused.
        for key in schema["required"]:
            broken = {k: v for k, v in found[0].items() if k != key}
            self.assertFalse(validator.is_valid(broken), key)
        for key, value in (("state", "fine"), ("version", 772), ("messages", {}), ("new", 1), ("start", "today")):
            self.assertFalse(validator.is_valid({**found[0], key: value}), key)

    def test_filters(self):
        files = [GOOD, REFUSED, RESUMED]

        def sources(*words):
            return [pathlib.Path(h["source"]).name.split(".")[0] for h in lines(*files, *words)]

        everything = ["curl-tls13", "curl-refuses", "resumed-tls12", "resumed-tls12"]
        self.assertEqual(sources(), everything)
        self.assertEqual(sources("--failed"), ["curl-refuses"])
        self.assertEqual(sources("--tls", "1.2"), ["resumed-tls12", "resumed-tls12"])
        self.assertEqual(sources("--tls", "1.2", "--tls", "1.3"), everything)
        self.assertEqual(sources("--sni", "SERVER.*"), ["curl-tls13", "resumed-tls12", "resumed-tls12"])
        self.assertEqual(sources("--sni", "*.example.com"), [])
        self.assertEqual(sources("--host", "127.0.0.0/8"), everything)
        self.assertEqual(sources("--host", "127.0.0.2"), [])
        self.assertEqual(sources("--host", f":{lines(GOOD)[0]['server']['port']}"), ["curl-tls13"])
        print_of = lines(GOOD)[0]["fingerprints"]
        for kind in ("ja3", "ja3s", "ja4"):
            self.assertIn("curl-tls13", sources("--fingerprint", print_of[kind]))
        self.assertEqual(sources("--fingerprint", "t13*_nothing"), [])
        none = run("inspect", GOOD, "--failed")
        expect_sound(self, none, {0})
        self.assertEqual(none.said, "tlsproof: none of 1 handshake is what the options ask for")

    def test_finding_and_fail_on(self):
        words = [*sorted(CAPTURES.glob("*.pcapng"))]
        broken = [h for h in lines(*words) if h["violations"]]
        self.assertEqual([h["source"] for h in lines(*words, "--finding", "any")], [h["source"] for h in broken])
        musts = any(v["requirement"] == "MUST" for h in broken for v in h["violations"])
        shoulds = any(v["requirement"] == "SHOULD" for h in broken for v in h["violations"])
        self.assertEqual(run("inspect", *words).status, 0)
        self.assertEqual(run("inspect", *words, "--fail-on", "fail").status, 1 if musts else 0)
        self.assertEqual(run("inspect", *words, "--fail-on", "warn").status, 1 if musts or shoulds else 0)

    def test_block_fits_and_is_safe(self):
        for name in sorted(CAPTURES.glob("*.pcapng")):
            for words in ([], ["--summary"]):
                done = run("inspect", name, *words, env={"LC_ALL": "C.UTF-8"})
                expect_sound(self, done, {0})
                for line in done.out.decode().splitlines():
                    self.assertLessEqual(len(line), 80, line)
        done = run("inspect", GOOD, env={"LC_ALL": "C"})
        self.assertTrue(done.out.isascii())
        self.assertNotIn(b"\x1b", run("inspect", GOOD, "--color", "never").out)
        self.assertIn(b"\x1b[1;32m", run("inspect", GOOD, "--color", "always").out)
        self.assertNotIn(b"\x1b", run("inspect", GOOD, env={"NO_COLOR": "1"}).out)

    def test_tree(self):
        done = run("inspect", GOOD, "--tree", env={"LC_ALL": "C.UTF-8"})
        expect_sound(self, done, {0})
        self.assertTrue(done.out.startswith(b"#1  127.0.0.1:"), done)
        for word in ("legacy_version", "cipher_suites", "supported_versions", "TLS_AES_256_GCM_SHA384", "server.test"):
            self.assertIn(word, done.text)

    def test_summary(self):
        done = run("inspect", GOOD, REFUSED, RESUMED, "--summary")
        expect_sound(self, done, {0})
        self.assertIn("4 handshakes: 3 completed, 1 failed, 0 not seen to their end", done.text)
        self.assertIn("1 the client sent alert fatal unknown_ca (48)", done.text)
        done = run("inspect", GOOD, REFUSED, RESUMED, "--summary", "--json")
        summary = json.loads(done.out)
        self.assertEqual((summary["handshakes"], summary["completed"], summary["failed"]), (4, 3, 1))
        self.assertIn({"name": "ticket", "count": 1}, summary["resumption"])

    def test_write_keeps_packets_and_keys(self):
        copy = self.folder / "copy.pcapng"
        expect_sound(self, run("inspect", GOOD, "--write", copy), {0})
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        first, again = lines(GOOD)[0], lines(copy)[0]
        self.assertTrue(again["keys"])
        self.assertEqual({**again, "source": ""}, {**first, "source": ""})

    # `| head` has seen enough: no complaint, no signal.
    def test_write_spares_what_is_still_to_be_read(self):
        first, second = self.file("first.pcapng", GOOD.read_bytes()), self.file("second.pcapng", RESUMED.read_bytes())
        expect_complaint(self, run("inspect", first, second, "--write", second), 2, "one of those to be read")
        self.assertEqual(second.read_bytes(), RESUMED.read_bytes())

    def test_write_of_several_link_types(self):
        """Each source counts its interfaces from 0; the link types still fit."""
        packet = b"\x45" + bytes(19)
        raw_ip = self.file("raw.pcap", struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101) + struct.pack("<IIII", 0, 0, 20, 20) + packet)
        copy = self.folder / "copy.pcapng"
        run("inspect", raw_ip, GOOD, "--write", copy)
        self.assertEqual([one["fingerprints"] for one in lines(copy)], [one["fingerprints"] for one in lines(GOOD)])

    def test_key_log_that_becomes_unreadable(self):
        """It is asked for more again and again, and says once what is wrong."""
        keys = self.file("keys.log", "# none yet\n")
        header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
        udp = struct.pack(">BBHHHBBH4s4sHHHH", 0x45, 0, 32, 1, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\2", 5, 6, 12, 0) + b"none"
        packet = struct.pack("<IIII", 1, 0, len(udp), len(udp)) + udp

        def feed(pipe):
            with pipe:
                pipe.write(header + packet * 5000)  # more than a pipe holds: the key log has been opened by then
                keys.unlink()
                keys.mkdir()
                pipe.write(packet * 20000)

        read, write = os.pipe()
        feeder = threading.Thread(target=feed, args=[os.fdopen(write, "wb")])
        feeder.start()
        with os.fdopen(read, "rb") as stdin:
            done = run("inspect", "-", "--keylog", keys, stdin=stdin)
        feeder.join()
        self.assertEqual(done.status, 2, done)
        self.assertEqual(done.said.count("keys.log"), 1, done.said)

    def test_reader_that_goes(self):
        files = [str(path) for path in sorted(CAPTURES.glob("*.pcapng"))] * 10
        process = subprocess.Popen([tlsproof(), "inspect", "--json", *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(100)
        process.stdout.close()
        said = process.stderr.read()
        process.stderr.close()
        self.assertEqual((process.wait(60), said), (0, b""))

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = run("inspect", "--json", GOOD, stdout=full)
        self.assertEqual(done.status, 3)
        self.assertIn("No space left", done.said)

    def test_help(self):
        done = run("inspect", "--help")
        expect_sound(self, done, {0})
        for word in ("-i, --interface", "-f, --filter", "--keylog", "--tree", "--json", "--summary", "--follow", "--write", "--jobs", "--max-flows"):
            self.assertIn(word, done.text)
        for line in done.out.decode().splitlines():
            self.assertLessEqual(len(line), 80, line)


if __name__ == "__main__":
    unittest.main()
