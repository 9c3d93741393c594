# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the agent's own log look?

One line an event on stderr, ``key=value``: a constant snake_case event name, the rest as data
given with ``extra``. What executions print is data and never comes here.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

REDACTED = "[redacted]"

_STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_PLAIN = re.compile(r"[A-Za-z0-9_./:@+,-]+")


class EventFormatter(logging.Formatter):
    """Writes a record as one line, without the values that nobody may see."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = list(secrets)

    def hide(self, *secrets: str) -> None:
        """Redact these values too from now on."""
        self._secrets += secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for ``record``."""
        fields: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        attributes = vars(record).items()
        fields |= {key: value for key, value in attributes if key not in _STANDARD_ATTRIBUTES}
        if record.exc_info:
            fields["stack"] = self.formatException(record.exc_info)
        return " ".join(f"{key}={self._write(value)}" for key, value in fields.items())

    def _write(self, value: object) -> str:
        text = str(value)
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text if _PLAIN.fullmatch(text) else json.dumps(text)


def configure_event_log(secrets: Iterable[str], stream: TextIO | None = None) -> EventFormatter:
    """Send every event of this process to ``stream`` (default: stderr) as one line."""
    handler = logging.StreamHandler(stream or sys.stderr)
    formatter = EventFormatter(secrets)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # uvicorn speaks of each malformed request, which any stranger can send at will.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    return formatter
