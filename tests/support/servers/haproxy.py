"""haproxy: one process, one frontend a mode; a mode is what stands on its `bind` line, and further lines of its frontend.
In place of the first may stand {server name: what stands in crt-list}; the first name is the default."""
from support.servers.base import Server


class Haproxy(Server):
    program = "haproxy"

    def commands(self):
        m = self.material
        lines = ["global", "  log stdout format raw local0", "  ssl-default-bind-options ssl-min-ver TLSv1.2",
                 "defaults", "  mode http", "  log global",
                 "  timeout connect 10s", "  timeout client 10s", "  timeout server 10s", "  timeout http-request 10s",
                 "  log-format 'port=%fp ver=%sslv verify=%[ssl_c_verify] error=%[ssl_fc_err] status=%ST'"]
        for number, (mode, (bind, *more)) in enumerate(self.modes.items()):
            if isinstance(bind, dict):
                crt_list = self.folder / f"{number}.crt-list"
                crt_list.write_text("".join(f"{m.hosts_both} [{m.words(options)}] {name}\n" for name, options in bind.items()))
                bind = f"crt-list {crt_list}"
            else:
                bind = f"crt {m.both} {m.words(bind)}"
            lines += [f"frontend mode{number}", f"  bind 127.0.0.1:{self.ports[mode]} ssl {bind}",
                      *[f"  {m.words(line)}" for line in more],
                      "  http-request return status 200 content-type text/plain lf-string 'page of %[req.hdr(host),field(1,:)]'"]
        config = self.folder / "haproxy.cfg"
        config.write_text("\n".join(lines) + "\n")
        return [[self.path(), "-db", "-f", config]]
