# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said when the disk of the control plane is full?"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from api.core.errors import UnavailableError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class DiskFullError(UnavailableError):
    """The control plane has no room on its disk."""

    code = "disk_full"
    status = 507


@contextmanager
def translate_disk_full(what: str) -> Iterator[None]:
    """Turn a full disk into ``DiskFullError``; ``what`` names what could not be written."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFullError(
            f"The control plane's disk has no room for {what}. Free some space in its data "
            "directory (MYX_DATA_DIR), then try again."
        ) from error
