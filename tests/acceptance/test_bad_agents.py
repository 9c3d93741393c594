# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent that is spoken to wrongly, and one that no longer is what the control plane knows."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from driver.command_line import CommandLine
from driver.control_plane import ControlPlane
from driver.expectations import assert_mentions, assert_no_trace
from lab.hosts import Host, Lab
from lab.waiting import wait_for

CONFIG = "/etc/myx-agent/config.json"


@pytest.fixture(scope="module")
def agent_host(lab: Lab, myx: CommandLine) -> Iterator[Host]:
    """Return a host with an agent that the tests of this file may spoil."""
    (host,) = lab.boot("spoilt1")
    myx.add_host(host.name, host.address, lab.key_path)
    myx.succeed("host", "install", host.name, "--accept-new-host-key")
    yield host
    lab.remove([host])
    myx.run("host", "remove", host.name)


@pytest.fixture
def config(agent_host: Host) -> Iterator[dict[str, Any]]:
    """Return the agent's configuration, and put it back afterwards."""
    original = agent_host.read_bytes(CONFIG)
    yield json.loads(original)
    if agent_host.read_bytes(CONFIG) != original:
        agent_host.write_bytes(CONFIG, original)
        agent_host.execute("systemctl", "reset-failed", "myx-agent")
        agent_host.execute("systemctl", "restart", "myx-agent")


def _post(host: Host, config: dict[str, Any], content: bytes, **changes: str) -> httpx.Response:
    path = changes.get("path", config["rpc_path"])
    token = changes.get("token", config["agent_token"])
    url = f"https://{host.address}:{config['rpc_port']}/{path}/rpc"
    headers = {"X-Agent-Token": token, "Content-Type": "application/json"}
    # The certificate is self-signed and pinned by the control plane; what is asked here is public.
    return httpx.post(url, content=content, headers=headers, verify=False, timeout=30)  # noqa: S501


UNKNOWN_EXECUTION = (
    b'{"jsonrpc": "2.0", "method": "get_command_log", "params": {"command_id": "nosuch"}, "id": 1}'
)

HEALTH_CHECK = b'{"jsonrpc": "2.0", "method": "health_check", "id": 1}'


def test_the_agent_answers_the_right_call(agent_host: Host, config: dict[str, Any]) -> None:
    """With path and token health_check is answered: the tests below fail for their own reasons."""
    answer = _post(agent_host, config, HEALTH_CHECK)
    assert answer.json()["result"]["status"] == "ok"


def test_wrong_token_at_the_agent(agent_host: Host, config: dict[str, Any]) -> None:
    """A wrong or missing token is 401."""
    for token in ("wrong", ""):
        assert _post(agent_host, config, HEALTH_CHECK, token=token).status_code == 401


def test_wrong_path_at_the_agent(agent_host: Host, config: dict[str, Any]) -> None:
    """A wrong path is 404 with and without the token, the same bytes as any unknown path."""
    answers = [
        _post(agent_host, config, HEALTH_CHECK, path=path, token=token)
        for path in ("wrongwrongwrong", "x")
        for token in (config["agent_token"], "wrong")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b'{"method": "health_check", "id": 1}', -32600),
        (b'{"jsonrpc": "2.0", "method": "nosuch", "id": 1}', -32601),
        (b'{"jsonrpc": "2.0", "method": "execute_command", "params": {}, "id": 1}', -32602),
        (UNKNOWN_EXECUTION, -32001),
    ],
)
def test_malformed_json_rpc(
    agent_host: Host, config: dict[str, Any], content: bytes, code: int
) -> None:
    """What is no call of a method is answered with its JSON-RPC error and a sentence."""
    error = _post(agent_host, config, content).json()["error"]
    assert error["code"] == code
    assert error["message"]


def test_body_too_large_at_the_agent(agent_host: Host, config: dict[str, Any]) -> None:
    """A body above 4 MiB is 413, and the agent goes on."""
    assert _post(agent_host, config, b"x" * (4 * 1024 * 1024 + 1)).status_code == 413
    assert _post(agent_host, config, HEALTH_CHECK).status_code == 200


