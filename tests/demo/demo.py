#!/usr/bin/env python3
"""The demo: a private PKI, an nginx of its own on free loopback ports, and every check against it.

Nine hosts: four made right (one-way TLS; mutual TLS as ssl_verify_client on, ssl_verify_depth 2; optional; and
one-way with an RSA and an ECDSA certificate) and five with one fault each. Each is checked with what its owner would
declare; the faults must be caught, the good hosts must be clean. Reports go to the folder --out.
At the end the first host is loaded with handshakes for some seconds (tlsproof bench), and the plot of it lies there too.
"""
import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.nginx import Host, Nginx, ServerMissing  # noqa: E402

NAME = "server.example.com"
PROVED = "declared-required-but-optional"  # of this host every connection is kept


class Demo:
    def __init__(self, tlsproof, folder):
        self.tlsproof = tlsproof
        self.folder = folder
        self.passphrase = folder / "ca.pass"
        self.passphrase.touch(mode=0o600)
        self.passphrase.write_text("correct horse battery staple\n")

    def pki(self, *words):
        done = subprocess.run([self.tlsproof, "pki", *map(str, words)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"tlsproof pki {' '.join(map(str, words))}:\n{done.stderr}")

    def make_pki(self):
        f, secret = self.folder, ("--passphrase-file", self.passphrase)
        # p256 instead of the default rsa:4096 spares the demo some seconds.
        self.pki("ca", "--subject", "O=Demo,CN=Demo Root CA", "--key", "p256", "--out", f / "ca", *secret)
        self.pki("ca", "--subject", "O=Demo,CN=Another Root CA", "--key", "p256", "--out", f / "other", *secret)
        self.pki("ca", "--subject", "O=Demo,CN=Demo Intermediate CA", "--key", "p256", "--issuer", f / "ca",
                 "--issuer-passphrase-file", self.passphrase, "--out", f / "intermediate", *secret)
        for out, ca, *more in [
            ("good", "intermediate", "--name", NAME),
            ("rsa", "intermediate", "--name", NAME, "--key", "rsa:2048"),
            ("stranger", "other", "--name", NAME),
            ("misnamed", "ca", "--name", "elsewhere.example.com"),
        ]:
            self.pki("server", "--ca", f / ca, "--out", f / out, *more, *secret)
        self.pki("fault", "expired", "--role", "server", "--ca", f / "ca", "--name", NAME, "--out", f / "faults", *secret)
        self.pki("client", "--ca", f / "ca", "--name", "client.device", "--out", f / "client", *secret)
        # The intermediate is left out of this one: the chain is incomplete.
        leaf = (f / "good/server.crt").read_text().split("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"
        (f / "leaf_only.crt").write_text(leaf)

    def hosts(self):
        f = self.folder
        good = (f / "good/server.crt", f / "good/server.key")
        mutual = [f"ssl_client_certificate {f}/ca/ca.crt;", "ssl_verify_depth 2;"]
        return [
            # host, what its owner declares, whether the checks must hold
            (Host("one-way", *good), "none", True),
            (Host("one-way-rsa-ecdsa", [good[0], f / "rsa/server.crt"], [good[1], f / "rsa/server.key"]), "none", True),
            (Host("mutual", *good, lines=[*mutual, "ssl_verify_client on;"]), "required", True),
            (Host("mutual-optional", *good, lines=[*mutual, "ssl_verify_client optional;"]), "optional", True),
            (Host("declared-required-but-optional", *good, lines=[*mutual, "ssl_verify_client optional;"]), "required", False),
            (Host("expired", f / "faults/expired.crt", f / "faults/expired.key"), "none", False),
            (Host("wrong-ca", f / "stranger/server.crt", f / "stranger/server.key"), "none", False),
            (Host("wrong-name", f / "misnamed/server.crt", f / "misnamed/server.key"), "none", False),
            (Host("incomplete-chain", f / "leaf_only.crt", good[1]), "none", False),
        ]

    def target_file(self, hosts):
        lines = ["defaults:",
                 f"  trust: {{anchors: [{self.folder}/ca/ca.crt]}}",
                 f"  client_ca: {{certificate: {self.folder}/ca/ca.crt, key: {self.folder}/ca/ca.key, passphrase: {{file: {self.passphrase}}}}}",
                 f"  client_identity: {{certificate: {self.folder}/client/client.crt, key: {self.folder}/client/client.key}}",
                 f"  server_name: {NAME}", "endpoints:"]
        for host, declared, _ in hosts:
            lines.append(f"  - {{label: {host.name}, address: '127.0.0.1:{host.port}', client_auth: {declared}}}")
        path = self.folder / "target.yaml"
        path.write_text("\n".join(lines) + "\n")
        return path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tlsproof", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tlsproof-demo-") as folder:
        demo = Demo(arguments.tlsproof, pathlib.Path(folder))
        print("Making a PKI: two root CAs, an intermediate, server and client certificates …", flush=True)
        demo.make_pki()
        hosts = demo.hosts()
        print(f"Starting nginx with {len(hosts)} hosts on free loopback ports …\n", flush=True)
        try:
            with Nginx(demo.folder, [host for host, _, _ in hosts]):
                return check_all(demo, hosts, out)
        except ServerMissing as error:
            sys.exit(f"{error}: './dev setup demo' installs it")


def check_all(demo, hosts, out):
    target = demo.target_file(hosts)
    surprises = []
    rows = []
    for host, declared, good in hosts:
        done = subprocess.run([demo.tlsproof, "check", "--target", str(target), "--endpoint", host.name, "--color", "never",
                               "--report", f"json={out}/{host.name}.json", "--report", f"text={out}/{host.name}.txt",
                               "--report", f"junit={out}/{host.name}.xml", "--report", f"markdown={out}/{host.name}.md",
                               *(["--evidence", str(out / "evidence")] if host.name == PROVED else [])],
                              capture_output=True, text=True)
        rows.append((host.name, declared, done.returncode))
        if done.returncode != (0 if good else 1):
            surprises.append(f"{host.name}: exit status {done.returncode}, {0 if good else 1} wanted\n{done.stdout}{done.stderr}")
        if not good:
            print(f"──── {host.name} " + "─" * (74 - len(host.name)))
            print(stories(done.stdout), flush=True)
        if host.name == PROVED:
            print(proof(out / f"{host.name}.json"), flush=True)
            print(read_back(demo, out / "evidence", surprises), flush=True)
    print(load(demo, hosts[0][0], out, surprises), flush=True)
    print("host                            declared   exit  verdict")
    for name, declared, status in rows:
        word = {0: "all holds", 1: "a fault was found"}.get(status, "could not be judged")
        print(f"{name:<31} {declared:<10} {status:>4}  {word}")
    print(f"\nThe full reports, as text, JSON, JUnit and Markdown, are in {out}/")
    for surprise in surprises:
        print(f"\nNOT AS EXPECTED: {surprise}", file=sys.stderr)
    return 1 if surprises else 0


def proof(report):
    """How to look at the connection of the first failure in Wireshark."""
    (endpoint,) = json.loads(report.read_text())["endpoints"]
    failure = next(finding for finding in endpoint["findings"] if finding["verdict"] == "fail")
    path = endpoint["attempts"][failure["evidence"][0]["attempt"]]["evidence"]
    return (f"Every connection to this host was kept for Wireshark (--evidence), its keys inside. This one proves {failure['id']}:\n"
            f"    tshark -r {shlex.quote(path)} -O tls,http\n")


def read_back(demo, folder, surprises):
    """The same connections as `tlsproof inspect` finds them in the files, as in any capture."""
    files = [str(folder / one["file"]) for one in json.loads((folder / "index.json").read_text())["files"]]
    done = subprocess.run([demo.tlsproof, "inspect", *files, "--summary", "--json"], capture_output=True, text=True)
    seen = json.loads(done.stdout) if done.stdout else {"handshakes": 0}
    # What was played without TLS (plain HTTP on the port) is no handshake: status 3 says that there are such files.
    if done.returncode not in (0, 3) or not seen["handshakes"] or seen["with_keys"] == 0:
        surprises.append(f"inspect of the evidence: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return ""
    return (f"tlsproof inspect reads them back: {seen['handshakes']} handshakes in {len(files)} files, {seen['completed']} completed, "
            f"{seen['failed']} failed.\n")


def load(demo, host, out, surprises):
    """Five seconds of handshakes with one host, and the picture of their latencies."""
    done = subprocess.run([demo.tlsproof, "bench", f"127.0.0.1:{host.port}", "--server-name", NAME, "--trust", str(demo.folder / "ca/ca.crt"),
                           "--duration", "5s", "--color", "never", "--report", f"json={out}/bench/bench.json", "--report", f"svg={out}/bench/bench.svg"],
                          capture_output=True, text=True)
    if done.returncode:
        surprises.append(f"bench of {host.name}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return f"{done.stdout}\nThe plot of it: {out}/bench/bench.svg\n"


def stories(report):
    """The stories of a report, without its table and its folded lists, and its last lines: the sums."""
    kept, keep = [], False
    for line in report.splitlines():
        if line.startswith(("─── ", "--- ", "═══ ", "=== ")):
            words = line.split()
            keep = words[1] in ("FAIL", "WARN", "ERROR", "INCONCLUSIVE") or line[0] in "═="
            keep = keep and not (line[0] in "═=" and not kept)  # the header of the endpoint comes before any story
        if keep:
            kept.append(line)
    return "\n".join(kept)


if __name__ == "__main__":
    sys.exit(main())
