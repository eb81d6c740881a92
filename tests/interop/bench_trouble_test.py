#!/usr/bin/env python3
"""`tlsproof bench` when the server stalls, dies and comes back, and when it is interrupted itself: the numbers say so."""
import pathlib
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.bench import Logged, bench, logged_host  # noqa: E402
from support.need import need  # noqa: E402
from support.pki import make_pki  # noqa: E402

need("nginx")


class TroubleTest(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name)
        make_pki(self.folder)
        self.host = logged_host(self.folder, "bench")
        self.nginx = Logged(self.folder, [self.host])

    def words(self, *more):
        return [f"localhost:{self.host.port}", "--connect-to", self.host.endpoint, "--trust", self.folder / "ca.crt", *more]

    def stall(self, process):
        """Once it is under way, the server stands still for a second."""
        self.nginx.wait_for(self.nginx.silent, 5)
        self.nginx.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(1.0)
        finally:
            self.nginx.process.send_signal(signal.SIGCONT)

    # Those who would have come in that second have waited, each until its end.
    def test_stall_open_loop(self):
        for words in (("--rate", 50), ("--rate", 50, "--poisson")):
            with self.subTest(words), self.nginx:
                measured = bench(self, *self.words("--duration", "3s", *words), during=self.stall)
                self.assertGreaterEqual(measured.ms("finished", "max"), 900, measured)
                self.assertGreaterEqual(measured.ms("finished", "p99"), 700, measured)
                # As many as a third of them came while it stood still; half of these waited longer than half of it.
                self.assertGreaterEqual(measured.ms("finished", "p90"), 200, measured)
                self.assertNotIn("closed loop", measured.warnings)
                self.assertEqual(measured["completed"], self.nginx.wait_for(self.nginx.silent, measured["completed"]))

    # It is the generator that stands still: the arrivals of that second began late, which is told, and their latency counts from when they
    # should have begun.
    def test_stalled_itself(self):
        def stall(process):
            self.nginx.wait_for(self.nginx.silent, 5)
            process.send_signal(signal.SIGSTOP)
            try:
                time.sleep(1.0)
            finally:
                process.send_signal(signal.SIGCONT)

        with self.nginx:
            measured = bench(self, *self.words("--duration", "3s", "--rate", 50), during=stall)
        for phase in ("lag", "finished"):
            self.assertGreaterEqual(measured.ms(phase, "max"), 900, (phase, str(measured)))
            self.assertGreaterEqual(measured.ms(phase, "p99"), 700, (phase, str(measured)))
        self.assertIn("generator", measured.warnings, measured)
        self.assertEqual(measured["started"], 150, measured)

    def test_stall_closed_loop(self):
        with self.nginx:
            measured = bench(self, *self.words("--duration", "3s", "--concurrency", 2), during=self.stall)
        self.assertGreaterEqual(measured.ms("finished", "max"), 900, measured)
        self.assertGreaterEqual(measured["longest_gap_ns"], 900e6, measured)
        self.assertRegex(measured.warnings, "closed loop", measured)

    def test_killed_and_started_again(self):
        def kill(process):
            self.nginx.wait_for(self.nginx.silent, 5)
            self.nginx.kill()
            time.sleep(0.4)
            self.nginx.start_again()

        for words in (("--rate", 50), ("--concurrency", 4)):
            with self.subTest(words), self.nginx:
                measured = bench(self, *self.words("--duration", "3s", *words), during=kill)
                self.assertIn("refused", measured.errors, measured)
                for name in measured.errors:
                    self.assertRegex(name, "^(refused|(reset|closed)_(connect|server_hello|handshake))$")
                self.assertGreater(measured["seconds"][-1]["completed"], 0, measured)
                self.assertGreaterEqual(measured["duration_ns"], 2.9e9, measured)
                # What it had not yet written down when it was killed; and the first failure of each class, played once more.
                seen = self.nginx.wait_for(self.nginx.silent, measured["completed"])
                self.assertGreaterEqual(seen, measured["completed"] - 10, measured)
                self.assertLessEqual(seen, measured["completed"] + len(measured.errors), measured)

    # Its CPU as the scheduler counts it, which began before the measurement and ends after it.
    def test_server_cpu(self):
        def cpu():
            return int(pathlib.Path(f"/proc/{self.nginx.process.pid}/schedstat").read_text().split()[0])

        with self.nginx:
            before = cpu()
            measured = bench(self, *self.words("--count", 100, "--concurrency", 4, "--server-pid", self.nginx.process.pid))
            self.nginx.wait_for(self.nginx.silent, 100)
            used = cpu() - before
        tick = 20e6  # the kernel may tell it in hundredths of a second, at either end
        self.assertLessEqual(measured["server_cpu_ns"], used + tick, measured)
        self.assertGreaterEqual(measured["server_cpu_ns"], 0.5 * used - tick, measured)
        self.assertAlmostEqual(measured["server_us_per_handshake"], measured["server_cpu_ns"] / 100 / 1e3, delta=0.1)

    def test_server_cpu_of_a_dead_server(self):
        def kill(process):
            self.nginx.wait_for(self.nginx.silent, 5)
            self.nginx.kill()

        with self.nginx:
            measured = bench(self, *self.words("--duration", "1s", "--rate", 50, "--server-pid", self.nginx.process.pid), during=kill)
        self.assertTrue(measured["server_gone"], measured)
        self.assertNotIn("server_us_per_handshake", measured.one)

    def test_interrupted(self):
        def interrupt(process):
            self.nginx.wait_for(self.nginx.silent, 5)
            process.send_signal(signal.SIGINT)

        for words in (("--rate", 50), ("--concurrency", 4)):
            with self.subTest(words), self.nginx:
                begin = time.monotonic()
                measured = bench(self, *self.words("--duration", "100s", *words), during=interrupt, statuses=(130,))
                self.assertLess(time.monotonic() - begin, 30)
                self.assertGreaterEqual(measured["completed"], 5, measured)
                self.assertTrue(measured["interrupted"] and measured.report["interrupted"], measured)
                self.assertEqual(measured.report["conclusion"], "interrupted", measured)
                self.assertLess(measured["duration_ns"], 30e9, measured)


if __name__ == "__main__":
    unittest.main()
