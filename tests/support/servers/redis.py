"""Redis: one process a mode; TLS begins with the connection."""
from support.servers.service import Service


class Redis(Service):
    program = "redis-server"

    def commands(self):
        m = self.material
        out = []
        for i, (mode, (_, *words)) in enumerate(self.modes.items()):
            folder = self.folder / str(i)
            folder.mkdir()
            out.append([self.path(), "--port", 0, "--tls-port", self.ports[mode], "--bind", "127.0.0.1", "--dir", folder, "--save", "",
                        "--tls-cert-file", m.certificate, "--tls-key-file", m.key, "--tls-ca-cert-file", m.ca, *words])
        return out
