"""caddy, that is Go's crypto/tls: every certificate that does not please is bad_certificate, and so is none at all, even in
TLS 1.3, which has certificate_required for it. `require` insists that there is one and does not look at it. Go asks for SHA-1
signatures; caddy has no certificate to show whom it does not know by name, and calls that an internal_error.

Where a host wants client certificates caddy compares the name in the handshake with the Host header (421). Go looks at the certificate
of a session again, by the CA of the host at which it is resumed; in TLS 1.2 after it has agreed to resume.

More than 64 KiB of certificates Go reads to no end; it answers and closes while the client still writes, and libssl's client does
not read the answer.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.base import BESIDE, NAME, OPEN, OTHER  # noqa: E402
from support.servers.golden import ServerGolden  # noqa: E402
from support.servers.caddy import Caddy  # noqa: E402

need("caddy")


class CaddyGolden(ServerGolden, unittest.TestCase):
    STACK = Caddy
    MODES = {"require_and_verify": "require_and_verify", "verify_if_given": "verify_if_given", "require": "require", "request": "request",
             "none": None,
             "hosts": {NAME: ("require_and_verify", "{ca}"), OPEN: (None, ""), OTHER: ("require_and_verify", "{other_ca}")}}
    DECLARED = (("require_and_verify", "required"), ("verify_if_given", "optional"), ("verify_if_given", "required"),
                ("require", "required"), ("request", "unverified"), ("none", "none"),
                ("hosts", "required", BESIDE))
    ONEWAY = "none"
    UNWITNESSED = ("huge",)


if __name__ == "__main__":
    unittest.main()
