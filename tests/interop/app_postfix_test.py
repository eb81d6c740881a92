"""SMTP of Postfix, with STARTTLS and without: smtpd_tls_req_ccert refuses once the handshake is complete."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.postfix import Postfix  # noqa: E402
from support.servers.service import ServiceChecks  # noqa: E402

need("postfix", "openssl")


class PostfixChecks(ServiceChecks, unittest.TestCase):
    STACK = Postfix
    MODES = {
        "smtp required": ("smtp", "smtpd_tls_security_level=encrypt", "smtpd_tls_req_ccert=yes"),
        "smtp none": ("smtp",),
        "smtps required": ("smtps", "smtpd_tls_security_level=encrypt", "smtpd_tls_req_ccert=yes"),
    }
    DECLARED = {"smtp required": "required", "smtp none": "none", "smtps required": "required"}
    REFUSAL = {mode: "^SMTP 421 4.7.1 server.test Error: No client certificate presented$" for mode in MODES}
    TRUE_FINDINGS = {mode: {"warn": {"mtls/weak_rsa_1024"}} for mode in DECLARED if mode != "smtp none"}  # its security level is 1


if __name__ == "__main__":
    unittest.main()
