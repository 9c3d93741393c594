# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the clock of one host jump, without touching the clock of this machine?

By a library that is preloaded into every process of the host (``clock.c``). The times of files
stay true: the kernel stamps them.
"""

import subprocess
from pathlib import Path

from lab.hosts import Host

SOURCE = Path(__file__).with_name("clock.c")
LIBRARY = "/usr/local/lib/myx-clock.so"
_FILE = "/etc/myx-clock"


def install_clock(host: Host, folder: Path) -> None:
    """Give a host a clock that can jump; processes that run already keep the machine's."""
    built = folder / "myx-clock.so"
    if not built.exists():
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", built, SOURCE], check=True)
    host.write_bytes(LIBRARY, built.read_bytes())
    host.write_bytes(_FILE, bytes(8))
    host.write_bytes("/etc/ld.so.preload", f"{LIBRARY}\n".encode())


def set_clock(host: Host, ahead_s: int) -> None:
    """Let the host's clock be that many seconds ahead of the machine's from now on."""
    ahead = ahead_s.to_bytes(8, "little", signed=True)
    # In place: to shorten a mapped file, if only for a moment, is death to those who read it.
    host.execute("dd", f"of={_FILE}", "conv=notrunc", "status=none", stdin=ahead)
