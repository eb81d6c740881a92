"""XMPP of Prosody, with STARTTLS and without: `verify` of its ssl options decides, in the handshake."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.prosody import Prosody  # noqa: E402
from support.servers.service import ServiceChecks  # noqa: E402

need("prosody", "openssl", "setpriv")


class ProsodyChecks(ServiceChecks, unittest.TestCase):
    STACK = Prosody
    MODES = {"xmpp required": ("xmpp", '{ "peer", "fail_if_no_peer_cert" }'), "xmpp none": ("xmpp", '"none"'), "xmpps none": ("xmpps", '"none"')}
    DECLARED = {"xmpp required": "required", "xmpp none": "none", "xmpps none": "none"}
    REFUSAL = {"xmpp required": "^refused (during|after) the handshake with alert"}


if __name__ == "__main__":
    unittest.main()
