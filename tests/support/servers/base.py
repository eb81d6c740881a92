"""What all servers of the tests have in common: a private folder, free ports, waiting until they answer, and their end."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from support.check import openssl, pki
from support.nginx import free_port
from support.servers.witness import Witness

NAME = "server.test"
CLIENT = "client.test"
# Where hosts share an address: this one wants clients of our CA, the second nobody, the third clients of another CA.
OPEN, OTHER = "open.test", "other.test"
BESIDE = f"virtual_hosts: {{{{open: {OPEN}, mutual: {OTHER}}}}}"  # of a target file
CRL = "client_crls: ['{crl}']"


class Material:
    """The keys and certificates of one test: a CA, a server and a good client under it, and a client with each fault."""

    def __init__(self, folder):
        f = self.folder = pathlib.Path(folder)
        self.ca, self.ca_key = f / "ca/ca.crt", f / "ca/ca.key"
        self.certificate, self.key = f / "server/server.crt", f / "server/server.key"
        pki("ca", "--subject", "O=Test,CN=Clients", "--key", "p256", "--no-passphrase", "--out", f / "ca")
        pki("server", "--ca", f / "ca", "--name", NAME, "--out", f / "server")
        pki("client", "--ca", f / "ca", "--name", CLIENT, "--out", f / "client")
        self.client = (f / "client/client.crt", f / "client/client.key")
        self.both = self._in_one(self.certificate, self.key)

        self.crl = self._make_crl("0815")
        self.other_ca = f / "other/ca.crt"
        pki("ca", "--subject", "O=Test,CN=Others", "--key", "p256", "--no-passphrase", "--out", f / "other")
        pki("server", "--ca", f / "ca", "--name", NAME, "--name", OPEN, "--name", OTHER, "--out", f / "hosts")
        self.hosts_certificate, self.hosts_key = f / "hosts/server.crt", f / "hosts/server.key"
        self.hosts_both = self._in_one(self.hosts_certificate, self.hosts_key)

    @staticmethod
    def _in_one(certificate, key):
        both = certificate.parent / "both.pem"
        both.touch(mode=0o600)
        both.write_text(certificate.read_text() + key.read_text())
        return both

    def words(self, text):
        """A line of a mode with its files."""
        return str(text).format(ca=self.ca, crl=self.crl, other_ca=self.other_ca)

    def _make_crl(self, *serials):
        """A CRL of the CA with these serials, valid for a month."""
        f = self.folder / "crl"
        f.mkdir()
        (f / "index").write_text("".join(f"R\t350101000000Z\t250101000000Z\t{serial}\tunknown\t/CN=revoked\n" for serial in serials))
        (f / "number").write_text("01\n")
        (f / "cnf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={f}/index\ncrlnumber={f}/number\ndefault_md=sha256\n")
        openssl("ca", "-config", f / "cnf", "-gencrl", "-keyfile", self.ca_key, "-cert", self.ca, "-crldays", 30, "-out", f / "crl.pem")
        return f / "crl.pem"

    def faulty(self, fault):
        """A client with this fault, or "with N intermediates": (certificate, key)."""
        name, more = fault, ()
        if fault.startswith("with "):
            name, more = "too_deep", ("--intermediates", fault.split()[1])
        elif fault == "revoked":
            more = ("--crl", self.crl)
        out = self.folder / "faults" / fault.replace(" ", "_")
        pki("fault", name, "--role", "client", "--ca", self.folder / "ca", "--name", CLIENT, "--out", out, *more)
        return out / f"{name}.crt", out / f"{name}.key"


class Server:
    """Context manager: `with Stack(material, {"mode": …}) as server:` gives each mode a port in `server.ports`.

    A stack says which program it is and how its processes are called; its files live in `folder`, what it writes in `folder/*.log`.
    """

    program = ""
    requests_certificate = True

    def __init__(self, material, modes):
        self.material, self.modes = material, modes
        self.folder = material.folder / type(self).__name__.lower()
        self.ports, self._processes = {}, []

    def commands(self):
        """One list of words a process. Called again with other ports when somebody else took one of them meanwhile."""
        raise NotImplementedError

    def environment(self):
        return {}

    def path(self):
        path = shutil.which(self.program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if path is None:
            raise RuntimeError(f"{self.program} is not installed")
        return path

    def logs(self, most=4000):
        """The end of everything that the server wrote."""
        out = []
        for log in sorted(self.folder.glob("*.log")):
            text = log.read_text(errors="replace")
            if text:
                out.append(f"--- {log.name}\n{text[-most:]}")
        return "\n".join(out)

    def __enter__(self):
        for attempt in range(5):  # another process may take a port between the look and the start
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()
            self.ports = {mode: free_port() for mode in self.modes}
            if len(set(self.ports.values())) < len(self.ports):
                continue
            try:
                for i, words in enumerate(self.commands()):
                    with open(self.folder / f"process{i}.log", "wb") as log:
                        self._processes.append(subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log,
                                                                stderr=subprocess.STDOUT, cwd=self.folder,
                                                                env={**os.environ, **self.environment()}))
                for mode in self.modes:
                    self._wait_for(mode)
                return self
            except BaseException as error:
                self._stop()
                said = self.logs()
                if not isinstance(error, RuntimeError) or attempt == 4 or not any(
                        sign in said.lower() for sign in ("address already in use", "cannot bind", "unable to bind")):
                    raise
        raise RuntimeError("no free ports")

    def _wait_for(self, mode, seconds=30.0):
        """Until the certificate that this test made is shown there: so it is ours and not a stranger who took the port."""
        witness = Witness(self.ports[mode], NAME, self.material.ca)
        deadline = time.monotonic() + seconds
        while not witness.answers(self.material.client):
            ended = [process for process in self._processes if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"{self.program} does not answer as {mode}; status {[p.returncode for p in ended]}\n{self.logs()}")
            time.sleep(0.01)

    def _stop(self):
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes = []

    def __exit__(self, *_):
        self._stop()


def private_folder(test, prefix):
    """A folder of the test class that goes with it."""
    temporary = tempfile.TemporaryDirectory(prefix=f"tlsproof-{prefix}-")
    test.addClassCleanup(temporary.cleanup)
    return pathlib.Path(temporary.name)
