"""stunnel before small servers of the test, one that speaks HTTP and one that closes on it: one process, one service a mode; a
mode is further lines of its service, where "closing" stands for the second."""
import contextlib

from support.peer import Peer, receive_until
from support.servers.base import Server


class Stunnel(Server):
    program = "stunnel4"

    def commands(self):
        m, f = self.material, self.folder
        lines = ["foreground = yes", "pid =", f"output = {f}/stunnel.log", "debug = info", "syslog = no"]
        for mode, more in self.modes.items():
            lines += [f"[{mode}]", f"accept = 127.0.0.1:{self.ports[mode]}", f"connect = {(self.closing if 'closing' in more else self.backend).address}", f"cert = {m.certificate}",
                      f"key = {m.key}", *(m.words(line) for line in more if line != "closing")]
        config = f / "stunnel.conf"
        config.write_text("\n".join(lines) + "\n")
        return [[self.path(), config]]

    @staticmethod
    def answer(connection, _):
        request = receive_until(connection, lambda data: b"\r\n\r\n" in data)
        if request:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.backend = stack.enter_context(Peer(self.answer))
            self.closing = stack.enter_context(Peer(lambda connection, _: connection.recv(1)))
            super().__enter__()
            self._backends = stack.pop_all()
        return self

    def __exit__(self, *_):
        super().__exit__()
        self._backends.close()
