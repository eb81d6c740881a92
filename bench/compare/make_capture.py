#!/usr/bin/env python3
"""Makes a capture of many TLS handshakes, with its key log: what bench/compare/inspect measures with.

Every handshake in it is a real one of OpenSSL's (Python's ssl module, both ends in memory), so that nothing in it
repeats that would not on a network: randoms, key shares, signatures, tickets. Certificates come from `tlsproof pki`:
several hundred different ones, so that no cache wins alone. What stands around the records (Ethernet, IP, TCP,
times) is made here; checksums are left at zero.

  make_capture.py --tlsproof build/tlsproof --out bench.pcap --keylog bench.keys [--handshakes 30000]
"""
import argparse
import heapq
import os
import random
import ssl
import struct
import subprocess
import sys
import tempfile

MSS = 1448
RTT = 0.002
NUM_OPEN = 64  # connections at the same time, about


class Plan:
    """One kind of connection. Of ten: TLS 1.3 six times, ECDSA six times; two resume."""

    def __init__(self, number, rng):
        self.tls13 = number % 10 < 6
        self.ecdsa = (number // 10 + number) % 5 < 3
        self.resumed = rng.random() < 0.2
        self.fingerprint = rng.choice(range(len(CLIENTS)))


# What clients offer: (ALPN, ciphers of TLS 1.2, the only group; None: OpenSSL's list, X25519 first)
CLIENTS = [
    (["h2", "http/1.1"], "ECDHE+AESGCM:ECDHE+CHACHA20", None),
    (["http/1.1"], "ECDHE+AESGCM", None),
    ([], "ECDHE+CHACHA20:ECDHE+AESGCM:!SHA1", None),
    (["h2"], "ECDHE+AES256:ECDHE+AES128", "prime256v1"),
]


class Authority:
    """A root, and an intermediate of each key kind, which sign the servers' certificates."""

    def __init__(self, tlsproof, folder):
        self.tlsproof, self.folder = tlsproof, folder
        for kind in ("rsa:2048", "p256"):
            name = kind.partition(":")[0]
            root, below = self.path("root-" + name), self.path("ca-" + name)
            self.pki("ca", "--no-passphrase", "--subject", "C=CN,O=Bench,CN=Root " + name, "--key", kind, "--out", root)
            self.pki("ca", "--no-passphrase", "--issuer", root, "--subject", "C=CN,O=Bench,CN=Issuing " + name,
                     "--key", kind, "--out", below)
            self.pki("server", "--ca", below, "--name", "key.example", "--key", kind, "--out", self.path("key-" + name))

    def path(self, name):
        return os.path.join(self.folder, name)

    def pki(self, *args):
        subprocess.run([self.tlsproof, "pki", *args], check=True, stdout=subprocess.DEVNULL)

    def leaf(self, kind, number):
        """The files of a new certificate and its key, which all of one kind share: making them is slow."""
        name = f"host{number}.{kind}.bench.example"
        cert, key = self.path(name + ".crt"), self.path(f"key-{kind}/server.key")
        self.pki("server", "--ca", self.path("ca-" + kind), "--name", name, "--name", "alt-" + name, "--from-key", key,
                 "--cert-out", cert)
        return name, cert, key


def server_context(cert, key, keylog):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.keylog_filename = keylog
    return context


def client_context(fingerprint, tls13):
    alpn, ciphers, group = CLIENTS[fingerprint]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(ciphers)
    if group:
        context.set_ecdh_curve(group)
    if alpn:
        context.set_alpn_protocols(alpn)
    context.maximum_version = ssl.TLSVersion.TLSv1_3 if tls13 else ssl.TLSVersion.TLSv1_2
    return context


class End:
    def __init__(self, context, server, name=None, session=None):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server, server_hostname=name,
                                    session=session)

    def attempt(self, action, *args):
        try:
            return action(*args), True
        except (ssl.SSLWantReadError, ssl.SSLSyscallError):
            return None, False


def converse(client, server, request, response):
    """What both sides write, flight by flight: [(True for the client, bytes)…]."""
    flights = []

    def move(source, target, from_client):
        data = source.outgoing.read()
        if data:
            flights.append((from_client, data))
            target.incoming.write(data)

    done = [False, False]
    while not all(done):
        for i, (me, peer) in enumerate(((client, server), (server, client))):
            if not done[i]:
                done[i] = me.attempt(me.tls.do_handshake)[1]
            move(me, peer, i == 0)
    client.tls.write(request)
    move(client, server, True)
    server.tls.read(65536)
    server.tls.write(response)
    move(server, client, False)
    client.attempt(client.tls.read, 65536)
    client.attempt(client.tls.unwrap)
    move(client, server, True)
    server.attempt(server.tls.unwrap)
    move(server, client, False)
    return flights


