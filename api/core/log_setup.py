# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the control plane log? One structured line an event on stderr, secrets taken out.

Events are constant snake_case names, data goes in keys: ``log.info("host_created", host=name)``.
What is bound with ``structlog.contextvars`` (the request id, the execution id) is on every line.
"""

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

CHATTY_LOGGERS = ("aiosqlite", "alembic", "asyncio")
"""Libraries that say too much below ``warning``."""

_SECRET_KEY = re.compile(
    r"(?:^|_)(?:token|secret|password|passphrase|private_key|authorization|credentials?)(?:_|$)",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"(?P<keep>Bearer\s+|X-Agent-Token:\s*)[^\s'\"]+"
    r"|myx_[A-Za-z0-9_-]{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    re.IGNORECASE | re.DOTALL,
)


def redact_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what is a secret by its key's name or by its form, at any depth."""
    return {key: _redact(key, value) for key, value in event.items()}


def _redact(key: str, value: object) -> object:
    if value is not None and not isinstance(value, bool) and _SECRET_KEY.search(key):
        return REDACTED
    if isinstance(value, str):
        return _SECRET_VALUE.sub(lambda match: f"{match['keep'] or ''}{REDACTED}", value)
    if isinstance(value, dict):
        return {inner: _redact(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redact("", item) for item in value]
    return value


def configure_logging(level: str, form: Literal["console", "json"]) -> None:
    """Send structlog's and the standard library's lines through the same processors."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_secrets,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
