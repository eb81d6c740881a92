"""MariaDB: a data folder of its own a mode; certificates are judged in the handshake, accounts decide who must show one."""
import getpass
import os
import pathlib
import subprocess

from support.servers.service import Service


class Mariadb(Service):
    program = "mariadbd"

    def commands(self):
        out = []
        for i, (mode, (_, *statements)) in enumerate(self.modes.items()):
            folder = self.folder / str(i)
            data = folder / "data"
            data.mkdir(parents=True)
            user = "root" if os.geteuid() == 0 else getpass.getuser()
            common = [self.path(), "--no-defaults", f"--datadir={data}", f"--user={user}", f"--tmpdir={folder}", "--innodb=OFF",
                      "--default-storage-engine=Aria", "--aria-log-file-size=8M", "--lc-messages-dir=/usr/share/mysql"]
            # The tables that a server cannot do without, from Debian's own scripts.
            scripts = [f"/usr/share/mysql/{name}.sql" for name in ("mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data")]
            words = ["create database mysql;\nuse mysql;\nset @auth_root_socket=NULL;\nset @skip_auth_anonymous=1;\n"]
            words += [pathlib.Path(script).read_text(encoding="utf-8") for script in scripts]
            words += ["flush privileges;\n", *(f"{statement};\n" for statement in statements)]
            subprocess.run([str(word) for word in [*common, "--bootstrap"]], input="".join(words).encode(),
                           check=True, capture_output=True, timeout=60)
            out.append([*common, f"--port={self.ports[mode]}", "--bind-address=127.0.0.1", f"--socket={folder}/socket", f"--pid-file={folder}/pid",
                        f"--ssl-cert={self.material.certificate}", f"--ssl-key={self.material.key}", f"--ssl-ca={self.material.ca}",
                        "--tls-version=TLSv1.2,TLSv1.3", "--skip-log-bin", "--max-connect-errors=1000000"])
        return out
