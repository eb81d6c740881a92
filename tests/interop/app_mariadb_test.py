"""MySQL as MariaDB speaks it: a bad certificate is refused in the handshake, none only by an account that requires one."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.mariadb import Mariadb  # noqa: E402
from support.servers.service import ServiceChecks  # noqa: E402

need("mariadbd", "openssl")


class MariadbChecks(ServiceChecks, unittest.TestCase):
    STACK = Mariadb
    MODES = {
        "account with x509": ("mysql", "create user alice@'127.0.0.1' require x509"),
        "account without": ("mysql", "create user alice@'127.0.0.1'"),
    }
    USERS = {mode: "alice" for mode in MODES}
    DECLARED = {"account with x509": "required", "account without": "optional"}
    REFUSAL = {"account with x509": "^MySQL 1045 28000: Access denied for user 'alice'@"}


if __name__ == "__main__":
    unittest.main()
