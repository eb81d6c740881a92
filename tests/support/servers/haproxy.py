"""haproxy: one process, one frontend a mode; a mode is what stands on its `bind` line, and further lines of its frontend."""
from support.servers.base import Server


class Haproxy(Server):
    program = "haproxy"

    def commands(self):
        m = self.material
        lines = ["global", "  log stdout format raw local0", "  ssl-default-bind-options ssl-min-ver TLSv1.2",
                 "defaults", "  mode http", "  log global",
                 "  timeout connect 10s", "  timeout client 10s", "  timeout server 10s", "  timeout http-request 10s",
                 "  log-format 'port=%fp ver=%sslv verify=%[ssl_c_verify] error=%[ssl_fc_err] status=%ST'"]
        for mode, (bind, *more) in self.modes.items():
            bind = bind.format(ca=m.ca, crl=m.crl)
            lines += [f"frontend {mode.replace(' ', '_')}",
                      f"  bind 127.0.0.1:{self.ports[mode]} ssl crt {m.both} {bind}", *[f"  {line}" for line in more],
                      "  http-request return status 200 content-type text/plain string ok"]
        config = self.folder / "haproxy.cfg"
        config.write_text("\n".join(lines) + "\n")
        return [[self.path(), "-db", "-f", config]]
