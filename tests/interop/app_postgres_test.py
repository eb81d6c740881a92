"""PostgreSQL: the client asks for TLS first; a client without a certificate is let in by TLS and refused by pg_hba.conf."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.postgres import Postgres, programs  # noqa: E402
from support.servers.service import ServiceChecks  # noqa: E402

need("openssl", "setpriv", *([] if programs() else ["postgres"]))


class PostgresChecks(ServiceChecks, unittest.TestCase):
    STACK = Postgres
    MODES = {
        "required": ("postgres", ["hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca"]),
        "user in the certificate": ("postgres", ["hostssl all all 127.0.0.1/32 cert"]),
        "optional": ("postgres", ["hostssl all all 127.0.0.1/32 scram-sha-256"]),
    }
    DECLARED = {"required": "required", "user in the certificate": "required", "optional": "optional"}
    USERS = {"user in the certificate": "client.test"}
    REFUSAL = {mode: "^PostgreSQL FATAL 28000: connection requires a valid client certificate" for mode in MODES}


if __name__ == "__main__":
    unittest.main()
