#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the real core of Xray run as the program ``xray``, out of its Python package?

The package brings the core as a library. This program stands beside it, in archives that hosts
under test install, and knows what the role uses: ``version``, ``run`` and ``run -test``.
"""

import argparse
import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

CLONE_NEWNET = 0x40000000
"""A network of its own, in which each port is free."""

STARTED = "started"
"""What the core logs when all of a configuration is in use."""


def main() -> int:
    """Do what the first word says."""
    command, *rest = sys.argv[1:]
    if command == "version":
        import xray  # noqa: PLC0415 - 40 MB, which a test of a configuration does without

        sys.stdout.write(f"Xray {xray.__version__} (a library in Python)\n")
        return 0
    parser = argparse.ArgumentParser()
    parser.add_argument("-test", action="store_true")
    parser.add_argument("-format")
    parser.add_argument("-config", required=True)
    options = parser.parse_args(rest)
    text = Path(options.config).read_text()
    return test(text) if options.test else run(text)


def run(text: str) -> int:
    """Serve until a signal comes."""
    import xray  # noqa: PLC0415 - as above

    xray.startFromJSON(text)
    return 0


def test(text: str) -> int:
    """Start a configuration where nobody can reach it, and tell whether all of it came up."""
    document = json.loads(text)
    document["log"] = {"loglevel": "warning"}
    child = subprocess.Popen(
        [sys.executable, __file__, "run", "-config", "/dev/stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=leave_network,  # noqa: PLW1509 - there are no threads
        text=True,
    )
    child.stdin.write(json.dumps(document))
    child.stdin.close()
    for line in child.stdout:
        sys.stdout.write(line)
        if STARTED in line:
            child.kill()
            sys.stdout.write("Configuration OK.\n")
            return 0
    return child.wait()


def leave_network() -> None:
    """Get a network without anybody; whoever may not, has one already."""
    ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET)


if __name__ == "__main__":
    os.environ.setdefault("XRAY_LOCATION_ASSET", str(Path(__file__).resolve().parent))
    sys.exit(main())
