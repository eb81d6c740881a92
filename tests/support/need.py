"""Missing programs: a skip for a ctest run by hand, a failure where TLSPROOF_REQUIRE_TOOLS is set (./dev test sets it)."""
import os
import shutil
import sys

SKIP = 77  # ctest's SKIP_RETURN_CODE


def need(*programs):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [program for program in programs if shutil.which(program, path=path) is None]
    if not missing:
        return
    print(f"missing: {', '.join(missing)}; './dev setup test' installs them", file=sys.stderr)
    sys.exit(1 if os.environ.get("TLSPROOF_REQUIRE_TOOLS") else SKIP)


def tlsproof():
    """The program under test."""
    path = os.environ.get("TLSPROOF")
    if not path or not os.access(path, os.X_OK):
        print("TLSPROOF must name the tlsproof program", file=sys.stderr)
        sys.exit(1)
    return path
