"""Postfix: an instance of its own with one smtpd a mode, in private queue, data and configuration folders. Its master must be root."""
import os
import pathlib
import pwd
import tempfile

from support.servers.base import NAME
from support.servers.service import Service


class Postfix(Service):
    program = "postfix"
    LIBRARY = pathlib.Path("/usr/lib/postfix/sbin")

    def commands(self):
        folder = self.public_folder()
        folder.chmod(0o755)
        (folder / "server.key").chmod(0o600)
        config, queue, data = folder / "config", folder / "queue", folder / "data"
        for path in (config, queue, data):
            path.mkdir(mode=0o755)
        owner = pwd.getpwnam("postfix")
        os.chown(data, owner.pw_uid, owner.pw_gid)
        settings = {"compatibility_level": "3.6", "queue_directory": queue, "data_directory": data, "command_directory": "/usr/sbin",
                    "daemon_directory": self.LIBRARY, "mail_owner": "postfix", "setgid_group": "postdrop", "myhostname": NAME,
                    "mydestination": "", "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4", "maillog_file": folder / "mail.log",
                    "maillog_file_prefixes": folder, "local_recipient_maps": "", "alias_maps": "", "alias_database": "",
                    "smtpd_tls_cert_file": folder / "server.crt", "smtpd_tls_key_file": folder / "server.key", "smtpd_tls_CAfile": folder / "ca.crt",
                    "smtpd_tls_security_level": "may", "smtpd_tls_protocols": ">=TLSv1.2", "smtpd_tls_mandatory_protocols": ">=TLSv1.2",
                    "smtpd_client_connection_count_limit": 0, "smtpd_client_connection_rate_limit": 0, "smtpd_peername_lookup": "no",
                    "smtpd_tls_session_cache_database": "", "smtpd_relay_restrictions": "reject", "multi_instance_enable": "no"}
        (config / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        lines = []
        for mode, (app, *options) in self.modes.items():
            wrapper = ["-o smtpd_tls_wrappermode=yes"] if app == "smtps" else []
            lines.append(f"127.0.0.1:{self.ports[mode]} inet n - n - - smtpd {' '.join(wrapper + ['-o ' + option for option in options])}")
        for name, kind, command in (("rewrite", "unix", "trivial-rewrite"), ("proxymap", "unix", "proxymap"), ("anvil", "unix", "anvil"),
                                    ("tlsmgr", "unix", "tlsmgr"), ("cleanup", "unix", "cleanup"), ("postlog", "unix-dgram", "postlogd")):
            lines.append(f"{name} {kind} {'n' if name == 'postlog' else '-'} - n - {'1' if name in ('tlsmgr', 'anvil', 'postlog') else '-'} {command}")
        (config / "master.cf").write_text("\n".join(lines) + "\n")
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "pid", "private", "public", "saved", "trace"):
            path = queue / name
            path.mkdir(mode=0o700)
            if name != "pid":
                os.chown(path, owner.pw_uid, owner.pw_gid)
        return [[self.LIBRARY / "master", "-c", config, "-d"]]
