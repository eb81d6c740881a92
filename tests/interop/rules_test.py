"""The RFC rules on the connections of a check: silent on nginx, and caught when somebody in between makes nginx break one."""
import pathlib
import socket
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import check, pki  # noqa: E402
from support.need import need  # noqa: E402
from support.nginx import Host, Nginx  # noqa: E402
from support.peer import Peer  # noqa: E402

need("nginx")

NAME = "server.test"


def forward(source, sink, bend=None):
    """Copies until the end of the stream; `bend` changes the first piece."""
    try:
        while piece := source.recv(65536):
            sink.sendall(bend(piece) if bend else piece)
            bend = None
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def relay_to(port, bend):
    def play(connection, _):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as server:
            back = threading.Thread(target=forward, args=(server, connection, bend), daemon=True)
            back.start()
            forward(connection, server)
            back.join(20)
    return play


def other_session_id(piece):
    """The last byte of legacy_session_id_echo of a ServerHello at the start of the stream."""
    piece = bytearray(piece)
    length = 5 + 4 + 2 + 32
    if piece[0] == 22 and piece[5] == 2 and piece[length]:
        piece[length + piece[length]] ^= 1
    return bytes(piece)


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-rules-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        pki("ca", "--subject", "O=Test,CN=Root", "--key", "p256", "--no-passphrase", "--out", f / "ca")
        pki("server", "--ca", f / "ca", "--out", f / "server", "--name", NAME)
        cls.host = Host("plain", f / "server/server.crt", f / "server/server.key")
        cls.enterClassContext(Nginx(f, [cls.host]))

    def checked(self, address):
        return check(address, "--trust", self.folder / "ca/ca.crt", "--server-name", NAME, "oneway/rules", "oneway/handshake")

    def test_nginx_breaks_none(self):
        checked = self.checked(self.host.endpoint)
        findings = checked.endpoint.findings
        for version in ("1.2", "1.3"):
            finding = findings[f"oneway/rules[tls={version}]"]
            self.assertEqual(finding["verdict"], "pass", str(checked))
            self.assertRegex(finding["seen"], r"^1[0-9]{2} rules on [0-9]+ connections: none broken$")
        self.assertEqual(checked.status, 0)
        self.assertFalse([name for name in findings if "rule=" in name])

    def test_a_broken_rule_is_named(self):
        with Peer(relay_to(self.host.port, other_session_id)) as between:
            checked = self.checked(between.address)
        self.assertEqual(checked.status, 1, str(checked))
        name = "oneway/rules[tls=1.3,rule=server_hello/session_id_echo]"
        finding = checked.endpoint.findings[name]
        self.assertEqual((finding["verdict"], finding["requirement"]), ("fail", "MUST"))
        self.assertIn({"rfc": 8446, "section": "4.1.3"}, [{k: c[k] for k in ("rfc", "section")} for c in finding["cites"]])
        self.assertTrue(finding["evidence"][0]["events"])
        whole = checked.endpoint.findings["oneway/rules[tls=1.3]"]
        self.assertRegex(whole["seen"], r"^the other 1[0-9]{2} rules hold on [0-9]+ connections$")
        # TLS 1.2 lets the server choose its session id: that is no breach.
        self.assertFalse([one for one in checked.endpoint.findings if "tls=1.2" in one and "rule=" in one], str(checked))


if __name__ == "__main__":
    unittest.main()
