# SPDX-License-Identifier: GPL-3.0-or-later
import logging

import pytest
import structlog
from structlog.typing import EventDict

from api.core.log_setup import REDACTED, configure_logging, redact_secrets


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "agent_token",
        "secret_key",
        "ssh_password",
        "ssh_private_key",
        "Authorization",
        "ssh_credentials",
        "passphrase",
    ],
)
def test_a_secret_is_known_by_its_key(key: str) -> None:
    """What a key calls a secret is not logged, at any depth."""
    event: EventDict = {"event": "x", key: "hunter2", "deep": [{"body": {key: "hunter2"}}]}
    assert "hunter2" not in str(redact_secrets(None, "info", event))


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2hunter2",
        "{'X-Agent-Token: hunter2hunter2'}",
        "myx_hunter2hunter2hunter2",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----",
    ],
)
def test_a_secret_is_known_by_its_form(text: str) -> None:
    """Tokens and keys inside a text, such as a traceback, are cut out of it."""
    redacted = redact_secrets(None, "info", {"event": f"before {text} after"})["event"]
    assert "hunter2" not in redacted
    assert redacted.startswith("before ")
    assert redacted.endswith(" after")
    assert REDACTED in redacted


def test_other_data_stays() -> None:
    """What is no secret is logged as it is."""
    event: EventDict = {
        "event": "host_created",
        "host": "web1",
        "has_ssh_credentials": True,
        "n": 3,
    }
    assert redact_secrets(None, "info", event) == event


@pytest.mark.usefixtures("_logging_restored")
@pytest.mark.parametrize("form", ["console", "json"])
def test_lines_of_libraries_are_redacted_too(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The standard library's loggers go through the same processors, tracebacks included."""
    configure_logging("info", form)  # type: ignore[arg-type]
    try:
        int("Bearer hunter2hunter2")
    except ValueError:
        logging.getLogger("somebody.else").exception(
            "it failed with %s", "myx_hunter2hunter2hunter2"
        )
    written = capsys.readouterr().err
    assert "it failed with" in written
    assert "ValueError" in written
    assert "hunter2" not in written


@pytest.fixture
def _logging_restored() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
