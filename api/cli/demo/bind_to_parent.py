# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a child end with its parent, however that ends? By asking the kernel, then exec.

Run by its path, with the parent's process id and the program's command line as arguments. It
imports nothing of MyX, so that it costs a few milliseconds.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the program named on the command line."""
    parent, *command = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != int(parent):
        sys.exit("The process that wanted this one has ended.")
    os.execv(command[0], command)  # noqa: S606 - the demo's own programs


if __name__ == "__main__":
    main()
