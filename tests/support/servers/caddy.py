"""caddy, that is Go's crypto/tls: one process, one server a mode; a mode is its `client_authentication`, or None."""
import json

from support.servers.base import Server


class Caddy(Server):
    program = "caddy"

    def commands(self):
        m, f = self.material, self.folder
        servers = {}
        for mode, authentication in self.modes.items():
            policy = {}
            if authentication:
                policy["client_authentication"] = {"mode": authentication, "trusted_ca_certs_pem_files": [str(m.ca)]}
            servers[mode] = {
                "listen": [f"127.0.0.1:{self.ports[mode]}"],
                "routes": [{"handle": [{"handler": "static_response", "status_code": 200, "body": "ok\n"}]}],
                "tls_connection_policies": [policy],
                "automatic_https": {"disable": True},
            }
        config = f / "caddy.json"
        config.write_text(json.dumps({
            "admin": {"disabled": True, "config": {"persist": False}},
            "storage": {"module": "file_system", "root": str(f / "storage")},
            "apps": {"http": {"servers": servers},
                     "tls": {"certificates": {"load_files": [{"certificate": str(m.certificate), "key": str(m.key)}]}}},
        }))
        return [[self.path(), "run", "--config", config]]

    def environment(self):
        return {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder)}
