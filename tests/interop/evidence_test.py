#!/usr/bin/env python3
"""--evidence and SSLKEYLOGFILE, judged by Wireshark's tshark: every file opens, is decrypted with nothing beside it, and shows what the
report says; and whoever may not read it cannot."""
import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import socket
import ssl
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import openssl, pki  # noqa: E402
from support.need import need  # noqa: E402
from support.nginx import Host, Nginx  # noqa: E402
from support.peer import Peer, Tls, receive_until  # noqa: E402
from support.program import expect_sound, run  # noqa: E402

need("nginx", "openssl", "tshark", "text2pcap")

SOURCE = pathlib.Path(os.environ.get("TLSPROOF_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
NAME = "server.test"
PASSPHRASE = "correct horse 4711"
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY, FINISHED = 1, 2, 13, 15, 20
# Labels that try to get out of the folder, and two that would be one file.
LABELS = ("../../mutual one", "../../mutual/one", "one-way")


def tshark(path, *words):
    done = subprocess.run(["tshark", "-n", "-r", str(path), *words], capture_output=True, text=True, timeout=120,
                          env={key: value for key, value in os.environ.items() if key != "SSLKEYLOGFILE"})
    if done.returncode:
        raise AssertionError(f"tshark {path} {words}: status {done.returncode}\n{done.stderr}")
    return done.stdout


FIELDS = ("tcp.srcport", "tls.handshake.type", "tls.alert_message.desc", "http.response.code", "http.request.method", "tls.handshake.certificate",
          "_ws.expert.message", "_ws.malformed")


class Seen:
    """What tshark makes of a file."""

    def __init__(self, path):
        words = [word for field in FIELDS for word in ("-e", field)]
        self.types, self.alerts = ([], []), ([], [])  # of the client, of the server
        self.status = self.request = None
        self.certificates = [0, 0]
        client = None
        for line in tshark(path, "-T", "fields", "-E", "separator=|", *words).splitlines():
            port, types, alerts, status, method, certificates, expert, malformed = line.split("|")
            client = client or port  # the first packet is the client's
            side = int(port != client)
            self.types[side].extend(int(one) for one in types.split(",") if one)
            self.alerts[side].extend(int(one) for one in alerts.split(",") if one)
            self.certificates[side] += sum(1 for one in certificates.split(",") if one)
            self.status = self.status or (int(status) if status else None)
            self.request = self.request or method
            if malformed or re.search("Malformed|Retransmission|out-of-order|Previous segment", expert):
                raise AssertionError(f"{path}: {line}")


def secrets_in(path):
    """The lines of the Decryption Secrets Blocks of a pcapng, and whether a packet came before them."""
    data, at, lines, packets, late = path.read_bytes(), 0, [], 0, False
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 10:
            secret_type, length = struct.unpack_from("<II", data, at + 8)
            assert secret_type == 0x544C534B
            lines += data[at + 16:at + 16 + length].decode().splitlines()
            late |= packets > 0
        packets += kind == 6
        at += size
    return lines, late


class Evidence(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-evidence-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        pki("ca", "--subject", "O=Test,CN=ca", "--key", "p256", "--no-passphrase", "--out", f / "ca")
        (f / "passphrase").write_text(PASSPHRASE + "\n")
        openssl("pkcs8", "-topk8", "-in", f / "ca/ca.key", "-v2", "aes-256-cbc", "-iter", 2048, "-passout", f"file:{f}/passphrase",
                "-out", f / "encrypted.key")
        pki("server", "--ca", f / "ca", "--name", NAME, "--out", f / "server")
        pki("client", "--ca", f / "ca", "--name", "alice", "--out", f / "client")
        pair = (f / "server/server.crt", f / "server/server.key")
        mutual = [f"ssl_client_certificate {f}/ca/ca.crt;", "ssl_verify_client on;"]
        cls.hosts = [Host("mutual", *pair, lines=mutual), Host("mutual12", *pair, lines=[*mutual, "ssl_protocols TLSv1.2;"]), Host("oneway", *pair)]
        cls.enterClassContext(Nginx(f, cls.hosts))
        lines = ["defaults:", f"  trust: {{anchors: [{f}/ca/ca.crt]}}", f"  server_name: {NAME}",
                 "  suites: [oneway/handshake, oneway/plain_http, oneway/versions, mtls/none, mtls/good, mtls/expired, mtls/wrong_key, mtls/sessions/bad*]",
                 f"  client_ca: {{certificate: {f}/ca/ca.crt, key: {f}/encrypted.key, passphrase: {{file: {f}/passphrase}}}}",
                 f"  client_identity: {{certificate: {f}/client/client.crt, key: {f}/client/client.key}}", "endpoints:"]
        for label, host, auth in zip(LABELS, cls.hosts, ("required", "required", "none")):
            lines.append(f"  - {{label: '{label}', address: '{host.endpoint}', client_auth: {auth}}}")
        (f / "target.yaml").write_text("\n".join(lines) + "\n")
        old = os.umask(0)  # the modes must not depend on it
        try:
            cls.done = run("check", "--target", f / "target.yaml", "--evidence", "new/evidence", "--format", "json", "--report", "text=story.txt",
                           "--verbose", cwd=f, env={"SSLKEYLOGFILE": str(f / "keys.log")})
        finally:
            os.umask(old)
        cls.report = json.loads(cls.done.out)
        cls.evidence = f / "new/evidence"
        cls.attempts = [(endpoint, attempt) for endpoint in cls.report["endpoints"] for attempt in endpoint["attempts"]]
        cls.files = {a["evidence"]: f / a["evidence"] for _, a in cls.attempts if a["evidence"]}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            cls.seen = dict(zip(cls.files, pool.map(Seen, cls.files.values())))

    def test_every_connection_has_a_file_of_its_own(self):
        expect_sound(self, self.done, {0})
        self.assertEqual(self.done.err, b"", self.done)
        self.assertGreater(len(self.attempts), 30)
        self.assertEqual(len(self.files), len(self.attempts))
        on_disk = {path.name for path in self.evidence.iterdir()}
        self.assertEqual(on_disk, {pathlib.Path(name).name for name in self.files} | {"index.json"})
        self.assertTrue([name for name in on_disk if re.fullmatch(r"mutual-one-\d{3}-no-client-certificate-TLS-1\.3\.pcapng", name)], on_disk)
        for name in on_disk:
            self.assertRegex(name, r"^[A-Za-z0-9][A-Za-z0-9._-]*$")

    def test_only_the_owner_may_read_it(self):
        self.assertEqual(stat.S_IMODE(self.evidence.stat().st_mode), 0o700)
        for path in (*self.evidence.iterdir(), self.folder / "keys.log"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)

    def test_wireshark_sees_what_the_report_says(self):
        counted = collections.Counter()
        for endpoint, attempt in self.attempts:
            outcome, seen = attempt["outcome"], self.seen[attempt["evidence"]]
            with self.subTest(endpoint=endpoint["label"], attempt=attempt["label"], outcome=outcome["description"]):
                if outcome["kind"] == "plain_text":
                    self.assertEqual((seen.types, seen.request, seen.status), (([], []), "GET", outcome["http_status"]))
                    counted["plain"] += 1
                    continue
                self.assertEqual(seen.types[0][:1], [CLIENT_HELLO])
                version = outcome["version"]["name"] if outcome["version"] else None
                if outcome["kind"] == "alert":
                    self.assertIn(outcome["alert"]["value"], seen.alerts[1])
                    counted["alert"] += 1
                else:
                    self.assertFalse(set(seen.alerts[1]) - {0})
                if outcome["handshake_complete"]:
                    # Encrypted in both versions: only with the secrets inside can they be told from other bytes.
                    self.assertIn(FINISHED, seen.types[0])
                    self.assertIn(FINISHED, seen.types[1])
                    self.assertEqual(seen.types[1][:1], [SERVER_HELLO])
                    self.assertEqual(seen.certificates[1] > 0, not outcome["resumed"])
                    counted["resumed"] += outcome["resumed"]
                    self.assertEqual(CERTIFICATE_REQUEST in seen.types[1], outcome["client_certificate_requested"])
                    self.assertEqual(seen.certificates[0] > 0, outcome["client_certificate_sent"])
                    self.assertEqual(CERTIFICATE_VERIFY in seen.types[0], outcome["client_certificate_sent"])
                    self.assertEqual(seen.status or 0, outcome["http_status"])
                    counted["complete", version, seen.status] += 1
        # Both versions, the page and its refusal, an alert, a session that goes on, and what is no TLS: or the above proves little.
        for what in (("complete", "TLS 1.2", 200), ("complete", "TLS 1.3", 200), ("complete", "TLS 1.2", 400), ("complete", "TLS 1.3", 400),
                     "alert", "plain", "resumed"):
            self.assertGreater(counted[what], 0, counted)

    def test_report_story_and_index_name_the_files(self):
        index = json.loads((self.evidence / "index.json").read_text())
        self.assertEqual(index["schema"], "tlsproof-evidence/1")
        try:
            import jsonschema
        except ImportError:
            self.assertFalse(os.environ.get("TLSPROOF_REQUIRE_TOOLS"), "python3-jsonschema is not installed")
        else:
            schema = json.loads((SOURCE / "reports/schema/evidence.schema.json").read_text())
            jsonschema.Draft202012Validator.check_schema(schema)
            jsonschema.Draft202012Validator(schema).validate(index)
        rows = {(row["endpoint"], row["attempt"]): row for row in index["files"]}
        self.assertEqual(len(rows), len(self.files))
        for endpoint in self.report["endpoints"]:
            proved = {}
            for finding in endpoint["findings"]:
                for one in finding["evidence"]:
                    proved.setdefault(one["attempt"], []).append({"id": finding["id"], "verdict": finding["verdict"]})
            for number, attempt in enumerate(endpoint["attempts"]):
                row = rows[endpoint["label"], number]
                self.assertEqual(f"new/evidence/{row['file']}", attempt["evidence"])
                self.assertEqual((row["label"], row["outcome"]), (attempt["label"], attempt["outcome"]["description"]))
                self.assertEqual(row["findings"], proved.get(number, []))
        story = (self.folder / "story.txt").read_text()
        (expired,) = [a["evidence"] for e, a in self.attempts if a["label"] == "client certificate expired, TLS 1.3"]
        self.assertRegex(story, rf"proof +client certificate expired, TLS 1\.3\n +{re.escape(expired)}\n")
        self.assertNotIn("--evidence", story)  # to play it again needs none

    def test_secrets_and_no_others(self):
        """The key log holds the very secrets that are in the files; neither holds what belongs to whom we are."""
        inside = []
        for name, path in self.files.items():
            lines, late = secrets_in(path)
            self.assertFalse(late, name)
            inside += lines
        self.assertEqual(sorted(inside), sorted((self.folder / "keys.log").read_text().splitlines()))
        for line in inside:
            self.assertRegex(line, r"^[A-Z_0-9]+ [0-9a-f]{64} ([0-9a-f]{64}|[0-9a-f]{96})$")
        forbidden = [PASSPHRASE.encode(), b"PRIVATE KEY", PASSPHRASE.encode().hex().encode()]
        for key in ("ca/ca.key", "client/client.key", "server/server.key"):
            text = openssl("pkey", "-in", self.folder / key, "-noout", "-text")
            number = bytes.fromhex(re.sub(r"[\s:]", "", re.search(r"priv:\n((?:\s+[0-9a-f:]+\n)+)", text).group(1)))[-32:]
            forbidden += [number, number.hex().encode(), number.hex().upper().encode()]
        for path in (*self.evidence.iterdir(), self.folder / "keys.log"):
            content = path.read_bytes()
            for secret in forbidden:
                self.assertNotIn(secret, content, path)

    def test_without_being_asked_no_secret_is_written(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as empty:
            done = run("check", self.hosts[2].endpoint, "--server-name", NAME, "--trust", self.folder / "ca/ca.crt", "--format", "json",
                       "oneway/handshake", cwd=empty, env={"SSLKEYLOGFILE": ""})
            expect_sound(self, done, {0})
            self.assertEqual(list(pathlib.Path(empty).iterdir()), [])
            self.assertEqual({a["evidence"] for e in json.loads(done.out)["endpoints"] for a in e["attempts"]}, {""})

    def test_key_log_opens_a_capture_of_somebody_else(self):
        """A relay writes down what passes; text2pcap makes packets of it; the key log, appended to, makes sense of them."""
        keys = self.folder / "other keys.log"
        keys.write_text("# kept\n")
        keys.chmod(0o640)
        for version in ("1.2", "1.3"):
            recorded = {}

            def relay(connection, number):
                pieces = recorded[number] = []
                with socket.create_connection(("127.0.0.1", self.hosts[0].port)) as server:
                    def pump(source, target, direction):
                        with contextlib.suppress(OSError):
                            while data := source.recv(65536):
                                pieces.append((direction, data))
                                target.sendall(data)
                            target.shutdown(socket.SHUT_WR)
                    up = threading.Thread(target=pump, args=(connection, server, "I"))
                    up.start()
                    pump(server, connection, "O")
                    up.join()

            with Peer(relay) as peer:
                done = run("check", peer.address, "--server-name", NAME, "--trust", self.folder / "ca/ca.crt", "--client-cert",
                           self.folder / "client/client.crt", "--client-key", self.folder / "client/client.key", "--client-auth", "required",
                           "--tls", version, "mtls/good", env={"SSLKEYLOGFILE": str(keys)})
            expect_sound(self, done, {0})
            pages = 0
            for number, pieces in recorded.items():
                dump, capture = self.folder / f"{version}-{number}.txt", self.folder / f"{version}-{number}.pcap"
                dump.write_text("".join(f"{direction}\n" + "".join(f"{at:06x} {data[at:at + 16].hex(' ')}\n" for at in range(0, len(data), 16))
                                        for direction, data in pieces))
                subprocess.run(["text2pcap", "-q", "-D", "-T", "50000,443", str(dump), str(capture)], check=True, capture_output=True, timeout=60)
                shown = tshark(capture, "-o", f"tls.keylog_file:{keys}", "-T", "fields", "-e", "http.response.code")
                pages += "200" in shown
                self.assertNotIn("200", tshark(capture, "-T", "fields", "-e", "http.response.code"))
            self.assertGreater(pages, 0, version)
        self.assertTrue(keys.read_text().startswith("# kept\n"))
        self.assertEqual(stat.S_IMODE(keys.stat().st_mode), 0o640)  # what is there keeps its mode

    def test_starttls(self):
        """Of a port that is not the service's own Wireshark must be told whose it is, and needs nothing else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server/server.crt", self.folder / "server/server.key")

        def play(connection, _):
            connection.sendall(b"220 mail.example ESMTP\r\n")
            receive_until(connection, lambda data: data.endswith(b"\r\n"))
            connection.sendall(b"250-mail.example\r\n250 STARTTLS\r\n")
            receive_until(connection, lambda data: data.endswith(b"\r\n"))
            connection.sendall(b"220 go ahead\r\n")
            tls = Tls(context, connection)
            tls.accept()
            while command := tls.step(tls.object.read, 4096):
                tls.write(b"221 bye\r\n" if command.upper().startswith(b"QUIT") else b"250 mail.example\r\n")

        with Peer(play) as peer:
            done = run("check", peer.address, "--app", "smtp", "--server-name", NAME, "--trust", self.folder / "ca/ca.crt", "--evidence",
                       self.folder / "smtp", "--format", "json", "--timeout", "3", "oneway/handshake")
        expect_sound(self, done, {0})
        attempts = [a for a in json.loads(done.out)["endpoints"][0]["attempts"] if a["outcome"]["handshake_complete"]]
        self.assertTrue(attempts)
        for attempt in attempts:
            shown = tshark(attempt["evidence"], "-d", f"tcp.port=={peer.port},smtp", "-V")
            self.assertIn("Command Line: STARTTLS", shown)
            self.assertEqual(shown.count("Verify Data"), 2, attempt["label"])
            self.assertIn("Response: 250 mail.example", shown)  # within TLS: the one in the clear goes on after its line

    def test_probe(self):
        done = run("probe", self.hosts[0].endpoint, "--server-name", NAME, "--evidence", self.folder / "probe", "--format", "json",
                   env={"SSLKEYLOGFILE": str(self.folder / "probe.log")})
        expect_sound(self, done, {0})
        (endpoint,) = json.loads(done.out)["endpoints"]
        files = [pathlib.Path(path) for path in endpoint["evidence"]]
        self.assertGreater(len(files), 1)
        self.assertEqual({path.name for path in (self.folder / "probe").iterdir()}, {path.name for path in files} | {"index.json"})
        self.assertEqual(sorted(line for path in files for line in secrets_in(path)[0]),
                         sorted((self.folder / "probe.log").read_text().splitlines()))
        self.assertIn(400, [Seen(path).status for path in files])


if __name__ == "__main__":
    unittest.main()
