"""FTP of vsftpd, with AUTH TLS and without: require_cert and validate_cert decide, in the handshake."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.need import need  # noqa: E402
from support.servers.vsftpd import Vsftpd  # noqa: E402
from support.servers.service import ServiceChecks  # noqa: E402

need("vsftpd", "openssl")


class VsftpdChecks(ServiceChecks, unittest.TestCase):
    STACK = Vsftpd
    MODES = {"ftp required": ("ftp", "require_cert=YES", "validate_cert=YES"), "ftp none": ("ftp", "ssl_request_cert=NO"),
             "ftps none": ("ftps", "ssl_request_cert=NO")}
    DECLARED = {"ftp required": "required", "ftp none": "none", "ftps none": "none"}
    REFUSAL = {"ftp required": "^refused (during|after) the handshake with alert"}


if __name__ == "__main__":
    unittest.main()
