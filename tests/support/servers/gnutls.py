"""gnutls-serv: one process a mode; a mode is the options that it is called with. It listens at every address, for it knows no other way."""
from support.servers.base import Server


class GnutlsServ(Server):
    program = "gnutls-serv"

    def commands(self):
        m = self.material
        return [[self.path(), "--http", "--quiet", "--port", self.ports[mode], "--x509certfile", m.certificate, "--x509keyfile", m.key,
                 *(m.words(word) for word in words)] for mode, words in self.modes.items()]
