"""openssl s_server: -verify asks for a client certificate, -Verify insists that there is one. Neither ends a handshake over a
bad one: that takes -verify_return_error. Without it s_server says on its terminal what is wrong and goes on; declared to
require good certificates, that is a failure, and the table says so.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.base import CRL  # noqa: E402
from support.servers.golden import ServerGolden  # noqa: E402
from support.servers.openssl import SServer  # noqa: E402

need("openssl")


class SServerGolden(ServerGolden, unittest.TestCase):
    STACK = SServer
    MODES = {
        "required": ["-CAfile", "{ca}", "-Verify", 2, "-verify_return_error"],
        "required with CRL": ["-CAfile", "{ca}", "-Verify", 2, "-verify_return_error", "-CRL", "{crl}", "-crl_check_all"],
        "required, without -verify_return_error": ["-CAfile", "{ca}", "-Verify", 2],
        "optional": ["-CAfile", "{ca}", "-verify", 2, "-verify_return_error"],
        "none": [],
    }
    DECLARED = (("required", "required"), ("required with CRL", "required", CRL), ("required", "none"), ("required, without -verify_return_error", "required"),
                ("optional", "optional"), ("optional", "required"), ("none", "none"))
    ONEWAY = "none"


if __name__ == "__main__":
    unittest.main()
