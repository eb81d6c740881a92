"""PostgreSQL: the client asks for TLS first; a client without a certificate is let in by TLS and refused by pg_hba.conf."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.postgres import Postgres, programs  # noqa: E402
from support.servers.service import VERSIONS, ServiceChecks  # noqa: E402

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

    def test_a_server_that_goes_by_name(self):
        """What is forged bears the good client's name, so that it is refused for its fault alone; where the fault is in the name, such
        a server shows nothing."""
        endpoint = self.endpoint("user in the certificate", "required")
        by_id = {finding["id"]: finding for finding in endpoint.report["findings"]}
        for version in VERSIONS:
            for legal in ("no_eku", "no_san"):
                self.assertTrue(by_id[f"mtls/{legal}[tls={version}]"]["seen"].startswith("accepted"), endpoint)
            self.assertEqual(by_id[f"mtls/expired[tls={version}]"]["verdict"], "pass", endpoint)
            for other in ("non_ascii", "empty_subject"):
                finding = by_id[f"mtls/{other}[tls={version}]"]
                self.assertEqual(finding["verdict"], "skip", endpoint)
                self.assertIn("goes by more than the CA", finding["reason"])


if __name__ == "__main__":
    unittest.main()
