"""Apache with mod_ssl: one process, one virtual host a mode; a mode is directives of its host."""
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
        (pages / "index.html").write_text("ok\n")
        lines = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in
                 ("mpm_event", "authz_core", "dir", "mime", "socache_shmcb", "ssl")]
        lines += [f"ServerRoot {f}", f"PidFile {f}/apache.pid", f"Mutex file:{f}", f"ErrorLog {f}/error.log", "LogLevel ssl:info",
                  f"ServerName {NAME}", f"DocumentRoot {pages}", "TypesConfig /dev/null", f"SSLSessionCache shmcb:{f}/sessions(512000)",
                  "SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1", "StartServers 1", "ServerLimit 1", "ThreadsPerChild 16",
                  "MaxRequestWorkers 16", "MinSpareThreads 1", "MaxSpareThreads 16", "DirectoryIndex index.html"]
        if os.geteuid() == 0:
            lines += ["User nobody", "Group nogroup"]
        for mode, directives in self.modes.items():
            port = self.ports[mode]
            lines += [f"Listen 127.0.0.1:{port}", f"<VirtualHost 127.0.0.1:{port}>", "  SSLEngine on", f"  SSLCertificateFile {m.certificate}",
                      f"  SSLCertificateKeyFile {m.key}", *(f"  {line.format(ca=m.ca, crl=m.crl)}" for line in directives), "</VirtualHost>"]
        config = f / "apache.conf"
        config.write_text("\n".join(lines) + "\n")
        return [[self.path(), "-D", "FOREGROUND", "-f", config]]

    def _stop(self):
        super()._stop()
        self.pages.cleanup()
