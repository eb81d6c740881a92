#!/usr/bin/env python3
"""Captures made by others, named by TLSPROOF_CAPTURES: what `inspect` finds in them against what tshark counted (expected.tsv there), the
fingerprints that their authors published, and our schema. Without that folder nothing is tested."""
import collections
import csv
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import SKIP, tlsproof  # noqa: E402

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(1 if os.environ.get("TLSPROOF_REQUIRE_TOOLS") else SKIP)

FOLDER = os.environ.get("TLSPROOF_CAPTURES")
if not FOLDER:
    print("TLSPROOF_CAPTURES names no folder of captures: nothing was compared")
    sys.exit(SKIP)
SOURCE = pathlib.Path(os.environ.get("TLSPROOF_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11

OLD = "it is older than RFC 5746"
UNAWARE = "the client sends the SCSV, a server of 2014 answers it with no word of RFC 5746"
ADDRESS = "an IP address as host_name: RFC 6066 §3 allows none"
# Where our count is not tshark's: {file: {column: (ours, why ours is right)}}. tshark's stands in expected.tsv.
FRAGMENTS = "a DTLS message counts once, however many fragments and retransmissions brought it; tshark counts each of them"
PORT = "tshark goes by the port here (80 and 6667 are not TLS's to it): the bytes are a ClientHello and what answers it"
SETTLED = {
    "zeek/dtls1_0.pcap": {"dtls_client_hello": (2, FRAGMENTS)},  # message_seq 0 and 1, each in fragments at 0 and 203
    "zeek/dtls1_2.pcap": {"dtls_client_hello": (2, FRAGMENTS)},  # likewise
    "zeek/dtls-sequence-number-jumps.pcap": {"dtls_client_hello": (1, FRAGMENTS)},  # at 0, 27 and 54 of 81 bytes
    "zeek/dtls13-cid.pcap": {"dtls_client_hello": (7, FRAGMENTS)},  # ports 52232, 58771 and 56544 say the same several times
    "wireshark/udt-dtls.pcapng.gz": {"dtls_client_hello": (2, FRAGMENTS)},  # packet 2 is packet 1 again
    "zeek/https-to-http.pcap": {"tls_client_hello": (1, PORT)},
    "zeek/ssl-to-http-server.pcap": {"tls_client_hello": (1, PORT)},
    "zeek/irc-starttls.pcap": {"tls_client_hello": (1, PORT), "tls_server_hello": (1, PORT), "tls_certificate_messages": (2, PORT)},
    "wireshark/challenge01_ooo_stream.pcapng.gz": {
        "tls_alert_records": (1, "the server's stands 1.4 MB into its stream: past the limit of a direction (--max-bytes), which is told")},
    "wireshark/rsasnakeoil2.pcap": {"tls_client_hello": (1, "the other is an SSL 2.0 CLIENT-HELLO, told as such; what answers it is SSL 3.0")},
    "zeek/ssl.v3.pcap": {"tls_client_hello": (2, "likewise: the third, answered with TLS 1.0, begins 80 55 01 03 01")},
    "zeek/ssl-v2.pcap": {
        "tls_client_hello": (0, "an SSL 2.0 CLIENT-HELLO is no message of TLS: it is told as what it is"),
        "tls_server_hello": (0, "likewise")},
}


def counts(handshakes):
    found = collections.Counter()
    for h in handshakes:
        carrier = {"TLS": "tls", "SSL 2.0": "tls", "DTLS": "dtls", "QUIC": "quic"}[h["transport"]]
        types = collections.Counter(m["type"]["id"] for m in h["messages"])
        found[f"{carrier}_client_hello"] += types[CLIENT_HELLO]
        if carrier == "tls":
            found["tls_server_hello"] += types[SERVER_HELLO]
            found["tls_certificate_messages"] += types[CERTIFICATE]
            found["tls_alert_records"] += len({(a["from"], a["offset"]) for a in h["alerts"]})
    return found


class Captures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.seen = {}
        for path in sorted(pathlib.Path(FOLDER).glob("*/*cap*")):
            done = subprocess.run([tlsproof(), "inspect", "--json", str(path)], capture_output=True, timeout=120)
            cls.seen[f"{path.parent.name}/{path.name}"] = done

    def handshakes(self, name):
        return [json.loads(line) for line in self.seen[name].stdout.splitlines()]

    def test_every_file_is_read_to_its_end(self):
        for name, done in self.seen.items():
            with self.subTest(name):
                self.assertIn(done.returncode, (0, 3), done.stderr.decode())
                if done.returncode == 3:
                    self.assertEqual(done.stdout, b"")
                    self.assertRegex(" ".join(done.stderr.decode().split()), "no TLS, DTLS or QUIC handshake in")

    def test_counts(self):
        with open(os.path.join(FOLDER, "expected.tsv"), encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                found = counts(self.handshakes(row["file"]))
                for column in [key for key in row if key not in ("file", "packets")]:
                    wanted, why = SETTLED.get(row["file"], {}).get(column, (int(row[column]), "as tshark"))
                    with self.subTest(file=row["file"], column=column):
                        self.assertEqual(found[column], wanted, why)

    def test_each_line_is_valid(self):
        with open(SOURCE / "reports" / "schema" / "handshake.schema.json", encoding="utf-8") as file:
            validator = jsonschema.Draft202012Validator(json.load(file))
        for name in self.seen:
            for h in self.handshakes(name):
                with self.subTest(name, handshake=h["handshake"]):
                    self.assertEqual([f"{e.json_path}: {e.message}" for e in validator.iter_errors(h)], [])

    # What the authors of the captures published: (JA3, JA3S, JA4), None where nothing was.
    PRINTS = {
        "ja4/tls12.pcap": ("579ccef312d18482fc42e2b822ca2430", None, "t13d1715h2_5b57614c22b0_3d5424432f57"),
        "ja4/tls-alpn-h2.pcap": ("3faa4ad39f690c4ef1c3160caa375465", "7f76f3e952a1bc7d407366fafe1db7ed", "t12d4605h2_85626a9a5f7f_aaf95bb78ec9"),
        "ja4/badcurveball.pcap": ("66918128f1b9b03303d77c6f2eefd128", "2d1eb5817ece335c24904f516ad5da12", "t13d1615h2_46e7e9700bed_45f260be83e2"),
        "ja4/https-connect.pcap": ("b288289af2999820648eb3ca4d8304c5", "b7bd51222a09f3ad66a340710ae9c01a", "t12i860500_e18388e7f3a3_a1e935682795"),
        "ja4/browsers-x509.pcapng": (None, None, "t13d1516h2_8daaf6152771_e5627efa2ab1"),
        "ja4/ipv6.pcapng": (None, None, "t12d4605h2_85626a9a5f7f_aaf95bb78ec9"),
        "ja4/https3-301-get.pcap": (None, None, "t10d230100_6a57a6f57151_000000000000"),
        "ja4/socks-https-example.pcap": (None, None, "t10d230100_6a57a6f57151_000000000000"),
        "ja4/macos_tcp_flags.pcap": (None, None, "t13d2613h2_2802a3db6c62_845d286b0d67"),
        "ja4/latest.pcapng": (None, None, "t12d190800_d83cc789557e_7af1ed941c26"),
        "ja4/quic-tls-handshake.pcapng": (None, None, "q13d0310h3_55b375c5d22e_cd85d2d88918"),
        "ja4/quic-with-several-tls-frames.pcapng": (None, None, "q13d0310h3_55b375c5d22e_cd85d2d88918"),
        "ja4/chrome-cloudflare-quic-with-secrets.pcapng": (None, None, "q13d0310h3_55b375c5d22e_cd85d2d88918"),
        # "bd": the definition has the first and last digit of the hexadecimal form of a name that is no text.
        "ja4/tls-non-ascii-alpn.pcapng": (None, None, "t13d1516bd_8daaf6152771_e5627efa2ab1"),
    }

    # MUSTs that are broken in them, each looked at byte by byte: {file: {rule: (how often, why)}}. In no other file is one broken.
    BROKEN = {
        "wireshark/rsasnakeoil2.pcap": {"client_hello/renegotiation_signal": (1, OLD)},
        "wireshark/tls-fragmented-handshakes.pcap.gz": {"client_hello/renegotiation_signal": (200, "made by a script: one suite, and GREASE alone for extensions")},
        "wireshark/tls12-chacha20poly1305.pcap": {"client_hello/server_name": (7, ADDRESS)},
        "wireshark/tls13-20-chacha20poly1305.pcap": {"client_hello/server_name": (2, ADDRESS)},
        "zeek/dtls-sequence-number-jumps.pcap": {
            "client_hello/groups_with_key_share": (1, "made by a test of gaps in sequence numbers: three extensions, no key_share"),
            "client_hello/renegotiation_signal": (1, "likewise: it offers DTLS 1.2 as well"),
            "key_share/present": (1, "likewise: the server answers DTLS 1.3 with supported_versions alone")},
        "zeek/dtls13-wolfssl.pcap": {"retry/hello_unchanged": (1, "wolfSSL's second ClientHello has the same extensions in another order")},
        "zeek/heartbleed-encrypted.pcap": {"records/known_type": (1, "the attack: a heartbeat that its own ClientHello did not offer")},
        "zeek/heartbleed-success.pcap": {"heartbeat/payload_length": (1, "the attack")},
        "zeek/heartbleed.pcap": {"heartbeat/payload_length": (1, "the attack")},
        "zeek/missing-intermediate.pcap": {"renegotiation/server_answers": (2, UNAWARE)},
        "zeek/ml-dsa-44-cert.pcap": {"client_hello/renegotiation_signal": (1, "no extension at all")},
        "zeek/ssl.v3.pcap": {"client_hello/renegotiation_signal": (2, OLD)},
        "zeek/tls-expired-cert.pcap": {"renegotiation/server_answers": (1, UNAWARE)},
        "zeek/tls-fragmented-handshake.pcap.gz": {"client_hello/server_name": (1, ADDRESS)},
        "zeek/tls1.2-protocol-violation.pcap": {
            "messages/well_formed": (1, "what the capture is for: the certificate list says 3820 bytes, 253 are left"),
            "order/tls12_server": (1, "and ChangeCipherSpec follows it")},
        "zeek/tls13_wolfssl.pcap": {"client_hello/renegotiation_signal": (1, "wolfSSL offers TLS 1.2 and 1.1 without a word of RFC 5746")},
    }

    def test_rules_fire_where_it_was_settled_alone(self):
        for name in self.seen:
            found = collections.Counter(v["rule"] for h in self.handshakes(name) for v in h["violations"] if v["requirement"] == "MUST")
            settled = {rule: count for rule, (count, _) in self.BROKEN.get(name, {}).items()}
            with self.subTest(name):
                self.assertEqual(dict(found), settled)
        self.assertEqual(set(self.BROKEN) - set(self.seen), set(), "no such files")

    def test_what_is_stapled(self):
        for name, until in {"zeek/ocsp-stapling.pcap": "2014-04-28", "zeek/ocsp-stapling-digicert.pcap": "2014-07-07",
                            "zeek/ocsp-stapling-twimg.pcap": "2014-09-10"}.items():
            stapled = [h["ocsp"] for h in self.handshakes(name) if h["ocsp_stapled"]]
            self.assertTrue(stapled, name)
            for one in stapled:
                self.assertEqual((one["status"], one["certificate_status"], one["next_update"][:10]), ("successful", "good", until), name)

    def test_fingerprints(self):
        for name, prints in self.PRINTS.items():
            handshakes = self.handshakes(name)
            for kind, wanted in zip(("ja3", "ja3s", "ja4"), prints):
                if wanted is None:
                    continue
                with self.subTest(name, kind=kind):
                    self.assertIn(wanted, [h["fingerprints"][kind] for h in handshakes])

    # Capture and key log: every record that carries the handshake is opened.
    def test_keys_open_the_handshake(self):
        keys = pathlib.Path(FOLDER) / "wireshark" / "keys"
        for name, log in (("tls13-rfc8446.pcap", "tls13-rfc8446.keys"), ("tls12-chacha20poly1305.pcap", "tls12-chacha20poly1305.keys")):
            found = [one for one in (keys / log, *keys.glob(f"{name.split('.')[0]}*")) if one.exists()]
            with self.subTest(name):
                self.assertTrue(found, f"no key log for {name}")
                done = subprocess.run([tlsproof(), "inspect", "--json", str(keys.parent / name), "--keylog", str(found[0])], capture_output=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                for line in done.stdout.splitlines():
                    h = json.loads(line)
                    self.assertTrue(h["keys"])
                    self.assertEqual(h["records_not_opened"], 0, h["handshake"])
                    if h["state"] == "completed":
                        self.assertIn(("server", "finished"), {(m["from"], m["type"]["name"]) for m in h["messages"]})


if __name__ == "__main__":
    unittest.main()
