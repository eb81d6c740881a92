#!/usr/bin/env python3
"""`tlsproof inspect` live on the loopback interface of a network namespace, while `tlsproof check` plays against nginx: it finds exactly
the handshakes that check played, message for message, opened by the key log that grows beside it; tshark finds the same in what it wrote."""
import json
import os
import pathlib
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.capture import Live, enter_namespace, inspect_json, messages, our_messages, tshark_messages  # noqa: E402
from support.check import pki  # noqa: E402
from support.need import need, tlsproof  # noqa: E402
from support.nginx import Host, Nginx  # noqa: E402

need("nginx", "openssl", "tshark", "unshare", "ip")
enter_namespace()


class LiveTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = folder = pathlib.Path(held.name)
        pki("ca", "--key", "p256", "--no-passphrase", "--subject", "CN=Test CA", "--out", folder)
        pki("server", "--ca", folder, "--name", "server.test", "--out", folder)
        pki("client", "--ca", folder, "--name", "alice@server.test", "--out", folder)
        self.host = Host("mutual", folder / "server.crt", folder / "server.key",
                         [f"ssl_client_certificate {folder}/ca.crt;", "ssl_verify_client on;"], server_names="server.test")

    def check(self, *words):
        folder = self.folder
        return subprocess.run(
            [tlsproof(), "check", f"server.test:{self.host.port}", "--connect-to", self.host.endpoint, "--trust", str(folder / "ca.crt"),
             "--client-cert", str(folder / "client.crt"), "--client-key", str(folder / "client.key"), "--client-ca", str(folder / "ca.crt"),
             "--client-ca-key", str(folder / "ca.key"), "--evidence", str(folder / "evidence"), "--format", "json", *words],
            capture_output=True, timeout=120, env={**os.environ, "SSLKEYLOGFILE": str(folder / "keys.log")})

    def test_exactly_what_check_played(self):
        keys, written = self.folder / "keys.log", self.folder / "live.pcapng"
        keys.touch(mode=0o600)
        with Nginx(self.folder, [self.host]):
            with Live("-f", f"port {self.host.port}", "--json", "--keylog", keys, "--write", written) as live:
                done = self.check("oneway", "mtls")
        self.assertIn(done.returncode, (0, 1), done.stderr.decode())
        self.assertEqual(live.status, 0, live.err)
        found = [json.loads(line) for line in live.out.splitlines()]

        # Every connection that check made, and no other.
        (endpoint,) = json.loads(done.stdout)["endpoints"]
        played = {int(a["trace"]["local_address"].rsplit(":", 1)[1]): a for a in endpoint["attempts"] if a["outcome"]["kind"] != "plain_text"}
        self.assertGreaterEqual(len(played), len(endpoint["attempts"]) - 1)  # plain HTTP is spoken to the port once
        self.assertGreater(len(played), 20)
        self.assertEqual(sorted(h["client"]["port"] for h in found), sorted(played))
        self.assertEqual({h["server"]["port"] for h in found}, {self.host.port})

        # Message for message, as check wrote them down itself.
        evidence = {h["client"]["port"]: h for h in inspect_json(*(a["evidence"] for a in played.values()))}
        self.assertEqual(sorted(evidence), sorted(played))
        for h in found:
            port = h["client"]["port"]
            with self.subTest(played[port]["label"]):
                self.assertEqual(messages(h), messages(evidence[port]))
                # By sender: two that cross on their way stand in another order on the wire than at the client.
                alerts = [sorted((a["from"], a["description"]["name"]) for a in one["alerts"]) for one in (h, evidence[port])]
                self.assertEqual(alerts[0], alerts[1])
                self.assertEqual(h["violations"] and [v["rule"] for v in h["violations"]],
                                 evidence[port]["violations"] and [v["rule"] for v in evidence[port]["violations"]])
                self.assertEqual(h["records_not_opened"], 0)
                outcome = played[port]["outcome"]
                self.assertEqual(h["version"], outcome["version"] and {"id": outcome["version"]["value"], "name": outcome["version"]["name"]})

        # The file that it kept: private, and to tshark the same.
        self.assertEqual(stat.S_IMODE(written.stat().st_mode), 0o600)
        # A client certificate of 100 KiB is more than tshark puts together; check's own record of it is held against ours above.
        huge = {port for port in played if " huge" in played[port]["label"]}
        ours, theirs = our_messages(found), tshark_messages(written, "-o", f"tls.keylog_file:{keys}")
        self.assertEqual({played[port]["label"]: (ours.get(port), theirs.get(port)) for port in played if port not in huge and ours.get(port) != theirs.get(port)}, {})

    # Nothing at all is no success.
    def test_nothing(self):
        with Live("-f", "port 9") as live:
            pass
        self.assertEqual(live.status, 3, live.err)
        self.assertIn("no TLS, DTLS or QUIC handshake", " ".join(live.err.split()))

    # A handshake is shown while its connection stays open.
    def test_follow(self):
        client = ssl.create_default_context(cafile=self.folder / "ca.crt")
        with Nginx(self.folder, [self.host]):
            with Live("-f", f"port {self.host.port}", "--json", "--follow") as live:
                with socket.create_connection(("127.0.0.1", self.host.port)) as plain:
                    with client.wrap_socket(plain, server_hostname="server.test"):
                        deadline = time.monotonic() + 40
                        while b"\n" not in live.shown() and time.monotonic() < deadline:
                            time.sleep(0.05)
                        shown = live.shown()
        (line,) = shown.splitlines()
        self.assertEqual((json.loads(line)["state"], json.loads(line)["sni"]), ("completed", "server.test"))
        self.assertEqual(live.status, 0, live.err)
        self.assertEqual(len(live.out.splitlines()), 1)  # its end is no second handshake


if __name__ == "__main__":
    unittest.main()
