#!/usr/bin/env python3
"""tlsproof bench against an nginx: the reports agree with each other, can be read again, and an interrupted run is reported."""
import csv
import json
import os
import pathlib
import signal
import tempfile
import time
import unittest

from support.need import need
from support.nginx import Host, Nginx
from support.pki import make_pki
from support.program import expect_complaint, run

need("nginx")


def sockets_of(pid):
    count = 0
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            count += os.readlink(link).startswith("socket:")
        except OSError:  # closed meanwhile
            pass
    return count


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-bench-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        make_pki(f)
        host = Host("plain", f / "server.crt", f / "server.key")
        cls.enterClassContext(Nginx(f, [host]))
        cls.words = ["bench", host.endpoint, "--server-name", "localhost", "--trust", f / "ca.crt"]

    def measure(self, name, *words):
        path = self.folder / name
        done = run(*self.words, *words, "--report", f"json={path}.json", "--report", f"csv={path}.csv", env={"LC_ALL": "C.UTF-8"})
        return done, json.loads(path.with_suffix(".json").read_text())

    def test_formats_agree(self):
        done, report = self.measure("one", "--count", "30")
        self.assertEqual(done.status, 0, done)
        (repeat,) = report["sides"][0]["repeats"]
        self.assertEqual((repeat["started"], repeat["completed"], repeat["failed"]), (30, 30, 0))
        self.assertIn("30 begun, 30 completed, 0 failed", done.text)
        with open(self.folder / "one.csv", newline="") as file:
            self.assertEqual(sum(int(row["completed"]) for row in csv.DictReader(file)), 30)

    def test_shards_and_comparison(self):
        for i in (1, 2):
            done, _ = self.measure(f"shard{i}", "--count", "31", "--shard", f"{i}/2")
            self.assertEqual(done.status, 0, done)
        shards = [self.folder / "shard1.json", self.folder / "shard2.json"]
        expect_complaint(self, run("bench", "--merge", *shards), 2, "did not run at the same time")
        first, second = (json.loads(path.read_text()) for path in shards)
        for key in ("start_ns", "duration_ns"):  # as if they had: two that run in fact end when the machine lets them
            second["sides"][0]["repeats"][0][key] = first["sides"][0]["repeats"][0][key]
        shards[1].write_text(json.dumps(second))
        merged = run("bench", "--merge", *shards, "--format", "json")
        self.assertEqual(merged.status, 0, merged)
        self.assertEqual(json.loads(merged.out)["sides"][0]["repeats"][0]["completed"], 31)
        expect_complaint(self, run("bench", "--merge", shards[0]), 2, "1 reports are given|shard 1 of 2")
        compared = run("bench", "--compare", *shards, env={"LC_ALL": "C.UTF-8"})
        self.assertEqual(compared.status, 3, compared)
        self.assertIn("nothing could be compared: too few repeats", compared.text)
        self.assertIn("too few", compared.text)  # one value a side says nothing

    def test_other_modes_are_not_compared(self):
        self.measure("cached", "--count", "3")
        done = run(*self.words[:4], "--verify", "none", "--count", "3", "--report", f"json={self.folder}/none.json")
        self.assertEqual(done.status, 0, done)
        expect_complaint(self, run("bench", "--compare", self.folder / "cached.json", self.folder / "none.json"), 2, "must not be compared")

    def test_gates(self):
        self.assertEqual(self.measure("gate", "--count", "5", "--fail-if", "completed<5")[0].status, 0)
        self.assertEqual(self.measure("gate", "--count", "5", "--fail-if", "completed<6")[0].status, 1)
        self.assertEqual(self.measure("gate", "--count", "5", "--fail-if", "lag.p99>1s")[0].status, 3)  # a closed loop has none

    def test_an_interrupted_run_is_reported(self):
        def interrupt(process):
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and sockets_of(process.pid) < 3:  # it has begun
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)

        path = self.folder / "interrupted.json"
        done = run(*self.words, "--duration", "60s", "--report", f"json={path}", during=interrupt)
        self.assertEqual(done.status, 130, done)
        self.assertIn("INTERRUPTED", done.text)
        self.assertEqual(json.loads(path.read_text())["conclusion"], "interrupted")


if __name__ == "__main__":
    unittest.main()
