"""A private nginx on free loopback ports: started, waited for, and ended by whoever asked for it."""
import os
import pathlib
import shutil
import socket
import subprocess
import time


class ServerMissing(Exception):
    """The server program is not installed."""


def free_port(family=socket.AF_INET):
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def has_ipv6():
    try:
        free_port(socket.AF_INET6)
        return True
    except OSError:
        return False


def wait_for_port(port, process, log, seconds=20.0, address="127.0.0.1"):
    """Returns once somebody accepts on the port; raises when the process ends or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended at its start with status {process.returncode}:\n{log()}")
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as attempt:
            attempt.settimeout(0.5)
            if attempt.connect_ex((address, port)) == 0:
                return
        time.sleep(0.01)
    raise RuntimeError(f"nobody accepts on port {port}:\n{log()}")


class Host:
    """One server block. `lines` are nginx directives; certificate and key are paths. Without `tls` the port speaks plain HTTP.
    `default` are the lines of a block that answers on the same port for every name but `server_names`."""

    def __init__(self, name, certificate, key, lines=(), server_names="_", address="127.0.0.1", tls=True, default=None):
        self.name = name
        self.certificates = [(certificate, key)] if isinstance(certificate, (str, os.PathLike)) else list(zip(certificate, key))
        self.lines = list(lines)
        self.server_names = server_names
        self.address = address
        self.tls = tls
        self.default = default
        self.port = None

    @property
    def endpoint(self):
        """HOST:PORT as the command line takes it."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    def blocks(self):
        pairs = "".join(f"    ssl_certificate {c};\n    ssl_certificate_key {k};\n" for c, k in self.certificates if self.tls)
        lines = "".join(f"    {line}\n" for line in self.lines)
        listen = f"{self.endpoint}{' ssl' if self.tls else ''}"
        blocks = (f"  server {{\n    listen {listen};\n    server_name {self.server_names};\n{pairs}{lines}"
                  f"    location / {{ default_type text/plain; return 200 \"{self.name} $ssl_client_verify\\n\"; }}\n  }}\n")
        if self.default is not None:
            lines = "".join(f"    {line}\n" for line in self.default)
            blocks += f"  server {{\n    listen {listen} default_server;\n{lines}  }}\n"
        return blocks


class Nginx:
    """Context manager: `with Nginx(folder, hosts) as nginx:` gives each host a port (host.port). `http_lines`: directives of
    the http block."""

    def __init__(self, folder, hosts, http_lines=()):
        self.folder = pathlib.Path(folder)
        self.hosts = hosts
        self.http_lines = list(http_lines)
        self.process = None

    def error_log(self):
        path = self.folder / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _config(self):
        f = self.folder
        return (
            f"daemon off;\nmaster_process off;\npid {f}/nginx.pid;\nerror_log {f}/error.log info;\n"
            "events { worker_connections 512; }\n"
            f"http {{\n  access_log off;\n  client_body_temp_path {f}/body;\n  proxy_temp_path {f}/proxy;\n"
            f"  fastcgi_temp_path {f}/fastcgi;\n  uwsgi_temp_path {f}/uwsgi;\n  scgi_temp_path {f}/scgi;\n"
            "  ssl_protocols TLSv1.2 TLSv1.3;\n" + "".join(f"  {line}\n" for line in self.http_lines) +
            "".join(host.blocks() for host in self.hosts) + "}\n")

    def __enter__(self):
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if program is None:
            raise ServerMissing("nginx is not installed")
        for attempt in range(5):  # another process may take a port between the look and the start
            for host in self.hosts:
                host.port = free_port(socket.AF_INET6 if ":" in host.address else socket.AF_INET)
            if len({host.port for host in self.hosts}) < len(self.hosts):
                continue
            (self.folder / "nginx.pid").unlink(missing_ok=True)
            config = self.folder / "nginx.conf"
            config.write_text(self._config())
            with open(self.folder / "stderr.log", "wb") as stderr:
                self.process = subprocess.Popen(
                    [program, "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(config)],
                    stdout=subprocess.DEVNULL, stderr=stderr, stdin=subprocess.DEVNULL)
            try:
                self._wait_for_pid_file()
                for host in self.hosts:
                    wait_for_port(host.port, self.process, lambda: (self.folder / "stderr.log").read_text() + self.error_log(),
                                  address=host.address)
                return self
            except RuntimeError:
                self._stop()
                if attempt == 4 or "Address already in use" not in (self.folder / "stderr.log").read_text():
                    raise
        raise RuntimeError("no free ports")

    def _wait_for_pid_file(self, seconds=20.0):
        """It is written once every port is bound: whoever accepts before that is a stranger who took the port."""
        deadline = time.monotonic() + seconds
        while not (self.folder / "nginx.pid").exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"nginx did not start:\n{(self.folder / 'stderr.log').read_text()}{self.error_log()}")
            time.sleep(0.01)

    def _stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __exit__(self, *_):
        self._stop()
