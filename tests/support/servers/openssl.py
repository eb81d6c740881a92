"""openssl s_server: one process a mode; a mode is the options that it is called with."""
from support.servers.base import Server


class SServer(Server):
    program = "openssl"

    def commands(self):
        m = self.material
        return [[self.path(), "s_server", "-accept", f"127.0.0.1:{self.ports[mode]}", "-cert", m.certificate, "-key", m.key, "-www",
                 *(m.words(word) for word in words)] for mode, words in self.modes.items()]
