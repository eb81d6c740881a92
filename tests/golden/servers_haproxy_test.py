"""haproxy. Every row below was held against libssl's client by the test, and against haproxy's manual.

`verify required` and `verify optional` end the handshake with OpenSSL's alerts; `crt-ignore-err all ca-ignore-err all` lets
everybody through to HTTP, where a rule may still send them away: nothing but the page tells.

Hosts that share an address by a crt-list, each with its own `verify`, are no walls: haproxy 2.6 chooses the page by the Host header
whatever name was said in the handshake, and resumes a session under any name. What is compared by ssl_fc_sni holds in TLS 1.2,
where a resumed session keeps its old name; in TLS 1.3 the session of the open host gets the page of the mutual one. libssl's client
gets in the same way. What holds is to look at the certificate by the Host header.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.base import BESIDE, CRL, NAME, OPEN, OTHER  # noqa: E402
from support.servers.golden import ServerGolden  # noqa: E402
from support.servers.haproxy import Haproxy  # noqa: E402

need("haproxy")

HOSTS = {NAME: "verify required ca-file {ca}", OPEN: "verify none", OTHER: "verify required ca-file {other_ca}"}
COMPARED = ["http-request set-var(txn.host) req.hdr(host),field(1,:)",
            "http-request return status 421 unless {{ ssl_fc_sni,strcmp(txn.host) eq 0 }}"]
ISSUERS = [COMPARED[0], "http-request return status 421 if {{ var(txn.host) -m str server.test }} !{{ ssl_c_i_dn(CN) Clients }}",
           "http-request return status 421 if {{ var(txn.host) -m str other.test }} !{{ ssl_c_i_dn(CN) Others }}"]
IGNORE = "verify optional ca-file {ca} crt-ignore-err all ca-ignore-err all"


class HaproxyGolden(ServerGolden, unittest.TestCase):
    STACK = Haproxy
    MODES = {
        "required": ["verify required ca-file {ca}"],
        "required with CRL": ["verify required ca-file {ca} crl-file {crl}"],
        "optional": ["verify optional ca-file {ca}"],
        "errors ignored": [IGNORE],
        "errors ignored and judged by a rule": [IGNORE, "http-request deny if {{ ssl_c_used }} !{{ ssl_c_verify 0 }}"],
        "none": ["verify none"],
        "hosts": [HOSTS],
        "hosts with the open one as default": [{OPEN: HOSTS[OPEN], **HOSTS}],
        "hosts with names compared": [HOSTS, *COMPARED],
        "hosts with issuers compared": [HOSTS, *ISSUERS],
    }
    DECLARED = (("required", "required"), ("required with CRL", "required", CRL), ("optional", "optional"), ("optional", "required"), ("errors ignored", "unverified"),
                ("errors ignored", "required"), ("errors ignored and judged by a rule", "optional"),
                ("none", "none"), ("none", "required"),
                ("hosts", "required", BESIDE), ("hosts with the open one as default", "required", BESIDE),
                ("hosts with names compared", "required", BESIDE), ("hosts with issuers compared", "required", BESIDE))
    ONEWAY = "none"


if __name__ == "__main__":
    unittest.main()
