"""Captures for tests: a network namespace with nothing but a loopback interface, `tlsproof inspect` recording in it, and tshark as the witness."""
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from support.need import SKIP, tlsproof

CLIENT, SERVER = "client", "server"


def enter_namespace():
    """Begins the calling program again in a network namespace of its own, where nobody else's packets pass. Ends it with a skip where
    this machine does not permit namespaces."""
    if os.environ.get("TLSPROOF_IN_NAMESPACE") == "1":
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
        return
    words = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    if subprocess.run([*words, "true"], capture_output=True).returncode:
        print("this machine permits no network namespaces: nothing can be recorded", file=sys.stderr)
        sys.exit(SKIP)
    os.environ["TLSPROOF_IN_NAMESPACE"] = "1"
    os.execvp("unshare", [*words, sys.executable, *sys.argv])


class Live:
    """`tlsproof inspect -i lo WORDS` while the block runs; afterwards .status, .out (text) and .err."""

    def __init__(self, *words):
        self.words = [tlsproof(), "inspect", "-i", "lo", *map(str, words)]

    def __enter__(self):
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err)
        deadline = time.monotonic() + 30
        while b"capturing on" not in self.said():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError(f"{self.words} does not capture: {self.said().decode()}")
            time.sleep(0.02)
        return self

    def said(self):
        return os.pread(self._err.fileno(), 1 << 20, 0)

    def shown(self):
        return os.pread(self._out.fileno(), 1 << 26, 0)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.out, self.err = self.shown().decode(), self.said().decode()
        self._out.close()
        self._err.close()


def inspect_json(*words, status=0):
    done = subprocess.run([tlsproof(), "inspect", "--json", *map(str, words)], capture_output=True, timeout=240)
    assert done.returncode == status, f"{words}: status {done.returncode}\n{done.stderr.decode()}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def messages(handshake):
    """(side, type, length) of each message, a side after the other: the order between the sides is a matter of time."""
    found = [(m["from"], m["type"]["id"], m["message_len"]) for m in handshake["messages"]]
    return [m for m in found if m[0] == CLIENT] + [m for m in found if m[0] == SERVER]


def tshark(path, *words):
    done = subprocess.run(["tshark", "-n", "-r", str(path), "-o", "tcp.reassemble_out_of_order:TRUE", *words], capture_output=True, text=True,
                          timeout=120, env={key: value for key, value in os.environ.items() if key != "SSLKEYLOGFILE"})
    if done.returncode:
        raise AssertionError(f"tshark {path} {words}: status {done.returncode}\n{done.stderr}")
    return done.stdout


def tshark_messages(path, *words):
    """{port of the client: {(side, type): how many}}, by tshark. The client is who sent a stream's first packet."""
    clients, found = {}, collections.defaultdict(collections.Counter)
    for line in tshark(path, *words, "-T", "fields", "-E", "separator=|", "-e", "tcp.stream", "-e", "tcp.srcport", "-e", "tls.handshake.type").splitlines():
        stream, port, types = line.split("|")
        if not port:
            continue
        client = clients.setdefault(stream, port)
        for one in filter(None, types.split(",")):
            found[int(client)][CLIENT if port == client else SERVER, int(one)] += 1
    return dict(found)


def our_messages(handshakes):
    """The same of what `inspect --json` gave."""
    return {h["client"]["port"]: collections.Counter((m["from"], m["type"]["id"]) for m in h["messages"]) for h in handshakes if h["messages"]}


def folder_of_captures():
    return pathlib.Path(__file__).resolve().parents[1] / "captures"
