"""IMAP and POP3 of Dovecot, with STARTTLS and without: everybody is let in by TLS, and who must show a certificate is refused at AUTHENTICATE."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.dovecot import Dovecot  # noqa: E402
from support.servers.service import ServiceChecks  # noqa: E402

need("dovecot", "openssl")


class DovecotChecks(ServiceChecks, unittest.TestCase):
    STACK = Dovecot
    REQUIRED = ("ssl_verify_client_cert = yes", "auth_ssl_require_client_cert = yes")
    MODES = {
        "imap required": ("imap", *REQUIRED),
        "imaps none": ("imaps",),
        "pop3 none": ("pop3",),
        "pop3s required": ("pop3s", *REQUIRED),
    }
    DECLARED = {"imap required": "required", "imaps none": "none", "pop3 none": "none", "pop3s required": "required"}
    REFUSAL = {"imap required": "^IMAP a2 NO .*certificate", "pop3s required": "^POP3 -ERR .*certificate"}


if __name__ == "__main__":
    unittest.main()
