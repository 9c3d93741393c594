# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx host ...`` against a control plane."""

import json
from pathlib import Path
from typing import Any

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n"
AGENT = {
    "status": "online",
    "version": "0.1.0",
    "rpc_port": 9000,
    "cert_fingerprint": "ab" * 32,
    "last_seen_at": "2026-01-01T10:00:00Z",
    "last_error": None,
}
HOST: dict[str, Any] = {
    "name": "web1",
    "address": "192.0.2.10",
    "ssh_user": "root",
    "ssh_port": 22,
    "has_ssh_credentials": True,
    "groups": ["web"],
    "variables": {"http_port": "8080"},
    "secret_variables": ["token"],
    "labels": {"env": "prod"},
    "description": "",
    "location": "",
    "provider": "",
    "idc": "fra1",
    "agent": AGENT,
    "revision": 7,
}
RECORD = {
    "name": "web1",
    "address": "192.0.2.10",
    "rpc_port": 9000,
    "rpc_path": "p" * 24,
    "agent_token": "a" * 43,
    "secret_key": "s" * 43,
    "cert_fingerprint": "ab" * 32,
    "version": "0.1.0",
}


def test_adding_a_host(api: Any, myx: Any, tmp_path: Path) -> None:
    """What was given is sent, what was not is left to the control plane; the key is a file's."""
    (tmp_path / "key").write_text(KEY)
    api.answer("POST", "/hosts", (201, HOST))
    options = ["--address", "192.0.2.10", "--ssh-key", str(tmp_path / "key"), "--group", "web"]
    outcome = myx("host", "add", "web1", *options, "-g", "eu", "--var", "a=1", "--var", '{"b": 2}')
    assert outcome.code == 0
    assert "myx host install web1" in outcome.err
    assert api.find("POST", "/hosts")[0].json == {
        "name": "web1",
        "address": "192.0.2.10",
        "ssh_private_key": KEY,
        "groups": ["web", "eu"],
        "variables": {"a": "1", "b": 2},
    }


def test_a_password_comes_from_standard_input(api: Any, myx: Any) -> None:
    """It is in the body, and nowhere on the terminal."""
    api.answer("POST", "/hosts", (201, HOST))
    options = ("--address", "a", "--ssh-user", "admin", "--ssh-port", "2222")
    outcome = myx("host", "add", "web1", *options, "--ssh-password-stdin", stdin=b"hunter2\n")
    assert outcome.code == 0
    body = api.find("POST", "/hosts")[0].json
    assert (body["ssh_user"], body["ssh_port"], body["ssh_password"]) == ("admin", 2222, "hunter2")
    assert "hunter2" not in outcome.err


def test_installing_shows_every_step(api: Any, myx: Any) -> None:
    """The run's log is the progress; its end is the exit code."""
    run = {"id": 7, "kind": "install", "name": "web1", "status": "running", "hosts_total": 1}
    end = {**run, "status": "failed", "reason": "1 host: 1 failed."}
    execution = {"id": "e1", "host": "web1", "status": "failed", "reason_code": "install_failed"}
    execution |= {"reason": "The SSH key is refused.", "started_at": None}
    log = {"execution_id": "e1", "host": "web1", "offset": 0, "new_offset": 11}
    log |= {"log_type": "stdout", "log_data": "Connecting\n", "encoding": "utf-8"}
    events = {"execution": execution, "log": log, "end": end}
    api.answer("POST", "/hosts/install", (201, run))
    stream = [f"event: {n}\ndata: {json.dumps(d)}\n\n".encode() for n, d in events.items()]
    api.answer("GET", "/runs/7/stream", stream)
    outcome = myx("host", "install", "web1", "web1", "--accept-new-host-key", "--timeout", "60")
    assert (outcome.code, outcome.out) == (2, b"Connecting\n")
    assert "The SSH key is refused." in outcome.err
    assert api.find("POST", "/hosts/install")[0].json == {
        "hosts": ["web1"],
        "accept_new_host_key": True,
        "forget_ssh_credentials": False,
        "timeout_s": 60,
    }


def test_enrolling_from_records(api: Any, myx: Any, tmp_path: Path) -> None:
    """Each record becomes one call; the groups that were given join it."""
    (tmp_path / "web1.json").write_text(json.dumps(RECORD))
    api.answer("POST", "/hosts/web1/enroll", (200, HOST))
    outcome = myx("host", "enroll", str(tmp_path / "web1.json"), "--group", "web")
    assert outcome.code == 0
    assert "Enrolled web1 (192.0.2.10): online" in outcome.err
    sent = api.find("POST", "/hosts/web1/enroll")[0].json
    fields = {name: value for name, value in RECORD.items() if name not in {"name", "version"}}
    assert sent == fields | {"groups": ["web"]}


def test_a_record_that_is_none_enrols_nobody(api: Any, myx: Any, tmp_path: Path) -> None:
    """All records are read before the first is sent, and what is missing is named."""
    (tmp_path / "good.json").write_text(json.dumps(RECORD))
    (tmp_path / "bad.json").write_text('{"name": "web2"}')
    outcome = myx("host", "enroll", str(tmp_path / "good.json"), str(tmp_path / "bad.json"))
    assert outcome.code == 1
    assert "bad.json" in outcome.err
    assert "cert_fingerprint" in outcome.err
    assert not api.received


def test_listing_hosts(api: Any, myx: Any) -> None:
    """All pages are read; the table is for people, --json for programs."""
    pages = [
        (200, {"count": 2, "next": "/x", "previous": None, "results": [HOST]}),
        (200, {"count": 2, "next": None, "previous": None, "results": [HOST | {"name": "web2"}]}),
    ]
    api.answer("GET", "/hosts", *pages)
    lines = myx("host", "list").out.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["NAME", "web1", "web2"]
    assert [r.query["page"] for r in api.find("GET", "/hosts")] == ["1", "2"]
    api.answer("GET", "/hosts", *pages)
    assert [host["name"] for host in json.loads(myx("host", "list", "--json").out)] == [
        "web1",
        "web2",
    ]


def test_showing_a_host_that_does_not_answer(api: Any, myx: Any) -> None:
    """What is known is shown, with the reason why the agent cannot be asked, and since when."""
    api.answer("GET", "/hosts/web1", (200, HOST))
    gone = {"at": "2026-01-01T10:00:40.5Z", "state": "offline", "reason": "No route to it."}
    api.answer("GET", "/hosts/web1/history", (200, {"results": [gone]}))
    refusal = {"status": 503, "title": "x", "detail": "The agent did not answer."}
    api.answer("GET", "/hosts/web1/status", (503, refusal))
    outcome = myx("host", "show", "web1")
    assert outcome.code == 0
    assert b"192.0.2.10" in outcome.out
    assert b"The agent did not answer." in outcome.out
    assert b"2026-01-01 10:00:40  offline  No route to it." in outcome.out


def test_removing_hosts(api: Any, myx: Any) -> None:
    """Nothing is asked; with --uninstall the agent is removed first."""
    api.answer("DELETE", "/hosts/web1", (204, None))
    assert "Removed web1." in myx("host", "remove", "web1").err
    run = {"id": 7, "kind": "uninstall", "name": "web1", "status": "successful", "hosts_total": 1}
    api.answer("POST", "/hosts/uninstall", (201, run))
    api.answer("GET", "/runs/7/stream", [f"event: end\ndata: {json.dumps(run)}\n\n".encode()])
    assert myx("host", "remove", "web1", "--uninstall").code == 0
    assert api.find("POST", "/hosts/uninstall")[0].json["remove"] is True
