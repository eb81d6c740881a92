"""reports/samples/inspect.txt and handshake.json: what `tlsproof inspect` makes of a capture of tests/captures, to the byte. With
TLSPROOF_UPDATE_GOLDEN set they are written instead."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.program import run  # noqa: E402

SOURCE = pathlib.Path(os.environ["TLSPROOF_SOURCE"])
CAPTURE = "tests/captures/mutual-none-tls13.pcapng"
SAMPLES = {"inspect.txt": [], "handshake.json": ["--json"], "inspect-summary.txt": ["--summary"]}

failures = 0
for name, words in SAMPLES.items():
    done = run("inspect", CAPTURE, *words, "--color", "never", cwd=SOURCE, env={"LC_ALL": "C.UTF-8"})
    assert done.status == 0, done
    path = SOURCE / "reports" / "samples" / name
    if os.environ.get("TLSPROOF_UPDATE_GOLDEN"):
        path.write_bytes(done.out)
    elif not path.exists() or path.read_bytes() != done.out:
        failures += 1
        print(f"{path} is not what inspect writes now ('./dev golden' rewrites it):\n{done.out.decode()}")
sys.exit(1 if failures else 0)
