"""haproxy. Every row below was held against libssl's client by the test, and against haproxy's manual.

`verify required` and `verify optional` end the handshake with OpenSSL's alerts; `crt-ignore-err all ca-ignore-err all` lets
everybody through to HTTP, where a rule may still send them away: nothing but the page tells.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.golden import ServerGolden  # noqa: E402
from support.servers.haproxy import Haproxy  # noqa: E402

need("haproxy")

IGNORE = "verify optional ca-file {ca} crt-ignore-err all ca-ignore-err all"


class HaproxyGolden(ServerGolden, unittest.TestCase):
    STACK = Haproxy
    MODES = {
        "required": ["verify required ca-file {ca}"],
        "required with CRL": ["verify required ca-file {ca} crl-file {crl}"],
        "optional": ["verify optional ca-file {ca}"],
        "errors ignored": [IGNORE],
        "errors ignored and judged by a rule": [IGNORE, "http-request deny if { ssl_c_used } !{ ssl_c_verify 0 }"],
        "none": ["verify none"],
    }
    DECLARED = (("required", "required"), ("required with CRL", "required"), ("optional", "optional"), ("optional", "required"), ("errors ignored", "unverified"),
                ("errors ignored", "required"), ("errors ignored and judged by a rule", "optional"),
                ("none", "none"), ("none", "required"))
    ONEWAY = "none"


if __name__ == "__main__":
    unittest.main()
