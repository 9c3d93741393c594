# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a stored log?

``LogError``
├── ``LogGapError``      an append that would leave a hole
└── ``LogStorageError``  the disk refuses
"""

from api.core.errors import MyxError


class LogError(MyxError):
    """The log cannot be stored or read."""

    code = "log_error"


class LogGapError(LogError):
    """The piece begins behind the end of what is stored."""

    code = "log_gap"


class LogStorageError(LogError):
    """The log cannot be stored or read; check the space and rights in MYX_DATA_DIR/logs."""

    code = "log_storage_failed"
    status = 507
