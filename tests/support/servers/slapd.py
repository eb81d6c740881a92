"""OpenLDAP's slapd (GnuTLS in Debian): one process a mode, StartTLS or TLS from the first byte; TLSVerifyClient decides."""
from support.servers.service import Service


class Slapd(Service):
    program = "slapd"

    def commands(self):
        m = self.material
        out = []
        for i, (mode, (app, verify)) in enumerate(self.modes.items()):
            folder = self.folder / str(i)
            folder.mkdir()
            config = folder / "slapd.conf"
            config.write_text(f"pidfile {folder}/pid\nargsfile {folder}/args\nTLSCACertificateFile {m.ca}\nTLSCertificateFile {m.certificate}\n"
                              f"TLSCertificateKeyFile {m.key}\nTLSVerifyClient {verify}\nTLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1\n")
            out.append([self.path(), "-d", "0", "-f", config, "-h", f"{app}://127.0.0.1:{self.ports[mode]}"])
        return out
