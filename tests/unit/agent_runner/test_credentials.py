# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_runner.audit import AuditLog
from agent_runner.config import load_config
from agent_runner.credentials import Credentials
from agent_runner.protocol.credentials import MAX_OVERLAP_S, RotateCredentialsParams
from agent_runner.protocol.errors import RotationRefusedError

OLD = {"agent_token": "token-number-one-", "secret_key": "key-number-one---"}
NEW = {"agent_token": "token-number-two-", "secret_key": "key-number-two---"}
OTHER = {"agent_token": "token-number-six-", "secret_key": "key-number-six---"}
REST = {"rpc_port": 24351, "rpc_path": "a3f8b9c2d1e4f5a6", "limits": {"max_concurrent": 7}}
OVERLAP_S = 600.0


class PowerCut(Exception):  # noqa: N818 - it is an event, not an error of ours
    """The machine is gone."""


class Host:
    """An agent's configuration on disk, and the agent that was started from it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.json"
        self.audit = folder / "audit.log"
        self.now = 1_000_000.0
        self.write({**REST, **OLD})
        self.start()

    def write(self, data: Any) -> None:
        """Write the configuration as the role does."""
        self.path.touch(0o600)
        self.path.write_text(json.dumps(data, indent=2) + "\n")

    def start(self) -> None:
        """Start the agent anew."""
        config = load_config(self.path)
        self.credentials = Credentials(
            self.path, config, AuditLog(self.audit), now=lambda: self.now
        )

    def takes(self, pair: dict[str, str]) -> bool:
        """Send a request with the pair's token; return whether it is served."""
        is_right = self.credentials.is_right(pair["agent_token"].encode())
        asyncio.run(self.credentials.settle())
        return is_right

    def rotate(self, pair: dict[str, str]) -> bool:
        """Ask for a new pair; return whether that changed something."""
        params = RotateCredentialsParams(overlap_s=OVERLAP_S, principal="admin", **pair)
        return asyncio.run(self.credentials.rotate(params)).changed

    def read(self) -> Any:
        """Return what is on disk."""
        return json.loads(self.path.read_text())


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Return a host with an agent."""
    return Host(tmp_path)


def test_both_tokens_are_right_in_the_overlap(host: Host) -> None:
    """After a rotation the old token is served until the new one is seen, and never again."""
    assert host.rotate(NEW)
    assert host.takes(OLD)
    assert host.takes(OLD)
    assert host.takes(NEW)
    assert not host.takes(OLD)
    assert host.read() == {**REST, **NEW}


def test_the_overlap_ends_by_itself(host: Host) -> None:
    """When its time is over the old token is refused, though the new one was not seen."""
    host.rotate(NEW)
    host.now += OVERLAP_S - 1
    assert host.takes(OLD)
    host.now += 1
    assert not host.takes(OLD)
    assert host.takes(NEW)


def test_a_restart_changes_nothing(host: Host) -> None:
    """An agent that is started anew in the overlap serves both, and afterwards the new one."""
    host.rotate(NEW)
    host.start()
    assert host.takes(OLD)
    assert host.takes(NEW)
    host.start()
    assert not host.takes(OLD)
    assert host.takes(NEW)


def test_a_clock_that_is_set_back_does_not_bring_the_old_token_back(host: Host) -> None:
    """An overlap that seems to last longer than any may is over."""
    host.rotate(NEW)
    host.now -= MAX_OVERLAP_S
    host.start()
    assert not host.takes(OLD)
    assert host.takes(NEW)


def test_asking_again_changes_nothing(host: Host) -> None:
    """The same pair once more is answered as done, before and after the overlap."""
    assert host.rotate(NEW)
    assert not host.rotate(NEW)
    assert host.takes(NEW)
    assert not host.rotate(NEW)
    assert host.takes(NEW)


def test_a_second_rotation_keeps_what_its_caller_has(host: Host) -> None:
    """Who asks anew with the old token in the overlap keeps that token, not the one never used."""
    host.rotate(NEW)
    assert host.takes(OLD)
    host.rotate(OTHER)
    assert host.takes(OLD)
    assert not host.takes(NEW)
    assert host.takes(OTHER)
    assert not host.takes(OLD)


def test_the_rest_of_the_file_stays(host: Host) -> None:
    """What the administrator has changed since the start stays, as do mode and form."""
    changed = {**REST, "limits": {"max_concurrent": 9}, **OLD}
    host.write(changed)
    host.rotate(NEW)
    assert host.path.stat().st_mode & 0o777 == 0o600
    host.takes(NEW)
    assert host.path.read_text() == json.dumps({**changed, **NEW}, indent=2) + "\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not valid JSON"),
        (json.dumps({**REST, **OTHER}).encode(), "systemctl restart myx-agent"),
        (json.dumps({**REST, **OLD, "limits": 1}).encode(), "limits"),
    ],
)
def test_a_file_that_is_not_what_it_was_is_left_alone(
    host: Host, content: bytes, said: str
) -> None:
    """A broken file, or one with another token, is refused with the remedy; nothing changes."""
    host.path.write_bytes(content)
    with pytest.raises(RotationRefusedError, match=said):
        host.rotate(NEW)
    assert host.path.read_bytes() == content
    assert host.takes(OLD)
    assert not host.takes(NEW)


def test_the_audit_log_tells_of_it_without_secrets(host: Host) -> None:
    """A rotation and its end are a line each, with who asked and none of the four secrets."""
    host.rotate(NEW)
    host.takes(NEW)
    text = host.audit.read_text()
    begin, end = map(json.loads, text.splitlines())
    assert (begin["action"], begin["principal"]) == ("rotate_credentials", "admin")
    assert end["action"] == "end_rotation"
    assert not any(secret in text for secret in [*OLD.values(), *NEW.values()])


def test_new_secrets_are_hidden_before_they_are_used(tmp_path: Path) -> None:
    """The agent's own log is told of new secrets, so that it can redact them."""
    host, hidden = Host(tmp_path), []
    config = load_config(host.path)
    host.credentials = Credentials(
        host.path, config, AuditLog(host.audit), hide=lambda *secrets: hidden.extend(secrets)
    )
    host.rotate(NEW)
    assert set(hidden) == set(NEW.values())


