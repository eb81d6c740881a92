"""caddy, that is Go's crypto/tls: one process, one server a mode; a mode is the mode of its
`client_authentication`, or None; or {server name: (mode, CA file)} for hosts that share the port."""
import json

from support.servers.base import Server


class Caddy(Server):
    program = "caddy"

    def commands(self):
        m, f = self.material, self.folder
        servers = {}
        shared = any(isinstance(mode, dict) for mode in self.modes.values())
        pairs = [(m.certificate, m.key)] + [(m.hosts_certificate, m.hosts_key)] * shared
        for mode, authentication in self.modes.items():
            if isinstance(authentication, dict):
                policies = [{"match": {"sni": [name]}, **self._policy(*host)} for name, host in authentication.items()]
            else:
                policies = [self._policy(authentication, "{ca}")]
            servers[mode] = {
                "listen": [f"127.0.0.1:{self.ports[mode]}"],
                "routes": [{"handle": [{"handler": "static_response", "status_code": 200, "body": "page of {http.request.host}\n"}]}],
                "tls_connection_policies": policies,
                "automatic_https": {"disable": True},
            }
        config = f / "caddy.json"
        config.write_text(json.dumps({
            "admin": {"disabled": True, "config": {"persist": False}},
            "storage": {"module": "file_system", "root": str(f / "storage")},
            "apps": {"http": {"servers": servers},
                     "tls": {"certificates": {"load_files": [{"certificate": str(certificate), "key": str(key)} for certificate, key in pairs]}}},
        }))
        return [[self.path(), "run", "--config", config]]

    def _policy(self, mode, ca):
        return {"client_authentication": {"mode": mode, "trusted_ca_certs_pem_files": [self.material.words(ca)]}} if mode else {}

    def environment(self):
        return {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder)}
