"""vsftpd: one listener a mode, a process for each connection."""
import os

from support.servers.service import Service


class Vsftpd(Service):
    program = "vsftpd"

    def commands(self):
        m = self.material
        out = []
        for i, (mode, (app, *lines)) in enumerate(self.modes.items()):
            folder = self.folder / str(i)
            (folder / "empty").mkdir(parents=True)
            text = ["listen=YES", "listen_address=127.0.0.1", f"listen_port={self.ports[mode]}", "background=NO", "anonymous_enable=NO",
                    "local_enable=YES", f"secure_chroot_dir={folder}/empty", "ssl_enable=YES", f"rsa_cert_file={m.both}",
                    f"rsa_private_key_file={m.both}", f"ca_certs_file={m.ca}", "ssl_ciphers=HIGH", "ssl_tlsv1=YES", "ssl_sslv2=NO",
                    "ssl_sslv3=NO", f"implicit_ssl={'YES' if app == 'ftps' else 'NO'}", f"vsftpd_log_file={folder}/vsftpd.log",
                    "debug_ssl=YES", "xferlog_enable=YES", f"run_as_launching_user={'NO' if os.geteuid() == 0 else 'YES'}",
                    "seccomp_sandbox=NO", "isolate=NO", "isolate_network=NO", *lines]
            config = folder / "vsftpd.conf"
            config.write_text("\n".join(text) + "\n")
            out.append([self.path(), config])
        return out