_STEPS = [(os, name) for name in ("open", "fdopen", "fchown", "fsync", "write")]
_STEPS += [(Path, "replace"), (Path, "unlink")]


@contextmanager
def _power_cut_at(step: int, error: type[Exception] = PowerCut) -> Iterator[list[str]]:
    """Let the step-th operation on files fail, and after a power cut all later ones."""
    done: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in _STEPS:
            patch.setattr(owner, name, _failing(getattr(owner, name), name, done, step, error))
        yield done


def _failing(
    real: Callable[..., Any], name: str, done: list[str], step: int, error: type[Exception]
) -> Callable[..., Any]:
    def run(*arguments: Any, **options: Any) -> Any:
        done.append(name)
        if len(done) == step or (len(done) > step and error is PowerCut):
            raise error(f"step {step}: {name}")
        return real(*arguments, **options)

    return run


def _count_steps(tmp_path: Path, act: Callable[[Host], Any]) -> int:
    folder = tmp_path / "counting"
    folder.mkdir()
    host = Host(folder)
    with _power_cut_at(10_000) as done:
        act(host)
    return len(done)


def _whole_rotation(host: Host) -> None:
    host.rotate(NEW)
    host.takes(NEW)


def test_a_power_cut_at_any_step_leaves_a_working_pair(tmp_path: Path) -> None:
    """Wherever it is cut, the agent starts with a pair that the control plane has, and ends it."""
    steps = _count_steps(tmp_path, _whole_rotation)
    assert steps >= 15
    for step in range(1, steps + 1):
        folder = tmp_path / str(step)
        folder.mkdir()
        host = Host(folder)
        with _power_cut_at(step), pytest.raises(PowerCut):
            _whole_rotation(host)
        host.start()
        pairs = [pair for pair in (NEW, OLD) if host.credentials.is_right(_token(pair))]
        assert pairs, f"cut at step {step}: nobody is let in"
        host.start()
        assert host.takes(pairs[-1])
        host.rotate(NEW)
        assert host.takes(NEW)
        assert not host.takes(OLD)
        assert host.read() == {**REST, **NEW}


def test_a_disk_error_at_any_step_is_told_and_survived(tmp_path: Path) -> None:
    """Whatever operation fails, the caller's pair goes on working, and so after a restart."""
    for step in range(1, _count_steps(tmp_path, lambda host: host.rotate(NEW)) + 1):
        folder = tmp_path / str(step)
        folder.mkdir()
        host = Host(folder)
        with _power_cut_at(step, OSError):
            try:
                host.rotate(NEW)
            except RotationRefusedError:
                assert host.takes(OLD)
        host.start()
        assert host.credentials.is_right(_token(OLD))


def _token(pair: dict[str, str]) -> bytes:
    return pair["agent_token"].encode()


class ControlPlane:
    """What the control plane does: it writes the next pair down before it says it to anybody."""

    def __init__(self) -> None:
        self.current, self.next = OLD, None
        self.made = 0

    def rotate(self, host: Host, stop_after: int) -> None:
        """Take the steps of a rotation as far as ``stop_after``."""
        if self.next is None:
            self.made += 1
            self.next = {name: f"{name}-number-{self.made:06}" for name in OLD}
        if stop_after > 0 and self.call(host):
            host.rotate(self.next)
        if stop_after > 1 and self.next is not None:
            assert host.takes(self.next)
        if stop_after > 2 and self.next is not None:
            self.current, self.next = self.next, None

    def call(self, host: Host) -> bool:
        """Call with the pair at hand, and where that is refused with the next one."""
        if host.takes(self.current):
            return True
        assert self.next is not None, "locked out"
        assert host.takes(self.next), "locked out"
        self.current, self.next = self.next, None
        return False


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    acts=st.lists(
        st.tuples(st.just("rotate"), st.integers(0, 3))
        | st.sampled_from([("call", 0), ("restart", 0)])
        | st.tuples(st.just("wait"), st.integers(1, 700)),
        max_size=12,
    )
)
def test_no_history_locks_the_control_plane_out(
    tmp_path: Path, acts: list[tuple[str, int]]
) -> None:
    """Rotations cut off anywhere, restarts and time: a pair of the control plane always works."""
    host, control_plane = Host(tmp_path), ControlPlane()
    for act, number in [*acts, ("call", 0)]:
        if act == "rotate":
            control_plane.rotate(host, number)
        elif act == "call":
            control_plane.call(host)
        elif act == "restart":
            host.start()
        else:
            host.now += number
    control_plane.rotate(host, 3)
    assert host.takes(control_plane.current)
    assert host.read() == {**REST, **control_plane.current}
