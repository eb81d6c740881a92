"""Redis with TLS from the first byte: tls-auth-clients decides about client certificates, in the handshake."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.redis import Redis  # noqa: E402
from support.servers.service import ServiceChecks  # noqa: E402

need("redis-server", "openssl")


class RedisChecks(ServiceChecks, unittest.TestCase):
    STACK = Redis
    MODES = {
        "required": ("redis", "--tls-auth-clients", "yes"),
        "none": ("redis", "--tls-auth-clients", "no"),
        "none, with a password": ("redis", "--tls-auth-clients", "no", "--requirepass", "secret"),
    }
    DECLARED = {"required": "required", "none": "none", "none, with a password": "none"}
    REFUSAL = {"required": "^refused (during|after) the handshake with alert"}


if __name__ == "__main__":
    unittest.main()
