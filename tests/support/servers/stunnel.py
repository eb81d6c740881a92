"""stunnel before a small HTTP server of the test: one process, one service a mode; a mode is further lines of its service."""
from support.peer import Peer, receive_until
from support.servers.base import Server


class Stunnel(Server):
    program = "stunnel4"

    def commands(self):
        m, f = self.material, self.folder
        lines = ["foreground = yes", "pid =", f"output = {f}/stunnel.log", "debug = info", "syslog = no"]
        for mode, more in self.modes.items():
            lines += [f"[{mode}]", f"accept = 127.0.0.1:{self.ports[mode]}", f"connect = {self.backend.address}", f"cert = {m.certificate}",
                      f"key = {m.key}", *(line.format(ca=m.ca, crl=m.crl) for line in more)]
        config = f / "stunnel.conf"
        config.write_text("\n".join(lines) + "\n")
        return [[self.path(), config]]

    @staticmethod
    def answer(connection, _):
        request = receive_until(connection, lambda data: b"\r\n\r\n" in data)
        if request:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")

    def __enter__(self):
        self.backend = Peer(self.answer)
        self.backend.__enter__()
        try:
            return super().__enter__()
        except BaseException:
            self.backend.__exit__()
            raise

    def __exit__(self, *_):
        super().__exit__()
        self.backend.__exit__()
