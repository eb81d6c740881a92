"""`tlsproof pki` and `tlsproof check` for tests: PKIs in a folder, and reports as Python values."""
import json
import subprocess

from support.need import tlsproof


def pki(*words):
    done = subprocess.run([tlsproof(), "pki", *map(str, words)], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise AssertionError(f"tlsproof pki {' '.join(map(str, words))}: status {done.returncode}\n{done.stderr}")


def openssl(*words, **more):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=60, **more)
    if done.returncode:
        raise AssertionError(f"openssl {' '.join(map(str, words))}: status {done.returncode}\n{done.stderr}")
    return done.stdout


def pem_blocks(path):
    """Each certificate of a PEM file as its own text."""
    end = "-----END CERTIFICATE-----\n"
    return [block + end for block in path.read_text().split(end)[:-1]]


class Endpoint:
    """One endpoint of a report."""

    def __init__(self, report):
        self.report = report
        self.attempts = {attempt["label"]: attempt for attempt in report["attempts"]}
        self.findings = {finding["id"]: finding for finding in report["findings"]}

    def outcome(self, label):
        return self.attempts[label]["outcome"]

    def verdicts(self, without=("pass",)):
        """{verdict: {scenario ids}} of what is not as it should be, or is in another way worth a word."""
        out = {}
        for finding in self.report["findings"]:
            if finding["verdict"] not in without:
                out.setdefault(finding["verdict"], set()).add(finding["scenario"])
        return out


    def __str__(self):
        lines = [f"{self.report['label']}: {self.report['error']}"]
        lines += [f"  {f['verdict']:<12} {f['id']}: wanted {f['wanted']}; seen {f['seen']}; {f['reason']}"
                  for f in self.report["findings"] if f["verdict"] not in ("pass", "skip")]
        lines += [f"  attempt {a['label']}: {a['outcome']['description']}" for a in self.report["attempts"]]
        return "\n".join(lines)


class Checked:
    """A finished `tlsproof check`: status, report, endpoints by label."""

    def __init__(self, words, done):
        self.words, self.status, self.err = words, done.returncode, done.stderr
        self.report = json.loads(done.stdout) if done.stdout else None
        self.endpoints = {e["label"]: Endpoint(e) for e in self.report["endpoints"]} if self.report else {}

    @property
    def endpoint(self):
        (only,) = self.endpoints.values()
        return only

    def __str__(self):
        """For the message of a failed assertion: what was seen and said."""
        return "\n".join([f"tlsproof {' '.join(self.words)}: status {self.status}", self.err, *map(str, self.endpoints.values())])


def check(*words):
    words = ["check", *map(str, words), "--format", "json"]
    return Checked(words, subprocess.run([tlsproof(), *words], capture_output=True, text=True, timeout=120))
