"""The pieces of scenarios/ci do what they say: their command, taken out of the file as it stands, is run by a shell against
nginx, red and green, with the client CA's passphrase from the environment, and leaves the files that the piece then collects."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.check import pki  # noqa: E402
from support.need import need, tlsproof  # noqa: E402
from support.nginx import Host, Nginx  # noqa: E402

need("nginx")

SOURCE = pathlib.Path(__file__).resolve().parents[2]
NAME = "server.example.com"
PIECES = ("github-actions.yml", "gitlab-ci.yml", "Jenkinsfile")
PASSPHRASE = "correct horse battery staple"


def command_of(text):
    """The one command that begins with `tlsproof check`, over its continued lines."""
    (found,) = re.findall(r"^ *(tlsproof check (?:.*\\\n)*.*)$", "\n".join(l for l in text.splitlines() if not l.lstrip().startswith(("#", "//"))), re.M)
    return found


class Pieces(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="tlsproof-ci-")
        cls.addClassCleanup(temporary.cleanup)
        f = cls.folder = pathlib.Path(temporary.name)
        (f / "pass").write_text(PASSPHRASE + "\n")
        pki("ca", "--subject", "O=Test,CN=ca", "--key", "p256", "--passphrase-file", f / "pass", "--out", f / "ca")
        pki("server", "--ca", f / "ca", "--name", NAME, "--passphrase-file", f / "pass", "--out", f / "server")
        (f / "bin").mkdir()
        (f / "bin/tlsproof").symlink_to(pathlib.Path(tlsproof()).resolve())
        pair = (f / "server/server.crt", f / "server/server.key")
        client_ca = f"ssl_client_certificate {f}/ca/ca.crt;"
        cls.hosts = {"green": Host("green", *pair, lines=[client_ca, "ssl_verify_client on;"]),
                     "red": Host("red", *pair, lines=[client_ca, "ssl_verify_client optional;"])}
        cls.enterClassContext(Nginx(f, list(cls.hosts.values())))

    def run_piece(self, piece, colour):
        text = (SOURCE / "scenarios/ci" / piece).read_text()
        work = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (work / "deploy/pki").mkdir(parents=True)
        shutil.copy(self.folder / "ca/ca.crt", work / "deploy/pki/client-ca.crt")
        shutil.copy(self.folder / "ca/ca.key", work / "deploy/pki/client-ca.key")
        (work / "deploy/tls.yaml").write_text(
            "defaults:\n  trust: {anchors: [pki/client-ca.crt]}\n"
            f"endpoints:\n  - address: '{self.hosts[colour].endpoint}'\n    server_name: {NAME}\n    client_auth: required\n"
            "    client_ca: {certificate: pki/client-ca.crt, key: pki/client-ca.key, passphrase: {environment: CLIENT_CA_PASSPHRASE}}\n")
        done = subprocess.run(["sh", "-e", "-c", command_of(text)], cwd=work, capture_output=True, text=True, timeout=120,
                              env={**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "CLIENT_CA_PASSPHRASE": PASSPHRASE})
        # What the piece collects is there: every name that begins with tlsproof and is no program.
        for name in set(re.findall(r"\btlsproof(?:\.(?:xml|md|json)|-evidence)\b", text)):
            self.assertTrue((work / name).exists(), f"{piece}: {name}\n{done.stderr}")
        for path in work.rglob("*"):
            if path.is_file() and "evidence" in path.parts[-2]:
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)
            if path.is_file() and path.parent == work:
                self.assertNotIn(PASSPHRASE, path.read_text(errors="replace"))
        self.assertNotIn(PASSPHRASE, done.stdout + done.stderr)
        return done

    def test_each_piece_is_red_and_green(self):
        for piece in PIECES:
            with self.subTest(piece):
                green = self.run_piece(piece, "green")
                self.assertEqual(green.returncode, 0, green.stdout + green.stderr)
                red = self.run_piece(piece, "red")
                self.assertEqual(red.returncode, 1, red.stdout + red.stderr)
                self.assertIn("mtls/none", red.stdout)

    def test_no_job_where_there_is_no_key(self):
        """A key that the target file names and that is missing is exit status 2: the pieces do not run where no secret is given."""
        work = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (work / "deploy/pki").mkdir(parents=True)
        shutil.copy(SOURCE / "scenarios/targets/ci.yaml", work / "deploy/tls.yaml")
        for name in ("root.pem", "client-ca.crt"):
            shutil.copy(self.folder / "ca/ca.crt", work / "deploy/pki" / name)
        done = subprocess.run([tlsproof(), "check", "--target", "deploy/tls.yaml", "--report", "json=tlsproof.json"], cwd=work, capture_output=True, text=True,
                              timeout=60, env={**os.environ, "CLIENT_CA_PASSPHRASE": ""})
        self.assertEqual((done.returncode, done.stdout, (work / "tlsproof.json").exists()), (2, "", False), done.stderr)
        self.assertIn("client-ca.key", done.stderr)
        self.assertIn("    if: github.event.pull_request.head.repo.fork != true\n", (SOURCE / "scenarios/ci/github-actions.yml").read_text())
        self.assertRegex((SOURCE / "scenarios/ci/gitlab-ci.yml").read_text(),
                         r"  rules:\n(?: *#.*\n)*    - if: \$CI_COMMIT_REF_PROTECTED != \"true\"\n      when: never\n")

    def test_what_the_example_waives_would_be_red(self):
        """A waiver of a warning would change nothing without --fail-on warn."""
        for path in ("README.md", "scenarios/targets/ci.yaml"):
            (check,) = re.findall(r"^ *- check: (\S+)$", (SOURCE / path).read_text(), re.M)
            told = subprocess.run([tlsproof(), "explain", check], capture_output=True, text=True)
            self.assertRegex(told.stdout, r"requirement +MUST\b", (path, told.stderr))

    def test_evidence_is_kept_on_failure_only(self):
        github = (SOURCE / "scenarios/ci/github-actions.yml").read_text()
        self.assertRegex(github, r"if: failure\(\)\n\s+uses: actions/upload-artifact@v4\n\s+with:\n\s+name: tlsproof-evidence\n")
        self.assertNotIn("tlsproof-evidence", github.split("- name: Reports")[1].split("- name: Evidence")[0])
        gitlab = (SOURCE / "scenarios/ci/gitlab-ci.yml").read_text()
        self.assertIn('if [ "$CI_JOB_STATUS" = success ]; then rm -rf tlsproof-evidence; fi', gitlab)
        jenkins = (SOURCE / "scenarios/ci/Jenkinsfile").read_text()
        self.assertRegex(jenkins, r"failure \{ archiveArtifacts artifacts: 'tlsproof-evidence/\*\*'")

    def test_the_libraries_it_needs_are_installed(self):
        """What the program is linked with is what the jobs install on Debian 12, whose packages these are."""
        needed = subprocess.run(["objdump", "-p", tlsproof()], capture_output=True, text=True).stdout
        packages = {"libcrypto.so.3": "libssl3", "libfmt.so.9": "libfmt9", "libyaml-cpp.so.0.7": "libyaml-cpp0.7",
                    "libboost_program_options.so.1.74.0": "libboost-program-options1.74.0", "libpugixml.so.1": "libpugixml1v5",
                    "libpcap.so.0.8": "libpcap0.8", "libz.so.1": "zlib1g", "libbrotlidec.so.1": "libbrotli1", "libzstd.so.1": "libzstd1"}
        basic = re.compile(r"lib(asan|ubsan|stdc\+\+|m|gcc_s|c)\.so|ld-linux")
        libraries = [name for name in re.findall(r"NEEDED +(\S+)", needed) if not basic.match(name)]
        self.assertTrue(libraries)
        for library in libraries:
            self.assertIn(library, packages)
            for piece in PIECES[:2]:
                self.assertRegex((SOURCE / "scenarios/ci" / piece).read_text(), rf" {re.escape(packages[library])}\b")


if __name__ == "__main__":
    unittest.main()
