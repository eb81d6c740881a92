#!/usr/bin/env python3
"""Makes the captures of this folder again: TLSPROOF=build/release/tlsproof tests/captures/make.py [NAME…]

Each is one short story between programs of this machine, recorded by `tlsproof inspect --write` in a network namespace of its own, with
the keys of every connection inside the file. Needs root or unprivileged user namespaces; nginx, openssl, curl, gnutls-cli, node, and
editcap of Wireshark's packages to put the keys in."""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.capture import Live, enter_namespace, folder_of_captures  # noqa: E402
from support.check import openssl, pki  # noqa: E402
from support.need import need, tlsproof  # noqa: E402
from support.nginx import Host, Nginx  # noqa: E402

NAME = "server.test"


class Story:
    """What a recipe has at hand."""

    def __init__(self, folder, host):
        self.folder, self.host, self.keys = folder, host, folder / "keys.log"

    def run(self, *words, stdin=None, statuses=(0,)):
        done = subprocess.run([str(word) for word in words], input=stdin, capture_output=True, timeout=60,
                              env={**os.environ, "SSLKEYLOGFILE": str(self.keys)})
        if statuses and done.returncode not in statuses:
            raise RuntimeError(f"{words}: status {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}")

    def curl(self, *words, statuses=(0,)):
        self.run("curl", "-sS", "--cacert", self.folder / "ca.crt", "--resolve", f"{NAME}:{self.host.port}:127.0.0.1",
                 *words, f"https://{NAME}:{self.host.port}/", statuses=statuses)

    def s_client(self, *words, statuses=(0,)):
        self.run("openssl", "s_client", "-connect", self.host.endpoint, "-servername", NAME, "-CAfile", self.folder / "ca.crt",
                 "-keylogfile", self.keys, *words, stdin=b"GET / HTTP/1.0\r\n\r\n", statuses=statuses)

    def client(self):
        return ("--cert", self.folder / "client.crt", "--key", self.folder / "client.key")


def curl_tls13(story):
    story.curl("--tlsv1.3")


def curl_tls12(story):
    story.curl("--tls-max", "1.2")


def curl_refuses(story):
    story.run("curl", "-sS", f"https://{story.host.endpoint}/", statuses=(60,))  # it does not know the CA


def no_common_version(story):
    story.s_client("-tls1_3", statuses=None)


def mutual_good(story):
    story.curl(*story.client())


def mutual_none_tls13(story):
    story.curl("--tlsv1.3", statuses=None)


def mutual_tls12(story):
    story.curl("--tls-max", "1.2", *story.client())


def retry(story):
    story.s_client("-groups", "X25519:P-384")


def resumed_tls12(story):
    session = story.folder / "session.pem"
    story.s_client("-tls1_2", "-sess_out", session)
    story.s_client("-tls1_2", "-sess_in", session)


def resumed_tls13(story):
    session = story.folder / "session.pem"
    story.s_client("-tls1_3", "-ign_eof", "-sess_out", session)
    story.s_client("-tls1_3", "-sess_in", session)


def early_data(story):
    session, request = story.folder / "session.pem", story.folder / "request"
    request.write_bytes(b"GET / HTTP/1.0\r\n\r\n")
    story.s_client("-tls1_3", "-ign_eof", "-sess_out", session)
    story.s_client("-tls1_3", "-sess_in", session, "-early_data", request)


def gnutls(story):
    story.run("gnutls-cli", "--x509cafile", story.folder / "ca.crt", "--sni-hostname", NAME, "--verify-hostname", NAME, "--port",
              story.host.port, "127.0.0.1", stdin=b"GET / HTTP/1.0\r\n\r\n")


def node(story):
    story.run("node", f"--tls-keylog={story.keys}", "-e",
              "const https = require('https'), fs = require('fs');"
              f"https.get({{host: '127.0.0.1', port: {story.host.port}, servername: '{NAME}', headers: {{host: '{NAME}'}},"
              f" ca: fs.readFileSync('{story.folder}/ca.crt'), agent: false}}, r => r.resume());")


def check_mutual(story):
    """Our own client: what it looks at first, and without a certificate."""
    story.run(tlsproof(), "check", f"{NAME}:{story.host.port}", "--connect-to", story.host.endpoint, "--trust", story.folder / "ca.crt",
              "--client-cert", story.folder / "client.crt", "--client-key", story.folder / "client.key", "--client-auth", "required", "--tls", "1.3", "mtls/none")


MUTUAL = ["ssl_client_certificate {ca};", "ssl_verify_client on;"]
RECIPES = {
    "curl-tls13": (curl_tls13, []),
    "curl-tls12": (curl_tls12, []),
    "curl-refuses": (curl_refuses, []),
    "no-common-version": (no_common_version, ["ssl_protocols TLSv1.2;"]),
    "mutual-good": (mutual_good, MUTUAL),
    "mutual-none-tls13": (mutual_none_tls13, MUTUAL),
    "mutual-tls12": (mutual_tls12, MUTUAL),
    "retry": (retry, ["ssl_ecdh_curve secp384r1;"]),
    "resumed-tls12": (resumed_tls12, []),
    "resumed-tls13": (resumed_tls13, []),
    "early-data": (early_data, ["ssl_early_data on;"]),
    "gnutls-cli": (gnutls, []),
    "node": (node, []),
    "check-mutual": (check_mutual, MUTUAL),
}


def make(name, target):
    recipe, lines = RECIPES[name]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        pki("ca", "--key", "p256", "--no-passphrase", "--subject", "CN=Test CA", "--out", folder)
        pki("server", "--ca", folder, "--name", NAME, "--out", folder)
        pki("client", "--ca", folder, "--name", "alice@server.test", "--out", folder)
        host = Host(name, folder / "server.crt", folder / "server.key", [line.format(ca=folder / "ca.crt") for line in lines], server_names=NAME)
        raw = folder / "raw.pcapng"
        with Nginx(folder, [host]):
            with Live("-f", f"port {host.port}", "--write", raw):
                recipe(Story(folder, host))
        keys = folder / "keys.log"
        if not keys.exists():  # nobody agreed on anything
            keys.write_text("# no keys\n")
        subprocess.run(["editcap", "--inject-secrets", f"tls,{keys}", str(raw), str(target)], check=True)
    print(f"{target.name}: {target.stat().st_size} bytes")


def main():
    need("nginx", "openssl", "curl", "gnutls-cli", "node", "editcap", "unshare", "ip")
    enter_namespace()
    for name in sys.argv[1:] or RECIPES:
        make(name, folder_of_captures() / f"{name}.pcapng")


if __name__ == "__main__":
    main()
