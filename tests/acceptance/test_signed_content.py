# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control plane does not vouch for does not run, on a real host."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from driver.command_line import CommandLine
from driver.control_plane import ControlPlane
from driver.expectations import assert_clear_error
from lab.hosts import Host, Lab
from lab.waiting import wait_for

CONFIG = "/etc/myx-agent/config.json"
CONTENT = "/opt/myx-deployment-tool"
MARK = "/etc/myx-mark"
RUN = ("run", "playbooks/touch.yml")
REJECTED = -32007
MISSING = -32006


@pytest.fixture(scope="module")
def host(lab: Lab, myx: CommandLine) -> Iterator[Host]:
    """Return a host whose agent takes signed content only, and has run some."""
    (host,) = lab.boot("signed1")
    myx.add_host(host.name, host.address, lab.key_path)
    myx.succeed("host", "install", host.name, "--accept-new-host-key")
    myx.succeed(*RUN, "--limit", host.name, "-e", "mark=first")
    yield host
    lab.remove([host])
    myx.run("host", "remove", host.name)


def _call(host: Host, method: str, **params: Any) -> dict[str, Any]:
    """Call the agent as somebody who has the token, and not the control plane's key."""
    config = json.loads(host.read_bytes(CONFIG))
    url = f"https://{host.address}:{config['rpc_port']}/{config['rpc_path']}/rpc"
    body = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
    headers = {"X-Agent-Token": config["agent_token"]}
    answer = httpx.post(url, json=body, headers=headers, verify=False, timeout=30)  # noqa: S501 - self-signed
    reply: dict[str, Any] = answer.json()
    return reply


def _find_bundle(control_plane: ControlPlane) -> tuple[str, bytes]:
    """Return the digest and the bytes of the newest content."""
    digest = control_plane.ask("/bundles?page_size=1")["results"][0]["digest"]
    return digest, (control_plane.data_dir / "bundles" / f"{digest}.tar.gz").read_bytes()


def _tree(host: Host, digest: str) -> str:
    return host.ask(f"ls -d {CONTENT}/{digest}* | head -1")


@pytest.mark.parametrize("signature", [None, base64.b64encode(b"x" * 64).decode()])
def test_content_that_is_not_signed_by_us_is_not_taken(
    host: Host, control_plane: ControlPlane, signature: str | None
) -> None:
    """Without a signature, and with one of another key, no byte is stored and nothing runs."""
    _, content = _find_bundle(control_plane)
    changed = content + b"\0"
    digest = hashlib.sha256(changed).hexdigest()
    params = {"digest": digest, "size": len(changed), "offset": 0}
    piece = {"data": base64.b64encode(changed).decode()}
    signed = {} if signature is None else {"signature": signature}
    assert _call(host, "put_bundle", **params, **piece, **signed)["error"]["code"] == REJECTED
    assert not host.succeeds(f"ls -A {CONTENT} | grep {digest}")
    start = {
        "playbook": "playbooks/touch.yml",
        "command_id": f"unsigned-{bool(signature)}",
        "bundle": digest,
        "inventory": {"all": {"hosts": {host.name: None}}},
        "inventory_hostname": host.name,
    }
    assert _call(host, "execute_ansible", **start)["error"]["code"] == MISSING


def test_content_that_was_changed_on_the_host_does_not_run(
    host: Host, myx: CommandLine, control_plane: ControlPlane
) -> None:
    """A playbook that somebody edited on the host is replaced, and what was signed runs."""
    digest, _ = _find_bundle(control_plane)
    playbook = f"{_tree(host, digest)}/playbooks/touch.yml"
    host.execute("sed", "-i", "s/myx-mark/myx-forged/", playbook)
    myx.succeed(*RUN, "--limit", host.name, "-e", "mark=second")
    assert not host.exists("/etc/myx-forged")
    assert host.read_bytes(MARK).startswith(b"second on ")
    assert b"content_changed" in host.read_bytes("/var/lib/myx-agent/audit.log")


def test_an_agent_that_trusts_another_key_is_noticed(
    host: Host, myx: CommandLine, tmp_path: Path
) -> None:
    """A run there fails and says why, and enrolling names the cause and the remedy."""
    original = host.read_bytes(CONFIG)
    foreign = base64.b64encode(b"k" * 32).decode()
    config = json.loads(original)
    _restart_with(host, json.dumps({**config, "bundle_public_key": foreign}).encode())
    try:
        outcome = myx.run(*RUN, "--limit", host.name, "-e", "mark=third")
        assert outcome.exit_code != 0, outcome
        assert not host.read_bytes(MARK).startswith(b"third")
        fields = ("rpc_port", "rpc_path", "agent_token", "secret_key")
        record = {name: config[name] for name in fields}
        fingerprint = host.ask("/opt/myx-agent/current/bin/myx-agent fingerprint")
        record |= {"name": host.name, "address": host.address, "cert_fingerprint": fingerprint}
        (tmp_path / "record.json").write_text(json.dumps(record))
        refused = myx.run("host", "enroll", str(tmp_path / "record.json"))
        own = myx.succeed("signing-key").stdout.strip()
        assert_clear_error(refused, foreign, f"agent_bundle_public_key={own}", exit_code=1)
    finally:
        _restart_with(host, original)
    myx.succeed("host", "enroll", str(tmp_path / "record.json"))
    myx.succeed(*RUN, "--limit", host.name, "-e", "mark=fourth")
    assert host.read_bytes(MARK).startswith(b"fourth on ")


def _restart_with(host: Host, config: bytes) -> None:
    host.write_bytes(CONFIG, config)
    host.execute("systemctl", "restart", "myx-agent")
    wait_for(
        "the agent", lambda: "answers on" in host.ask("/opt/myx-agent/current/bin/myx-agent status")
    )
