"""Runs the program under test: bounded in time, measured in memory, and held to what its output may never contain."""
import concurrent.futures
import os
import re
import subprocess
import tempfile
import threading
import time

from support.need import tlsproof

EXIT_TEXT = {0: "all hold", 1: "a finding", 2: "usage", 3: "incomplete", 4: "internal", 130: "interrupted"}
MAX_RSS_MIB = 250  # with AddressSanitizer, which takes 70 of them before anything has happened
# ESC, other control characters, C1 controls and the marks that change the direction of text.
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Done:
    """What a finished run left behind: status, out and err (bytes), seconds, rss_mib."""

    def __init__(self, words, status, out, err, seconds, rss_mib):
        self.words, self.status, self.out, self.err = words, status, out, err
        self.seconds, self.rss_mib = seconds, rss_mib

    @property
    def said(self):
        """Standard error on one line."""
        return " ".join(self.err.decode(errors="replace").split())

    @property
    def text(self):
        """Standard output on one line."""
        return " ".join(self.out.decode(errors="replace").split())

    def __str__(self):
        return (f"{' '.join(map(str, self.words))}\nstatus {self.status}, {self.seconds:.1f} s, {self.rss_mib:.0f} MiB\n"
                f"--- stdout\n{self.out.decode(errors='replace')[:6000]}\n--- stderr\n{self.err.decode(errors='replace')[:6000]}")


def run(*words, limit=30.0, env=None, stdin=subprocess.DEVNULL, stdout=None, cwd=None, during=None, before=None):
    """Runs `tlsproof WORDS`. `stdout`: a file to write to instead of memory. `before()` is called in the child, `during(process)` once it runs.
    A run longer than `limit` seconds is killed and has status -9."""
    words = [str(word) for word in words]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        # What AddressSanitizer holds back of freed memory is not the program's.
        options = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=16"]))
        begin = time.monotonic()
        process = subprocess.Popen([os.path.abspath(tlsproof()), *words], stdin=stdin, stdout=out if stdout is None else stdout, stderr=err, cwd=cwd, preexec_fn=before,
                                   env={**os.environ, "ASAN_OPTIONS": options, **(env or {})})
        killer = threading.Timer(limit, process.kill)
        killer.start()
        try:
            if during:
                during(process)
            _, raw, usage = os.wait4(process.pid, 0)
        finally:
            killer.cancel()
        process.returncode = os.waitstatus_to_exitcode(raw)
        seconds = time.monotonic() - begin
        out.seek(0)
        err.seek(0)
        return Done(words, process.returncode, out.read(), err.read(), seconds, usage.ru_maxrss / 1024)


def run_all(rows, **more):
    """Runs each list of words, a few at a time; yields (words, Done) in their order."""
    rows = list(rows)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        yield from zip(rows, pool.map(lambda words: run(*words, **more), rows))


def expect_sound(test, done, statuses, seconds=15.0):
    """What holds for every run, whatever it met."""
    test.assertIn(done.status, statuses, done)
    test.assertLess(done.seconds, seconds, done)
    test.assertLess(done.rss_mib, MAX_RSS_MIB, done)
    for name, raw in (("stdout", done.out), ("stderr", done.err)):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            test.fail(f"{name} is not UTF-8: {error}\n{done}")
        found = FORBIDDEN.search(text)
        test.assertIsNone(found, f"{name} holds {found and found.group()!r}\n{done}")
    for sign in (b"AddressSanitizer", b"LeakSanitizer", b"runtime error", b"internal error", b"terminate called"):
        test.assertNotIn(sign, done.err, done)


def expect_complaint(test, done, status, *parts, seconds=10.0):
    """One clear message on stderr that holds every part (a regular expression), and nothing on stdout."""
    expect_sound(test, done, {status}, seconds)
    test.assertEqual(re.findall(rb"^\S+", done.err, re.MULTILINE), [b"tlsproof:"], done)  # what goes on is indented
    test.assertEqual(done.out, b"", done)
    for part in filter(None, parts):
        test.assertRegex(done.said, part, done)
