"""Apache with mod_ssl: one process, one virtual host a mode; a mode is directives of its host, or
{server name: directives} for hosts that share the port, the first of which is the default."""
import os
import pathlib
import tempfile

from support.servers.base import NAME, Server

MODULES = pathlib.Path("/usr/lib/apache2/modules")


class Apache(Server):
    program = "apache2"

    def commands(self):
        m, f = self.material, self.folder
        # Started by root, its workers are somebody else, who may not look into our private folder.
        self.pages = tempfile.TemporaryDirectory(prefix="tlsproof-apache-pages-")
        pages = pathlib.Path(self.pages.name)
        pages.chmod(0o755)
        lines = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in
                 ("mpm_event", "authz_core", "dir", "mime", "socache_shmcb", "ssl")]
        lines += [f"ServerRoot {f}", f"PidFile {f}/apache.pid", f"Mutex file:{f}", f"ErrorLog {f}/error.log", "LogLevel ssl:info",
                  f"ServerName {NAME}", "TypesConfig /dev/null", f"SSLSessionCache shmcb:{f}/sessions(512000)",
                  "SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1", "StartServers 1", "ServerLimit 1", "ThreadsPerChild 16",
                  "MaxRequestWorkers 16", "MinSpareThreads 1", "MaxSpareThreads 16", "DirectoryIndex index.html"]
        if os.geteuid() == 0:
            lines += ["User nobody", "Group nogroup"]
        for mode, hosts in self.modes.items():
            lines.append(f"Listen 127.0.0.1:{self.ports[mode]}")
            shared = isinstance(hosts, dict)
            pair = (m.hosts_certificate, m.hosts_key) if shared else (m.certificate, m.key)
            for name, directives in (hosts if shared else {NAME: hosts}).items():
                (pages / name).mkdir(exist_ok=True)
                (pages / name / "index.html").write_text(f"page of {name}\n")
                lines += [f"<VirtualHost 127.0.0.1:{self.ports[mode]}>", f"  ServerName {name}", f"  DocumentRoot {pages / name}",
                          "  SSLEngine on", f"  SSLCertificateFile {pair[0]}", f"  SSLCertificateKeyFile {pair[1]}",
                          *(f"  {m.words(line)}" for line in directives), "</VirtualHost>"]
        config = f / "apache.conf"
        config.write_text("\n".join(lines) + "\n")
        return [[self.path(), "-D", "FOREGROUND", "-f", config]]

    def _stop(self):
        super()._stop()
        self.pages.cleanup()
