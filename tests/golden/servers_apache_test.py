"""Apache with mod_ssl: SSLVerifyClient require and optional end the handshake with OpenSSL's alerts, and so does
optional_no_ca for all but a certificate that nobody trusted vouches for. As with every server but nginx the client of
TLS 1.3 hears of it after it is done.

A page for which alone a certificate is required asks for it once the request is read, by renegotiation or by post-handshake
authentication. tlsproof plays neither, and says so.

Of hosts that share a port Apache compares the name in the handshake with the Host header (421), and resumes no session under
another name.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.base import BESIDE, CRL, NAME, OPEN, OTHER  # noqa: E402
from support.servers.golden import ServerGolden  # noqa: E402
from support.servers.apache import Apache  # noqa: E402

need("apache2")

HOSTS = {NAME: ["SSLCACertificateFile {ca}", "SSLVerifyClient require"], OPEN: ["SSLVerifyClient none"],
         OTHER: ["SSLCACertificateFile {other_ca}", "SSLVerifyClient require"]}


class ApacheGolden(ServerGolden, unittest.TestCase):
    STACK = Apache
    MODES = {
        "require": ["SSLCACertificateFile {ca}", "SSLVerifyClient require", "SSLVerifyDepth 2"],
        "require with CRL": ["SSLCACertificateFile {ca}", "SSLVerifyClient require", "SSLVerifyDepth 2", "SSLCARevocationFile {crl}",
                             "SSLCARevocationCheck chain"],
        "optional": ["SSLCACertificateFile {ca}", "SSLVerifyClient optional", "SSLVerifyDepth 2"],
        "optional_no_ca": ["SSLCACertificateFile {ca}", "SSLVerifyClient optional_no_ca", "SSLVerifyDepth 2"],
        "require for a page": ["SSLCACertificateFile {ca}", "<Location />", "SSLVerifyClient require", "</Location>"],
        "none": ["SSLVerifyClient none"],
        "hosts": HOSTS,
        "hosts with the open one as default": {OPEN: HOSTS[OPEN], **HOSTS},
    }
    DECLARED = (("require", "required"), 
                ("require", "required", "verify_depth: 1"), ("require", "required", "verify_depth: 2"),
                ("require with CRL", "required", CRL), ("require", "optional"), ("optional", "optional"), ("optional", "required"),
                ("optional_no_ca", "unverified"), ("optional_no_ca", "required"), ("require for a page", "required"), ("require for a page", "none"),
                ("none", "none"), ("hosts", "required", BESIDE), ("hosts with the open one as default", "required", BESIDE))
    ONEWAY = "none"


if __name__ == "__main__":
    unittest.main()
