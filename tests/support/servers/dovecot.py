"""Dovecot, IMAP and POP3: one instance a mode, as whoever starts it. Its master, its logins and its workers are many processes."""
import getpass
import grp
import os

from support.servers.service import Service


class Dovecot(Service):
    program = "dovecot"

    def commands(self):
        out = []
        for i, (mode, (app, *lines)) in enumerate(self.modes.items()):
            folder = self.public_folder()
            folder.chmod(0o755)
            # Its logins refuse to be root.
            user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
            login, inner, group = ("dovenull", "dovecot", "dovecot") if os.geteuid() == 0 else (user, user, group)
            protocol = app.removesuffix("s")
            others = [name for name in ("imap", "imaps", "pop3", "pop3s") if name != app]
            text = [f"base_dir = {folder}/run", f"state_dir = {folder}/state", f"log_path = {folder}/dovecot.log", f"protocols = {protocol}",
                    "listen = 127.0.0.1", f"default_login_user = {login}", f"default_internal_user = {inner}",
                    f"default_internal_group = {group}", "ssl = yes", f"ssl_cert = <{folder}/server.crt", f"ssl_key = <{folder}/server.key",
                    f"ssl_ca = <{folder}/ca.crt", "ssl_require_crl = no", "mail_location = maildir:/nonexistent", "auth_mechanisms = plain",
                    f"passdb {{\n  driver = passwd-file\n  args = {folder}/users\n}}", "userdb {\n  driver = static\n  args = uid=1 gid=1\n}",
                    "service anvil {\n  chroot =\n}", f"service {protocol}-login {{\n  chroot =\n  inet_listener {app} {{\n"
                    f"    port = {self.ports[mode]}\n  }}\n" +
                    "".join(f"  inet_listener {name} {{\n    port = 0\n  }}\n" for name in others if name.startswith(protocol)) + "}", *lines]
            (folder / "users").write_text("")
            config = folder / "dovecot.conf"
            config.write_text("\n".join(text) + "\n")
            out.append([self.path(), "-F", "-c", config])
        return out
