"""LDAP of slapd, which is GnuTLS in Debian, with StartTLS and without: TLSVerifyClient decides, in the handshake."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.slapd import Slapd  # noqa: E402
from support.servers.service import ServiceChecks  # noqa: E402

need("slapd", "openssl")


class SlapdChecks(ServiceChecks, unittest.TestCase):
    STACK = Slapd
    MODES = {"ldap required": ("ldap", "demand"), "ldap none": ("ldap", "never"), "ldaps optional": ("ldaps", "try")}
    DECLARED = {"ldap required": "required", "ldap none": "none", "ldaps optional": "optional"}
    REFUSAL = {"ldap required": "^(refused|closed|reset) (during|after|without)"}
    # GnuTLS takes both, as gnutls-serv shows.
    TRUE_FINDINGS = {mode: {"fail": {"mtls/wrong_purpose"}, "warn": {"mtls/weak_rsa_1024"}} for mode in ("ldap required", "ldaps optional")}


if __name__ == "__main__":
    unittest.main()
