# SPDX-License-Identifier: GPL-3.0-or-later
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_runner.config import ASSIGNED_KEYS, Config, Limits, load_config
from agent_runner.errors import ConfigError

ASSIGNED = {
    "rpc_port": 24351,
    "rpc_path": "a3f8b9c2d1e4f5a6",
    "agent_token": "token-of-this-agent",
    "secret_key": "secret-key-of-this-agent",
}

Write = Callable[[Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what writes a configuration that only its owner can read."""

    def run(content: Any) -> Path:
        path = tmp_path / "config.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        path.chmod(0o600)
        return path

    return run


def test_four_keys_are_enough(write: Write) -> None:
    """With what the control plane assigns, everything else has a default."""
    config = load_config(write(ASSIGNED))
    assert config == Config(**ASSIGNED)
    assert config.state_dir == Path("/var/lib/myx-agent")
    assert config.limits == Limits()


def test_everything_can_be_set(write: Write) -> None:
    """Folders and limits can be chosen."""
    config = load_config(
        write(
            {
                **ASSIGNED,
                "listen_address": "127.0.0.1",
                "state_dir": "/srv/state",
                "limits": {"max_concurrent": 3, "cancel_grace_s": 0.5},
            }
        )
    )
    assert config.state_dir == Path("/srv/state")
    assert (config.limits.max_concurrent, config.limits.cancel_grace_s) == (3, 0.5)


@pytest.mark.parametrize("key", ASSIGNED_KEYS)
def test_missing_key_is_named_with_the_remedy(write: Write, key: str) -> None:
    """Each key that only the control plane can assign is asked for by name."""
    path = write({name: value for name, value in ASSIGNED.items() if name != key})
    with pytest.raises(ConfigError, match=f"the key {key} is missing; it is assigned by the contr"):
        load_config(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rpc_port": "24351"}, "Expected `int`, got `str` - at `rpc_port`; it is assigned"),
        ({"rpc_port": 0}, ">= 1 - at `rpc_port`"),
        ({"rpc_port": 65536}, "<= 65535 - at `rpc_port`"),
        ({"rpc_path": "../etc/x"}, "at `rpc_path`"),
        ({"rpc_path": "short"}, "at `rpc_path`"),
        ({"agent_token": "short"}, "at `agent_token`"),
        ({"secret_key": ""}, "at `secret_key`"),
        ({"agent_tokn": "x"}, "unknown field `agent_tokn`; correct it"),
        ({"state_dir": "relative"}, "absolute path - at `state_dir`"),
        ({"limits": {"max_concurent": 1}}, "unknown field `max_concurent` - at `limits`"),
        ({"limits": {"max_concurrent": 0}}, ">= 1 - at `limits.max_concurrent`"),
    ],
)
def test_wrong_value_is_named(write: Write, change: dict[str, Any], reason: str) -> None:
    """A wrong value or an unknown key is refused by name, with the file's."""
    path = write({**ASSIGNED, **change})
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert reason in raised.value.message
    assert str(path) in raised.value.message


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"\xff"']
)
def test_what_is_no_object_is_refused(write: Write, content: bytes) -> None:
    """A file that holds no JSON object is told so in one sentence."""
    with pytest.raises(ConfigError, match="JSON"):
        load_config(write(content))


def test_missing_file_tells_what_it_should_hold(tmp_path: Path) -> None:
    """Without the file, the sentence names it, its keys and who writes it."""
    with pytest.raises(ConfigError, match=r"does not exist.*rpc_port.*myx host install"):
        load_config(tmp_path / "config.json")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_open_file_is_refused(write: Write, mode: int) -> None:
    """A file that others can read or write is refused with the command that closes it."""
    path = write(ASSIGNED)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {path}"):
        load_config(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_file_of_somebody_else_is_refused(write: Write) -> None:
    """A file that another user could replace is refused."""
    path = write(ASSIGNED)
    os.chown(path, 12345, -1)
    with pytest.raises(ConfigError, match="belongs to another user"):
        load_config(path)


def test_secrets_do_not_show() -> None:
    """A configuration that ends up in a message shows neither token nor key nor path."""
    shown = repr(Config(**ASSIGNED))
    assert not any(str(ASSIGNED[key]) in shown for key in ("agent_token", "secret_key", "rpc_path"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary())
def test_errors_are_sentences(write: Write, content: bytes) -> None:
    """Whatever the file holds, the answer is a sentence and no traceback."""
    with pytest.raises(ConfigError):
        load_config(write(content))
