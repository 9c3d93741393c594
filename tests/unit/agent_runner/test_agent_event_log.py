# SPDX-License-Identifier: GPL-3.0-or-later
import io
import logging
from collections.abc import Iterator

import pytest

from agent_runner.event_log import REDACTED, configure_event_log

SECRET = 'hush"hush'


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Return where the process's events go for the time of a test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_event_log([SECRET], stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_event_is_one_line_of_keys_and_values(stream: io.StringIO) -> None:
    """An event is a line with time, level, name and data; what is not plain is quoted."""
    extra = {"port": 24351, "reason": "two words\nand a line", "empty": ""}
    logging.getLogger("agent_runner.x").info("listening", extra=extra)
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert line.startswith("ts=2")
    assert "level=info event=listening port=24351" in line
    assert line.endswith(' reason="two words\\nand a line" empty=""\n')


def test_secrets_are_redacted_wherever_they_stand(stream: io.StringIO) -> None:
    """A known secret appears in no message, no datum and no stack."""
    fault = ValueError(SECRET)
    logging.getLogger("x").error("broken %s", SECRET, extra={"data": SECRET}, exc_info=fault)
    line = stream.getvalue()
    assert "hush" not in line
    assert line.count(REDACTED) >= 3
    assert "stack=" in line


def test_strangers_cannot_fill_the_log(stream: io.StringIO) -> None:
    """What any stranger can make uvicorn say at will is not written."""
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("uvicorn.error").error("a fault of ours")
    assert stream.getvalue().count("\n") == 1
