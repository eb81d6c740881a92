"""`tlsproof bench` for tests, and what nginx says of the same connections."""
import collections
import json
import os
import re
import subprocess
import time

from support.nginx import Host, Nginx, wait_for_port
from support.program import expect_sound, run

LOG_FORMAT = ("log_format bench '$ssl_session_reused $ssl_protocol $status early=$early $ssl_client_verify';",)
NO_RESUMPTION = ("ssl_session_tickets off;", "ssl_session_cache off;")


class Measured:
    """A finished `tlsproof bench`: .done (support.program.Done), .report, and the only measurement's figures."""

    def __init__(self, test, done, statuses=(0,)):
        expect_sound(test, done, set(statuses), seconds=60)
        self.test, self.done = test, done
        self.report = json.loads(done.out)
        (self.side,) = self.report["sides"]
        (self.one,) = self.side["repeats"]

    def __str__(self):
        return f"{self.done}"

    def __getitem__(self, name):
        return self.one[name]

    @property
    def errors(self):
        """{class: how many}"""
        return {row["id"]: row["count"] for row in self.one["errors"]}

    @property
    def kinds(self):
        """{(asked for, as the server decided): how many}"""
        return {(row["asked"], row["decided"]): row["count"] for row in self.one["kinds"]}

    @property
    def decided(self):
        out = collections.Counter()
        for (_, decided), count in self.kinds.items():
            out[decided] += count
        return out

    @property
    def warnings(self):
        return " ".join(self.one["warnings"])

    def ms(self, phase, figure):
        return self.one["phases"][phase][f"{figure}_ns"] / 1e6

    def expect_whole(self):
        """What holds of every measurement: nothing that was begun is lost, and every completed one has its latency."""
        one = self.one
        self.test.assertEqual(one["started"], one["completed"] + one["failed"] + one["abandoned"], self)
        self.test.assertEqual(one["completed"], sum(self.kinds.values()), self)
        self.test.assertEqual(one["failed"], sum(self.errors.values()), self)
        self.test.assertEqual(one["phases"]["finished"]["count"] if one["completed"] else 0, one["completed"], self)
        for figure in ("started", "completed", "failed"):
            self.test.assertEqual(sum(second[figure] for second in one["seconds"]), one[figure], (figure, str(self)))


def bench(test, *words, statuses=(0,), limit=60.0, **more):
    measured = Measured(test, run("bench", *words, "--format", "json", limit=limit, **more), statuses)
    measured.expect_whole()
    return measured


class Logged(Nginx):
    """nginx that writes down each connection. `rows()`: of those with a request, [(reused, protocol, status, early data, client)];
    `silent()`: how many completed their handshake and ended without a request."""

    def __init__(self, folder, hosts, http_lines=()):
        super().__init__(folder, hosts, (*LOG_FORMAT, *http_lines))

    def __enter__(self):
        for name in ("access.log", "error.log"):
            (self.folder / name).unlink(missing_ok=True)
        return super().__enter__()

    def rows(self):
        path = self.folder / "access.log"
        return [tuple(line.split()) for line in path.read_text().splitlines()] if path.exists() else []

    def silent(self):
        return len(re.findall(r"while waiting for request", self.error_log()))

    def wait_for(self, look, wanted, seconds=10.0):
        """What `look` finds, once it is at least `wanted` or nothing more can come: the server may be at work on the last ones."""
        deadline = time.monotonic() + seconds
        while look() < wanted and time.monotonic() < deadline:
            time.sleep(0.02)
        return look()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def start_again(self):
        """On the same ports, after kill()."""
        with open(self.folder / "stderr.log", "ab") as stderr:
            self.process = subprocess.Popen(self.process.args, stdout=subprocess.DEVNULL, stderr=stderr, stdin=subprocess.DEVNULL)
        for host in self.hosts:
            wait_for_port(host.port, self.process, self.error_log, address=host.address)

    def finished_rows(self, wanted):
        """The rows when nginx has ended."""
        self.wait_for(lambda: len(self.rows()), wanted)
        self._stop()
        return self.rows()


def logged_host(folder, name, *lines, certificate="server.crt", key="server.key", **more):
    """A host with a certificate of `folder` that writes the access log."""
    return Host(name, folder / certificate, folder / key,
                [f"access_log {os.path.abspath(folder)}/access.log bench;", "keepalive_timeout 0;", "set $early $ssl_early_data;", *lines], **more)