@pytest.mark.parametrize("key", ["agent_token", "rpc_path"])
def test_an_agent_that_does_not_know_us(
    agent_host: Host,
    config: dict[str, Any],
    myx: CommandLine,
    control_plane: ControlPlane,
    key: str,
) -> None:
    """Token or path changed on the host: the run fails with auth_failed, and install repairs it."""
    _reconfigure(agent_host, config | {key: "changed-" + config[key][::-1]})
    outcome = myx.run("exec", "--limit", agent_host.name, "--", "true")
    assert outcome.exit_code in {2, 4}, outcome
    assert_no_trace(outcome)
    assert_mentions(outcome, agent_host.name)
    execution = control_plane.list_executions(myx.find_latest_run())[agent_host.name]
    assert (execution["status"], execution["reason_code"]) == ("failed", "auth_failed")
    assert "Install the agent again" in execution["reason"]
    myx.succeed("host", "install", agent_host.name)
    myx.succeed("exec", "--limit", agent_host.name, "--", "true")


def test_another_certificate(
    agent_host: Host, config: dict[str, Any], myx: CommandLine, control_plane: ControlPlane
) -> None:
    """An agent with another certificate than the pinned one is never sent a token."""
    agent_host.execute("sh", "-c", "mv /etc/myx-agent/ssl /etc/myx-agent/ssl.old")
    agent_host.execute("systemctl", "restart", "myx-agent")
    try:
        wait_for("the agent", lambda: _answers(agent_host, config))
        outcome = myx.run("exec", "--limit", agent_host.name, "--", "true")
        assert outcome.exit_code in {2, 4}, outcome
        reason = control_plane.list_executions(myx.find_latest_run())[agent_host.name]["reason"]
        assert "certificate" in reason
    finally:
        agent_host.execute(
            "sh", "-c", "rm -rf /etc/myx-agent/ssl; mv /etc/myx-agent/ssl.old /etc/myx-agent/ssl"
        )
        agent_host.execute("systemctl", "restart", "myx-agent")


@pytest.mark.parametrize("key", ["rpc_port", "rpc_path", "agent_token", "secret_key"])
def test_an_agent_without_what_was_assigned(
    agent_host: Host, config: dict[str, Any], key: str
) -> None:
    """The agent refuses to start with a sentence that names the missing key."""
    agent_host.write_bytes(
        CONFIG, json.dumps({k: v for k, v in config.items() if k != key}).encode()
    )
    agent_host.execute("systemctl", "restart", "myx-agent", check=False)
    told = wait_for("the sentence", lambda: _find_line(agent_host, key))
    assert "missing" in told
    assert "Traceback" not in agent_host.ask("journalctl -u myx-agent --no-pager -n 30")


def test_no_room_for_another_execution(
    agent_host: Host, config: dict[str, Any], myx: CommandLine, control_plane: ControlPlane
) -> None:
    """With a full disk a start is refused with the reason, the agent lives, and room repairs it."""
    assert config
    spool = "/var/lib/myx-agent"
    agent_host.execute("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", spool)
    agent_host.execute("systemctl", "restart", "myx-agent")
    wait_for("the agent", lambda: _answers(agent_host, config))
    try:
        outcome = myx.run("exec", "--limit", agent_host.name, "--", "true")
        assert outcome.exit_code == 2, outcome
        execution = control_plane.list_executions(myx.find_latest_run())[agent_host.name]
        assert execution["status"] == "failed"
        assert "disk" in execution["reason"] or "room" in execution["reason"]
        assert _answers(agent_host, config)
    finally:
        agent_host.execute("systemctl", "stop", "myx-agent")
        agent_host.execute("umount", spool)
        agent_host.execute("systemctl", "start", "myx-agent")
    wait_for("the agent", lambda: _answers(agent_host, config))
    myx.succeed("exec", "--limit", agent_host.name, "--", "true")


def _reconfigure(host: Host, config: dict[str, Any]) -> None:
    host.write_bytes(CONFIG, json.dumps(config).encode())
    host.execute("systemctl", "restart", "myx-agent")
    wait_for("the agent", lambda: _answers(host, config))


def _answers(host: Host, config: dict[str, Any]) -> bool:
    try:
        return _post(host, config, HEALTH_CHECK).is_success
    except httpx.TransportError:
        return False


def _find_line(host: Host, word: str) -> str | None:
    lines = host.ask("journalctl -u myx-agent --no-pager -n 10").splitlines()
    return next((line for line in lines if word in line), None)
