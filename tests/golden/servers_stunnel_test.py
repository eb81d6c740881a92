"""stunnel: verifyChain judges a certificate, requireCert insists that there is one; requireCert alone takes any.
Behind it may be a service that speaks no HTTP and closes on our request; that is no word on a certificate.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import check  # noqa: E402
from support.need import need  # noqa: E402
from support.servers.base import CRL, NAME  # noqa: E402
from support.servers.golden import ServerGolden  # noqa: E402
from support.servers.stunnel import Stunnel  # noqa: E402

need("stunnel4")
SOME = "suites: mtls/good, mtls/none, mtls/expired, mtls/wrong_ca, mtls/wrong_key"


class StunnelGolden(ServerGolden, unittest.TestCase):
    STACK = Stunnel
    MODES = {
        "required": ["CAfile = {ca}", "verifyChain = yes", "requireCert = yes"],
        "required with CRL": ["CAfile = {ca}", "verifyChain = yes", "requireCert = yes", "CRLfile = {crl}"],
        "optional": ["CAfile = {ca}", "verifyChain = yes", "requireCert = no"],
        "required, not verified": ["CAfile = {ca}", "requireCert = yes"],
        "required, nobody speaks HTTP": ["closing", "CAfile = {ca}", "verifyChain = yes", "requireCert = yes"],
        "optional, nobody speaks HTTP": ["closing", "CAfile = {ca}", "verifyChain = yes", "requireCert = no"],
        "none": [],
    }
    DECLARED = (("required", "required"), ("required with CRL", "required", CRL), ("optional", "optional"), ("optional", "required"),
                ("required, not verified", "required"), ("required, nobody speaks HTTP", "required", SOME),
                ("required, nobody speaks HTTP", "required", "http: none", SOME), ("none", "none"))
    ONEWAY = "none"

    def test_a_close_on_the_request_proves_nothing_alone(self):
        """TLS lets a client without a certificate in; that the service does not answer it must not pass for a refusal."""
        for declared in ("required", "optional"):
            done = check(f"127.0.0.1:{self.server.ports['optional, nobody speaks HTTP']}", "--server-name", NAME, "--trust", self.material.ca,
                         "--client-auth", declared, "mtls/none")
            self.assertEqual(done.endpoint.verdicts(), {"inconclusive": {"mtls/none"}}, done)
            self.assertEqual(done.status, 3)


if __name__ == "__main__":
    unittest.main()