def frames(number, start, flights, rng):
    """[(time, frame)…] of one TCP connection."""
    client = (bytes([10, number >> 16 & 255, number >> 8 & 255, number & 255]), 20000 + number * 7 % 40000)
    server = (bytes([192, 0, 2, 1 + number % 250]), 443)
    ends = (client, server)
    sequence = [rng.getrandbits(32), rng.getrandbits(32)]
    out, now = [], [start]

    def send(sender, flags, data=b"", wait=0.00002):
        source, target = ends[sender], ends[1 - sender]
        ack = sequence[1 - sender] if flags & 0x10 else 0
        options = b"\x01\x01\x08\x0a" + struct.pack(">II", int(now[0] * 1000) & 0xffffffff, 1)
        tcp = struct.pack(">HHIIBBHHH", source[1], target[1], sequence[sender], ack, 0x80, flags, 502, 0, 0) + options
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp) + len(data), number & 0xffff, 0x4000, 64, 6, 0,
                         source[0], target[0])
        out.append((now[0], b"\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00" + ip + tcp + data))
        sequence[sender] = (sequence[sender] + len(data) + (1 if flags & 3 else 0)) & 0xffffffff
        now[0] += wait

    send(0, 0x02, wait=RTT / 2)
    send(1, 0x12, wait=RTT / 2)
    send(0, 0x10)
    for i, (from_client, data) in enumerate(flights):
        sender = 0 if from_client else 1
        for at in range(0, len(data), MSS):
            send(sender, 0x18 if at + MSS >= len(data) else 0x10, data[at:at + MSS])
        now[0] += RTT / 2
        if i + 1 == len(flights) or flights[i + 1][0] == from_client:  # otherwise the answer acknowledges
            send(1 - sender, 0x10)
    send(0, 0x11, wait=RTT / 2)
    send(1, 0x11, wait=RTT / 2)
    send(0, 0x10)
    return out


class Writer:
    """A pcap file in the order of time, whatever the order in which connections begin."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        self.waiting, self.count, self.size = [], 0, 24

    def add(self, packets):
        for time, frame in packets:
            heapq.heappush(self.waiting, (time, self.count, frame))
            self.count += 1

    def write_until(self, time):
        chunks = []
        while self.waiting and self.waiting[0][0] < time:
            when, _, frame = heapq.heappop(self.waiting)
            chunks.append(struct.pack("<IIII", int(when), int(when % 1 * 1e6), len(frame), len(frame)) + frame)
        data = b"".join(chunks)
        self.size += len(data)
        self.file.write(data)

    def close(self):
        self.write_until(float("inf"))
        self.file.close()


def make(options):
    rng = random.Random(options.seed)
    for path in (options.out, options.keylog):
        if os.path.exists(path):
            os.unlink(path)
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(options.tlsproof, folder)
        servers = {"rsa": [], "p256": []}
        for kind, all_of_kind in servers.items():
            for number in range(options.certificates // 2):
                name, cert, key = authority.leaf(kind, number)
                all_of_kind.append((name, server_context(cert, key, options.keylog)))
        clients = {(i, tls13): client_context(i, tls13) for i in range(len(CLIENTS)) for tls13 in (True, False)}
        sessions = {}
        writer = Writer(options.out)
        step = RTT * 6 / NUM_OPEN
        resumed = 0
        for number in range(options.handshakes):
            plan = Plan(number, rng)
            kind = "p256" if plan.ecdsa else "rsa"
            which = rng.randrange(len(servers[kind]))
            known = (kind, plan.tls13, plan.fingerprint)
            session = None
            if plan.resumed and sessions.get(known):
                which, session = sessions[known].pop()
            name, context = servers[kind][which]
            client = End(clients[plan.fingerprint, plan.tls13], False, name, session)
            server = End(context, True)
            request = b"GET /%d HTTP/1.1\r\nHost: %s\r\n\r\n" % (number, name.encode())
            flights = converse(client, server, request, b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" + b"x" * 300)
            resumed += client.tls.session_reused
            sessions.setdefault(known, []).append((which, client.tls.session))
            del sessions[known][:-16]
            start = options.start + number * step
            writer.write_until(start)
            writer.add(frames(number, start, flights, rng))
        writer.close()
    print(f"{options.out}: {options.handshakes} handshakes ({resumed} resumed), {writer.count} packets, "
          f"{writer.size / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description="Makes a capture of many TLS handshakes, with its key log.")
    parser.add_argument("--tlsproof", required=True, help="the program, for its pki")
    parser.add_argument("--out", required=True, help="the pcap file")
    parser.add_argument("--keylog", required=True, help="the key log file")
    parser.add_argument("--handshakes", type=int, default=30000)
    parser.add_argument("--certificates", type=int, default=400, help="different ones (default: 400)")
    parser.add_argument("--seed", type=int, default=1, help="of the mix; the cryptography stays random")
    parser.add_argument("--start", type=float, default=1.76e9, help="time of the first packet, seconds since 1970")
    make(parser.parse_args())
    return 0


if __name__ == "__main__":
    sys.exit(main())
