"""gnutls-serv: --require-client-cert insists that there is a certificate, and --verify-client-cert looks at it; all that is
wrong with it is one alert, access_denied. A client without one is told decode_error in TLS 1.2, as if its Certificate
message were malformed. GnuTLS by itself still speaks TLS 1.0 and 1.1 and asks for SHA-1 signatures: openssl s_client sees
both too (-tls1_1; "Requested Signature Algorithms").

The ticket that holds a huge certificate has a length that does not fit its field, and is cut to one that does: a NewSessionTicket
that no client can read (libssl: length mismatch). A purpose is not looked at: serverAuth passes for a client.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.base import CRL  # noqa: E402
from support.servers.golden import ServerGolden  # noqa: E402
from support.servers.gnutls import GnutlsServ  # noqa: E402

need("gnutls-serv")


class GnutlsServGolden(ServerGolden, unittest.TestCase):
    STACK = GnutlsServ
    MODES = {
        "required, verified": ["--x509cafile", "{ca}", "--require-client-cert", "--verify-client-cert"],
        "required, verified with CRL": ["--x509cafile", "{ca}", "--require-client-cert", "--verify-client-cert", "--x509crlfile", "{crl}"],
        "required, not verified": ["--x509cafile", "{ca}", "--require-client-cert"],
        "optional, verified": ["--x509cafile", "{ca}", "--verify-client-cert"],
        "none": ["--disable-client-cert"],
    }
    DECLARED = (("required, verified", "required"), ("required, verified with CRL", "required", CRL), ("required, not verified", "required"), ("optional, verified", "optional"),
                ("none", "none"))
    ONEWAY = "none"
    UNWITNESSED = ("huge",)


if __name__ == "__main__":
    unittest.main()
