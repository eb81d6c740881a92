#!/usr/bin/env python3
"""The captures of tests/captures, made by this project with the keys inside: each tells the story it was made for, and holds the messages
that Wireshark's tshark finds in it, no more and no fewer."""
import pathlib
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.capture import folder_of_captures, inspect_json, our_messages, tshark_messages  # noqa: E402
from support.need import need, tlsproof  # noqa: E402

need("tshark")
FOLDER = folder_of_captures()
MAX_FILE, MAX_ALL = 30_000, 300_000

# What is known of each handshake of a file by what was played: a list a file, a dictionary a handshake, in its order.
FULL = {"state": "completed", "resumption": "none", "records_not_opened": 0, "sni": "server.test"}
STORIES = {
    "curl-tls13": [{**FULL, "version": "TLS 1.3", "client_certificate_asked": False}],
    "curl-tls12": [{**FULL, "version": "TLS 1.2", "client_certificate_asked": False}],
    "curl-refuses": [{"state": "failed", "cause": "the client sent alert fatal unknown_ca (48)"}],
    "no-common-version": [{"state": "failed", "cause": "the server sent alert fatal protocol_version (70)", "version": None}],
    "mutual-good": [{**FULL, "version": "TLS 1.3", "client_certificate_asked": True, "client_certificate_given": True}],
    "mutual-none-tls13": [{**FULL, "client_certificate_asked": True, "client_certificate_given": False}],
    "mutual-tls12": [{**FULL, "version": "TLS 1.2", "client_certificate_asked": True, "client_certificate_given": True}],
    "retry": [{**FULL, "hello_retry_request": True, "group": "secp384r1"}],
    "resumed-tls12": [FULL, {"state": "completed", "resumption": "ticket", "version": "TLS 1.2", "records_not_opened": 0}],
    "resumed-tls13": [FULL, {"state": "completed", "resumption": "psk_dhe", "version": "TLS 1.3", "records_not_opened": 0}],
    "early-data": [FULL, {"state": "completed", "resumption": "psk_dhe", "early_data": "accepted", "records_not_opened": 0}],
    "gnutls-cli": [FULL],
    "node": [FULL],
}


DECRYPTION_SECRETS = 10  # pcapng: the type of that block


def without_secrets(pcapng):
    out, at = b"", 0
    while at < len(pcapng):
        kind, size = struct.unpack_from("<II", pcapng, at)
        out += pcapng[at:at + size] if kind != DECRYPTION_SECRETS else b""
        at += size
    return out


class OwnCaptures(unittest.TestCase):
    def test_stories(self):
        for name, wanted in STORIES.items():
            handshakes = inspect_json(FOLDER / f"{name}.pcapng")
            with self.subTest(name):
                self.assertEqual(len(handshakes), len(wanted))
                for h, facts in zip(handshakes, wanted):
                    seen = {key: h[key]["name"] if isinstance(h[key], dict) else h[key] for key in facts}
                    self.assertEqual(seen, facts)

    def test_messages_are_those_of_tshark(self):
        files = sorted(FOLDER.glob("*.pcapng"))
        self.assertGreaterEqual(len(files), len(STORIES))
        for path in files:
            with self.subTest(path.name):
                self.assertEqual(our_messages(inspect_json(path)), tshark_messages(path))

    # What is encrypted is not there without keys, and said to be unknown.
    def test_without_keys(self):
        done = subprocess.run([tlsproof(), "inspect", "--json", "-"], input=without_secrets((FOLDER / "mutual-good.pcapng").read_bytes()),
                              capture_output=True, check=True)
        self.assertIn(b'"client_certificate_asked":null,"client_certificate_given":null', done.stdout)
        self.assertIn(b'"state":"completed"', done.stdout)

    # Healthy programs of others, and our own honest client: whatever fires here is a bug of the rule.
    def test_no_must_is_broken(self):
        for name in STORIES:
            for h in inspect_json(FOLDER / f"{name}.pcapng"):
                with self.subTest(name):
                    self.assertEqual([(v["rule"], v["seen"]) for v in h["violations"] if v["requirement"] == "MUST"], [])

    def test_output_does_not_depend_on_jobs(self):
        files = [str(path) for path in sorted(FOLDER.glob("*.pcapng"))]
        for words in ([], ["--json"], ["--summary"]):
            runs = [subprocess.run([tlsproof(), "inspect", *files, *words, "--jobs", jobs], capture_output=True).stdout for jobs in ("1", "2", "5")]
            with self.subTest(words):
                self.assertTrue(runs[0])
                self.assertEqual(runs[0], runs[1])
                self.assertEqual(runs[0], runs[2])

    def test_files_are_small(self):
        sizes = {path.name: path.stat().st_size for path in FOLDER.glob("*.pcapng")}
        self.assertEqual({name: size for name, size in sizes.items() if size > MAX_FILE}, {})
        self.assertLess(sum(sizes.values()), MAX_ALL)


if __name__ == "__main__":
    unittest.main()
