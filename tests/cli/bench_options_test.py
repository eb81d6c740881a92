#!/usr/bin/env python3
"""tlsproof bench: each wrong word is one clear message and exit status 2, before anybody is connected to; and no load of a public
address that was not allowed by hand."""
import pathlib
import tempfile
import unittest

from support.program import expect_complaint, run, run_all

DEAD = "127.0.0.1:1"  # nobody listens on the port of tcpmux
PUBLIC = "192.0.2.1:443"  # TEST-NET-1 (RFC 5737): nobody's; no test gets as far as connecting


class Refused(unittest.TestCase):
    def refused(self, table, status=2, first=(DEAD,), **more):
        """A row of `table` is (words, what the message must hold…)."""
        for (_, *parts), (words, done) in zip(table, run_all([[*("bench", *first), *row[0]] for row in table], **more)):
            with self.subTest(words=words):
                expect_complaint(self, done, status, *parts)

    def test_values(self):
        self.refused([
            (["--rate", "0"], "--rate: '0' is no rate"), (["--rate", "-5"], "--rate"), (["--rate", "fast"], "--rate: 'fast'"), (["--rate", "1e9"], "--rate"),
            (["--concurrency", "0"], "--concurrency: '0' is not a whole number from 1"), (["--count", "x"], "--count"),
            (["--duration", "soon"], "--duration: 'soon' is no time"), (["--duration", "0s"], "--duration"), (["--warm-up", "9999h"], "--warm-up"),
            (["--timeout", "5 s"], "--timeout: '5 s' is no time"), (["--threads", "0"], "--threads"), (["--threads", "10000"], "--threads"),
            (["--repeat", "0"], "--repeat"), (["--seed", "-1"], "--seed"), (["--shard", "3/2"], "--shard: '3/2' is not I/N"), (["--shard", "1"], "--shard"),
            (["--source", "localhost"], "--source: 'localhost' is no IP address"), (["--source", "127.0.0.1,::1"], "mixed"), (["--source", "::1"], "no IPv6 address"),
            (["--kind", "half"], "half"), (["--mix", "full=70,psq=30"], "psq"), (["--verify", "some"], "--verify: 'some' is not full, cached, none or minimal"),
            (["--suite", "TLS_AES_128_GCM_SHA265"], "did you mean 'TLS_AES_128_GCM_SHA256'"), (["--suite", "TLS_RSA_WITH_RC4_128_MD5"], "is not spoken"),
            (["--group", "x25591"], "did you mean 'x25519'"), (["--group", "x25519,"], "--group: 'x25519,' has an empty part"), (["--scheme", "rsa"], "--scheme"),
            (["--sni", "a b"], "--sni: 'a b' is no host name"), (["--sni", "10.0.0.1"], "--sni"), (["--alpn", "x" * 256], "--alpn"), (["--close", "slam"], "--close: 'slam'"),
            (["--http-get", "index"], "--http-get: 'index' does not begin with '/'"), (["--http-get", "/a b"], "HTTP path"), (["--tls", "1.1"], "--tls: '1.1' is not 1.2 or 1.3"),
            (["--server-pid", "0"], "--server-pid"), (["--server-pid", "2147483000"], "there is no process 2147483000"), (["--app", "smpt"], "did you mean 'smtp'"),
            (["--fail-if", "p99"], "--fail-if"), (["--fail-if", "p42.5x>1ms"], "--fail-if"), (["--fail-if", "rate>\x1b[31m"], "--fail-if"),
            (["--format", "yaml"], "there is no format 'yaml'; there are: text, json, csv, junit, svg"), (["--report", "json"], "FORMAT=FILE"),
            (["--color", "x"], "--color"), (["--rat", "5"], "unknown option '--rat'; did you mean '--rate'?"), (["--client-key", "x"], "--client-key needs --client-cert"),
            (["--trust", "nowhere.crt"], "nowhere.crt"), (["--max-rate", "much"], "--max-rate"),
        ])

    def test_what_does_not_go_together(self):
        self.refused([
            (["--rate", "5", "--concurrency", "2"], "--rate and --concurrency contradict each other"), (["--kind", "psk", "--mix", "full=1"], "--kind and --mix"),
            (["--kind", "id", "--tls", "1.3"], "--kind id and --tls contradict each other: 'id' is of TLS 1.2"),
            (["--kind", "ticket", "--tls", "1.3"], "--kind ticket and --tls"), (["--kind", "psk", "--tls", "1.2"], "--kind psk and --tls.*TLS 1.3"),
            (["--mix", "full=1,psk_ke=1", "--tls", "1.2"], "--mix psk_ke and --tls"), (["--kind", "0rtt"], "--http-get"),
            (["--kind", "psk", "--suite", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"], "--kind psk and --suite"),
            (["--tls", "1.2", "--suite", "TLS_AES_128_GCM_SHA256"], "--suite and --tls"), (["--verify", "none", "--trust", "x"], "--trust and --verify none"),
            (["--verify", "minimal", "--group", "x25519"], "--group and --verify minimal"), (["--verify", "minimal", "--reuse-key-share"], "--reuse-key-share and --verify minimal"),
            (["--poisson"], "--poisson needs --rate"), (["--find-max"], "--find-max needs --slo"), (["--slo", "p99<1ms"], "--slo is for --find-max"),
            (["--find-max", "--slo", "p99<1ms", "--concurrency", "5"], "--find-max and --concurrency"), (["--find-max", "--slo", "p99<1ms", "--count", "5"], "--find-max and --count"),
            (["--find-max", "--slo", "p99<1ms", "--versus", DEAD], "--find-max and --versus"), (["--http-host", "a"], "--http-host needs --http-get"),
            (["--app", "smtp", "--http-get", "/"], "--http-get and --app smtp"),
            (["--shard", "3/4", "--concurrency", "2"], "--concurrency 2 is less than the 4 shards"), (["--shard", "3/4", "--count", "2"], "--count 2 is less than"),
            (["--versus-with", "--verify none"], "these two must not be compared"), (["--versus-with", ""], "no option is given"), (["--versus-with", "'x"], "a quote has no end"),
            (["--versus-with", "--report json=x"], "--versus-with: --report is of the whole run"), (["--versus-with", "--repeat 3"], "--repeat is of the whole run"),
            (["--versus-with", "127.0.0.1:2"], "another endpoint is given by --versus"), (["--versus-with", "--tlz 1.2"], "--versus-with: unknown option '--tlz'"),
            (["--versus", "x"], "port"), (["another"], "'another' is one word too many"), (["--compare", "--rate", "5"], "--rate has no place there"),
            (["--compare"], "--compare takes two JSON reports: 1 given"), (["--compare", "--merge"], "--compare and --merge"), (["--passphrase-file", "a", "--passphrase-env", "B"], "one of"),
        ])
        self.refused([([], "Give HOST:PORT"), (["localhost"], "port"), (["https://localhost/"], "localhost")], first=())

    def test_reports_that_are_none(self):
        with tempfile.TemporaryDirectory() as folder:
            f = pathlib.Path(folder)
            (f / "empty.json").write_text("")
            (f / "check.json").write_text('{"schema": "tlsproof-check/1", "endpoints": []}')
            (f / "list.json").write_text("[1, 2]")
            (f / "deep.json").write_text("[" * 100_000)
            for words, *parts in [(["--compare", "empty.json", "empty.json"], "'empty.json': no valid JSON"), (["--compare", "nowhere.json", "x"], "nowhere.json"),
                                  (["--compare", "check.json", "check.json"], "schema is 'tlsproof-check/1'"), (["--merge", "list.json"], "names no schema"),
                                  (["--merge", "deep.json"], "deep.json"), (["--merge"], "1 to 1000: 0 given"), (["--compare", "a\x1b[31m.json", "b"], r"a\\x1b\[31m\.json")]:
                with self.subTest(words=words):
                    expect_complaint(self, run("bench", *words, cwd=f), 2, *parts)


class Safety(unittest.TestCase):
    """192.0.2.1 stands for the servers of other people. Each of these ends before a packet is sent, which its status and speed show."""

    def test_a_public_address_needs_to_be_allowed(self):
        for words in (["--rate", "1"], [], ["--find-max", "--slo", "p99<1ms"]):
            expect_complaint(self, run("bench", PUBLIC, *words), 2, "192.0.2.1 is a public address", "--allow-public")
        expect_complaint(self, run("bench", DEAD, "--versus", PUBLIC), 2, "192.0.2.1 is a public address")
        expect_complaint(self, run("bench", DEAD, "--connect-to", PUBLIC), 2, "192.0.2.1 is a public address")
        expect_complaint(self, run("bench", "[2001:db8::1]:443"), 2, "2001:db8::1 is a public address")

    def test_a_cap_holds_until_it_is_raised_by_hand(self):
        for words, part in [(["--rate", "201"], "--rate 201 is above the 200 connections a second"), ([], "a closed loop has no upper rate"),
                            (["--concurrency", "1"], "--max-rate none"), (["--find-max", "--slo", "p99<1ms", "--rate", "201"], "--rate 201 is above"),
                            (["--rate", "301", "--max-rate", "300"], "--rate 301 is above --max-rate 300"),
                            (["--rate", "201", "--shard", "1/10"], "--rate 201 is above"),
                            (["--rate", "10", "--kind", "psk", "--threads", "201"], "201 connections would get sessions")]:
            with self.subTest(words=words):
                expect_complaint(self, run("bench", PUBLIC, "--allow-public", *words), 2, part)
        expect_complaint(self, run("bench", DEAD, "--max-rate", "5", "--rate", "6"), 2, "--rate 6 is above --max-rate 5")  # where it is given it holds


class Help(unittest.TestCase):
    def test_it_is_complete_and_narrow(self):
        done = run("bench", "--help")
        self.assertEqual(done.status, 0, done)
        text = done.out.decode()
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        self.assertIn("--find-max", text)
        self.assertRegex(run("--help").out.decode(), "  bench +measure")


class Dead(unittest.TestCase):
    """Nobody there: nothing was measured, which is no success."""

    def test_refused(self):
        done = run("bench", DEAD, "--count", "20", "--verify", "none", env={"LC_ALL": "C.UTF-8"})
        self.assertEqual(done.status, 3, done)
        self.assertIn("no handshake completed", done.text)
        self.assertIn("refused 20 (100 % of those begun)", done.text)
        self.assertIn("INCOMPLETE", done.text)

    def test_a_gate_that_is_true_beats_it(self):
        done = run("bench", DEAD, "--count", "5", "--verify", "none", "--fail-if", "errors>0")
        self.assertEqual(done.status, 1, done)
        self.assertIn("FAILED", done.text)
        done = run("bench", DEAD, "--count", "5", "--verify", "none", "--fail-if", "p99>1ms")  # nothing to measure it by
        self.assertEqual(done.status, 3, done)

    def test_no_rate_is_found_where_nobody_answers(self):
        done = run("bench", DEAD, "--find-max", "--slo", "p99<1s", "--rate", "2", "--duration", "200ms", "--verify", "none")
        self.assertEqual(done.status, 3, done)
        self.assertIn("no handshake completed at any rate", done.text)

    def test_a_name_that_is_none(self):
        expect_complaint(self, run("bench", "nowhere.invalid:443", limit=60), 3, "nowhere.invalid", seconds=60)


if __name__ == "__main__":
    unittest.main()
