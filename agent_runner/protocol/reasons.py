# SPDX-License-Identifier: GPL-3.0-or-later
"""Why did an execution end, in a word for programs?"""

from typing import Literal

ReasonCode = Literal[
    "completed",  # it ended by itself with exit code 0
    "nonzero_exit",  # it ended by itself with another exit code or by a signal
    "could_not_start",  # the program or playbook could not be started; the reason says why
    "canceled",  # somebody asked for it
    "timed_out",  # its own time limit
    "disk_full",  # the host had no room for its log
    "interrupted",  # the host shut down under it
    "out_of_memory",  # the kernel killed processes of it, at its memory limit or the host's
    "supervisor_died",  # the process that watched it is gone and left no record
]
"""The first three say how the program did, the others why it could not go on."""
