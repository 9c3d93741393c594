# SPDX-License-Identifier: GPL-3.0-or-later
"""How are entries chained? Each holds the hash of the one before, and its own over all of that.

The hash is SHA-256 over canonical JSON: sorted keys, no spaces, ASCII, times in UTC with
microseconds. Who wants to check it elsewhere needs nothing but the rows.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

START = "0" * 64
"""What the first entry holds as the hash of the one before."""

HASHED = (
    "seq",
    "at",
    "actor",
    "credential",
    "action",
    "object_kind",
    "object_name",
    "result",
    "details",
    "address",
    "user_agent",
    "request_id",
    "previous_hash",
)
"""Every column but the hash itself."""


def hash_entry(values: dict[str, Any]) -> str:
    """Return the hash of an entry's values."""
    plain = {name: _plain(values[name]) for name in HASHED}
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
