"""Prosody, XMPP: one instance a mode; `verify` of its ssl options decides about client certificates, and `verifyext`, which by
default lets bad ones through to the application."""
from support.servers.base import NAME
from support.servers.service import Service


class Prosody(Service):
    program = "prosody"
    account = "prosody"

    def commands(self):
        out = []
        for mode, (app, verify) in self.modes.items():
            folder = self.public_folder()
            ports = "c2s_ports" if app == "xmpp" else "c2s_direct_tls_ports"
            ssl = (f'{{ key = "{folder}/server.key", certificate = "{folder}/server.crt", cafile = "{folder}/ca.crt", protocol = "tlsv1_2+", '
                   f"verify = {verify}, verifyext = {{ lsec_continue = false, lsec_ignore_purpose = false }} }}")
            config = folder / "prosody.cfg.lua"
            config.write_text("\n".join([
                'interfaces = { "127.0.0.1" }', "c2s_ports = {}", "c2s_direct_tls_ports = {}", "s2s_ports = {}", "s2s_direct_tls_ports = {}",
                "http_ports = {}", "https_ports = {}", f"{ports} = {{ {self.ports[mode]} }}", f'data_path = "{folder}"',
                f'pidfile = "{folder}/prosody.pid"', f'log = {{ {{ levels = {{ min = "info" }}, to = "file", filename = "{folder}/prosody.log" }} }}',
                'modules_enabled = { "tls", "saslauth" }', 'modules_disabled = { "s2s", "s2s_auth_certs" }', "use_libevent = false",
                f"ssl = {ssl}", f"c2s_direct_tls_ssl = {ssl}", f'VirtualHost "{NAME}"', f"  ssl = {ssl}"]) + "\n")
            out.append(self.as_account([self.path(), "-F", "--config", config]))
        return out
