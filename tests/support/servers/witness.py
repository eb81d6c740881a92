"""libssl as a second opinion: what a plain client, written by somebody else, meets at a server."""
import re
import socket
import ssl

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
# libssl's names of alerts tell the version that brought them.
ALERT = re.compile(r"(?:TLSV1|TLSV13|SSLV3)_ALERT_(\w+)")


class Witness:
    """A client of Python's ssl module, that is of libssl; reads on after the handshake, as tlsproof does."""

    def __init__(self, port, name, ca):
        self.port, self.name, self.ca = port, name, ca

    def _context(self, identity, version=None):
        context = ssl.create_default_context(cafile=str(self.ca))
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # so that we may show a weak certificate
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # an end without close_notify is another thing
        context.options |= ssl.OP_NO_RENEGOTIATION  # tlsproof has none either
        if version:
            context.minimum_version = context.maximum_version = VERSIONS[version]
        if identity:
            context.load_cert_chain(*map(str, identity))
        return context

    def answers(self, identity):
        """Whether a handshake can be completed here and the certificate is the one expected."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as raw:
                with self._context(identity).wrap_socket(raw, server_hostname=self.name):
                    return True
        except OSError:
            return False

    def meets(self, identity, version):
        """What the client with this (certificate, key), or None, is told: 'alert NAME, handshake complete', 'HTTP 200', 'closed, …'
        (without a word) and the like."""
        return self._connect(self._context(identity, version), self.name, self.name)[0]

    def meets_at(self, identity, version, visits):
        """The last of several visits, each (name in the handshake, name in the request) and each resuming the session of the one
        before: (what it is told, whether the session was resumed)."""
        context = self._context(identity, version)
        context.check_hostname = False
        session = None
        for server_name, host in visits:
            told, resumed, session = self._connect(context, server_name, host, session)
        return told, resumed

    def _connect(self, context, server_name, host, session=None):
        """(what it is told, whether the session was resumed, the session)"""
        complete, resumed = False, False
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as raw:
                with context.wrap_socket(raw, server_hostname=server_name, suppress_ragged_eofs=False, session=session) as tls:
                    complete, resumed = True, tls.session_reused
                    return self._converse(tls, host), resumed, tls.session
        except ssl.SSLZeroReturnError:
            how = "close_notify"
        except ssl.SSLError as error:
            alert = ALERT.search(error.reason or "")
            ended = isinstance(error, ssl.SSLEOFError) or error.reason == "UNEXPECTED_EOF_WHILE_READING"
            how = f"alert {alert[1].lower()}" if alert else "closed" if ended else str(error)
        except TimeoutError:
            how = "nothing"
        except OSError:
            how = "closed"
        return self._ended(how, complete), resumed, None

    def _converse(self, tls, host):
        try:
            tls.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        except OSError:
            pass  # what the server said before it closed can still be read
        answer = b""
        while b"\r\n" not in answer:
            data = tls.recv(4096)
            if not data:
                return self._ended("close_notify", True)
            answer += data
        return "HTTP " + answer.split(b" ", 2)[1].decode()

    @staticmethod
    def _ended(how, complete):
        return f"{how}, handshake {'complete' if complete else 'not complete'}"
