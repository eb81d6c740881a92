"""Node 24: with rejectUnauthorized (the default) a bad certificate makes it drop the connection without any alert; only no
certificate and a wrong signature are told by OpenSSL itself. With rejectUnauthorized: false the program must ask `authorized`,
and what it decides is seen in its answer alone.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.servers.base import CRL  # noqa: E402
from support.servers.golden import ServerGolden  # noqa: E402
from support.servers.node import Node, find_node  # noqa: E402

find_node()


class NodeGolden(ServerGolden, unittest.TestCase):
    STACK = Node
    MODES = {
        "rejectUnauthorized": {"options": {"requestCert": True}},
        "rejectUnauthorized with CRL": {"options": {"requestCert": True}, "crl": True},
        "not rejected": {"options": {"requestCert": True, "rejectUnauthorized": False}},
        "judged by its program": {"options": {"requestCert": True, "rejectUnauthorized": False}, "judged": True},
        "none": {},
    }
    DECLARED = (("rejectUnauthorized", "required"), ("rejectUnauthorized with CRL", "required", CRL), ("not rejected", "unverified"), ("not rejected", "required"),
                ("judged by its program", "required"), ("none", "none"))
    ONEWAY = "none"


if __name__ == "__main__":
    unittest.main()
