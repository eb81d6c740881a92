"""PostgreSQL: a cluster of its own a mode. It will not run as root."""
import glob
import os
import pathlib
import subprocess

from support.servers.service import Service


def programs():
    """Debian keeps them apart by version, and out of the path."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    return pathlib.Path(found[-1]).parent if found else None


class Postgres(Service):
    program = "postgres"
    account = "postgres"

    def path(self):
        return programs() / "postgres"

    def commands(self):
        out = []
        for mode, (_, rules) in self.modes.items():
            folder = self.public_folder()
            data = folder / "data"
            subprocess.run([str(word) for word in self.as_account([
                programs() / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])],
                check=True, capture_output=True, timeout=60, cwd=folder)
            (data / "pg_hba.conf").write_text("\n".join(rules) + "\n")
            settings = {"port": self.ports[mode], "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "ssl": "on",
                        "ssl_cert_file": folder / "server.crt", "ssl_key_file": folder / "server.key", "ssl_ca_file": folder / "ca.crt",
                        "fsync": "off", "shared_buffers": "1MB", "max_connections": 60, "log_min_messages": "fatal"}
            out.append(self.as_account([self.path(), "-D", data, *(word for key, value in settings.items() for word in ("-c", f"{key}={value}"))]))
        return out
