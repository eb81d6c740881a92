"""Services that offer no TLS, take it back, inject into it, flood, stall, or answer inside as nobody does: told by what they did,
and never a pass."""
import pathlib
import ssl
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import pki  # noqa: E402
from support.need import need  # noqa: E402
from support.peer import Peer, Tls, receive_until  # noqa: E402
from support.program import expect_sound, run, run_all  # noqa: E402

need("openssl")


def hold(connection):
    while connection.recv(65536):
        pass


def line(connection):
    return receive_until(connection, lambda data: data.endswith(b"\n"))


def smtp(*answers, then=hold):
    """Greets, and answers each line of the client with the next of these."""
    def play(connection, _):
        connection.sendall(b"220 here\r\n")
        for answer in answers:
            line(connection)
            connection.sendall(answer)
        then(connection)
    return play


def flood(connection):
    while True:
        connection.sendall(b"220-" + b"a" * 996 + b"\r\n")


OFFER = b"250-here\r\n250 STARTTLS\r\n"
# name: (word of --app, what the server does, what must be told)
NO_TLS = {
    "not offered": ("smtp", smtp(b"250 here\r\n"), "TLS was not begun: the SMTP server does not offer STARTTLS"),
    "refused": ("smtp", smtp(OFFER, b"454 4.7.0 TLS not available\r\n"), "TLS was not begun: SMTP 454 4.7.0 TLS not available"),
    "injected": ("smtp", smtp(OFFER, b"220 go\r\n250 evil\r\n"), "10 bytes in the clear follow the server's word that TLS may begin: '250 evil"),
    "answers unasked": ("smtp", smtp(OFFER + b"220 go\r\n"), "it answers before it is asked"),
    "escapes": ("smtp", smtp(b"554 \x1b]0;evil\x07 \xe2\x80\xae\r\n"), r"SMTP 554 \\x1b]0;evil\\x07"),
    "closes": ("smtp", smtp(then=lambda connection: connection.close()), "before TLS could begin"),  # a reset where our words were not read
    "silent": ("smtp", lambda connection, _: hold(connection), "nothing came in time; is this a port where TLS begins with the connection?"),
    "floods": ("smtp", lambda connection, _: flood(connection), "it says more than 65536 bytes"),
    "another service": ("imap", smtp(), "this is not IMAP: '220 here'"),
    "no TLS in postgres": ("postgres", lambda connection, _: (connection.recv(8), connection.sendall(b"N"), hold(connection)), "it does not do TLS"),
    "injected into postgres": ("postgres", lambda connection, _: (connection.recv(8), connection.sendall(b"S" + b"E\0\0\0\x08evil"), hold(connection)),
                               "9 bytes in the clear follow"),
    "TLS at once": ("ldap", lambda connection, _: (connection.recv(64), connection.sendall(b"\x15\3\3\0\2\2\x0a")), "this is not LDAP"),
}


class NoTls(unittest.TestCase):
    def test_each_is_told_and_nothing_passes(self):
        for name, (app, play, told) in NO_TLS.items():
            with self.subTest(name), Peer(play) as peer:
                words = [["check", peer.address, "--app", app, "--timeout", "1"], ["probe", peer.address, "--app", app, "--timeout", "1"]]
                for (command, *_), done in run_all(words):
                    expect_sound(self, done, {3})
                    self.assertIn(told.replace("\\\\", "\\"), done.text, done)
                    self.assertNotIn("PASS ", done.text, done)


class Inside(unittest.TestCase):
    """After a right handshake."""

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-app-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        pki("ca", "--subject", "O=Test,CN=ca", "--key", "p256", "--no-passphrase", "--out", f)
        pki("server", "--ca", f, "--name", "localhost", "--out", f)
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(f / "server.crt", f / "server.key")

    def check(self, app, *answers):
        """The server greets with the first answer and gives the others to whatever is asked, then waits."""
        def play(connection, _):
            tls = Tls(self.context, connection)
            tls.accept()
            for i, answer in enumerate(answers):
                if i > 0:
                    tls.step(tls.object.read, 65536)
                if answer:
                    tls.write(answer)
            while tls.step(tls.object.read, 65536):
                pass
        with Peer(play) as peer:
            return run("check", f"localhost:{peer.port}", "--connect-to", peer.address, "--app", app, "--trust", self.folder / "ca.crt",
                       "--timeout", "1", "oneway/handshake", "--verbose")

    def test_right_answers_pass(self):
        done = self.check("smtps", b"220 here\r\n", b"250 here\r\n", b"221 bye\r\n")
        expect_sound(self, done, {0})
        for told in ("─► EHLO tlsproof.invalid", "◄─ 250 here", "─► QUIT"):
            self.assertIn(told, done.text, done)

    def test_another_service(self):
        done = self.check("smtps", b"* OK imap\r\n")
        expect_sound(self, done, {3})
        self.assertIn("this is not SMTP: '* OK imap'", done.text, done)

    def test_a_flood(self):
        done = self.check("imaps", b"* OK here\r\n", b"* X\r\n" * 20_000)
        expect_sound(self, done, {3})
        self.assertIn("it says more than", done.text, done)

    def test_greets_and_falls_silent(self):
        done = self.check("smtps", b"220 here\r\n")
        expect_sound(self, done, {1, 3})
        self.assertNotIn("PASS ", done.text, done)


if __name__ == "__main__":
    unittest.main()
