"""stunnel: verifyChain judges a certificate, requireCert insists that there is one; requireCert alone takes any.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.golden import ServerGolden  # noqa: E402
from support.servers.stunnel import Stunnel  # noqa: E402

need("stunnel4")


class StunnelGolden(ServerGolden, unittest.TestCase):
    STACK = Stunnel
    MODES = {
        "required": ["CAfile = {ca}", "verifyChain = yes", "requireCert = yes"],
        "required with CRL": ["CAfile = {ca}", "verifyChain = yes", "requireCert = yes", "CRLfile = {crl}"],
        "optional": ["CAfile = {ca}", "verifyChain = yes", "requireCert = no"],
        "required, not verified": ["CAfile = {ca}", "requireCert = yes"],
        "none": [],
    }
    DECLARED = (("required", "required"), ("required with CRL", "required"), ("optional", "optional"), ("optional", "required"), ("required, not verified", "required"), ("none", "none"))
    ONEWAY = "none"


if __name__ == "__main__":
    unittest.main()
