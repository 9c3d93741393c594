# SPDX-License-Identifier: GPL-3.0-or-later
"""``run``, ``exec``, ``script``, ``log``, ``runs`` and ``cancel`` against a control plane."""

import json
from pathlib import Path
from typing import Any

import pytest

CUT = (0, None)
"""An answer that never comes: the connection is closed instead."""

RUN: dict[str, Any] = {
    "id": 42,
    "kind": "command",
    "name": "uptime",
    "status": "running",
    "reason": None,
    "hosts_total": 1,
    "started_at": "2026-01-01T10:00:00Z",
    "finished_at": None,
}
DONE = RUN | {"status": "successful", "finished_at": "2026-01-01T10:00:01Z"}


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _execution(host: str = "web1", status: str = "running", **fields: Any) -> dict[str, Any]:
    times = {"started_at": "2026-01-01T10:00:00Z", "finished_at": "2026-01-01T10:00:01Z"}
    base = {"id": f"e-{host}", "run_id": 42, "host": host, "status": status, "log_bytes": 0}
    end = {"reason_code": "completed", "reason": None, "return_code": 0, "recap": None}
    return base | end | times | fields


def _log(offset: int, text: str, host: str = "web1", **fields: Any) -> dict[str, Any]:
    piece = {"execution_id": f"e-{host}", "host": host, "offset": offset, "log_data": text}
    piece |= {"new_offset": offset + len(text), "log_type": "stdout", "encoding": "utf-8"}
    return piece | fields


def _script(api: Any, *connections: list[bytes], run: dict[str, Any] = RUN) -> None:
    api.answer("POST", "/runs", (201, run))
    api.answer("GET", "/runs/42/stream", *connections)


def _connection(*logs: dict[str, Any], end: dict[str, Any] = DONE, **last: Any) -> list[bytes]:
    start = [_event("run", RUN), _event("execution", _execution())]
    finished = _execution(**{"status": end["status"], **last})
    rest = [_event("execution", finished), _event("end", end)]
    return [*start, *(_event("log", log) for log in logs), *rest]


def test_one_host_is_shown_as_it_prints(api: Any, myx: Any) -> None:
    """Its bytes go where the host wrote them; what myx says goes to standard error."""
    raw = {"log_data": "/wA=", "encoding": "base64", "new_offset": 5, "log_type": "stderr"}
    _script(api, _connection(_log(0, "up\n"), _log(3, "", **raw)))
    outcome = myx("exec", "--limit", "web1", "--", "uptime", "--json")
    assert (outcome.code, outcome.out) == (0, b"up\n")
    assert b"\xff\x00" in outcome.raw_err
    [created] = api.find("POST", "/runs")
    assert created.json == {"kind": "command", "command": ["uptime", "--json"], "limit": "web1"}
    assert len(created.headers["Idempotency-Key"]) == 36


def test_an_account_is_asked_for(api: Any, myx: Any, tmp_path: Path) -> None:
    """``--user`` of exec and script travels to the control plane."""
    script = tmp_path / "job"
    script.write_text("id\n")
    for words in (["exec", "-l", "web1", "--user", "nobody", "--", "id"], ["script", str(script)]):
        _script(api, _connection())
        options = ["-l", "web1", "--user", "nobody"] if words[0] == "script" else []
        assert myx(*words[:1], *options, *words[1:]).code == 0
    assert [request.json["user"] for request in api.find("POST", "/runs")] == ["nobody", "nobody"]


def test_several_hosts_are_prefixed(api: Any, myx: Any) -> None:
    """Each line names its host, and the recap has a line for each."""
    logs = [_log(0, "one\n"), _log(0, "tw", "db1"), _log(2, "o\n", "db1")]
    end = DONE | {"hosts_total": 2}
    connection = _connection(*logs, end=end)
    connection.insert(2, _event("execution", _execution("db1", "successful")))
    _script(api, connection, run=RUN | {"hosts_total": 2})
    outcome = myx("exec", "-l", "all", "--", "uptime")
    assert outcome.out == b"web1 | one\ndb1 | two\n"
    assert "Run 42: uptime on 2 hosts" in outcome.err
    assert "  db1   successful" in outcome.err


def test_a_broken_stream_loses_nothing(api: Any, myx: Any) -> None:
    """A connection that is cut in the middle is asked for again from the byte it stood at."""
    first = [*_connection(_log(0, "one\n"))[:3], b"event: log\nda", b"CUT"]
    _script(api, first, _connection(_log(0, "one\n"), _log(4, "two\n")))
    outcome = myx("exec", "-l", "web1", "--", "uptime")
    assert (outcome.code, outcome.out) == (0, b"one\ntwo\n")
    assert "broke off" in outcome.err
    assert [r.query.get("offsets") for r in api.find("GET", "/runs/42/stream")] == [
        None,
        "e-web1:4",
    ]


def test_a_run_is_created_once(api: Any, myx: Any) -> None:
    """Where the answer to the creation is lost, it is sent again under the same key."""
    _script(api, _connection())
    api.answer("POST", "/runs", CUT, (201, RUN))
    assert myx("exec", "-l", "web1", "--", "uptime").code == 0
    keys = [r.headers["Idempotency-Key"] for r in api.find("POST", "/runs")]
    assert len(keys) == 2
    assert len(set(keys)) == 1


@pytest.mark.parametrize(
    ("reason_code", "expected"), [("nonzero_exit", 2), ("unreachable", 4), ("not_installed", 4)]
)
def test_exit_codes(api: Any, myx: Any, reason_code: str, expected: int) -> None:
    """A failed host is 2, one that could not be reached 4, and the reason is told."""
    end = DONE | {"status": "failed", "reason": "1 host: 1 failed."}
    _script(api, _connection(end=end, reason_code=reason_code, reason="because of this"))
    outcome = myx("exec", "-l", "web1", "--", "false")
    assert outcome.code == expected
    assert "because of this" in outcome.err


def test_json_is_one_document(api: Any, myx: Any) -> None:
    """Nothing but the run, its executions and their output is on standard output."""
    _script(api, _connection(status="successful"))
    final = {"size": 8, "is_final": True}
    pieces = [
        (200, _log(0, "out\n", size=8, is_final=False)),
        (200, _log(4, "/wA=", encoding="base64", log_type="stderr", **final) | {"new_offset": 6}),
    ]
    api.answer("GET", "/executions/e-web1/log", *pieces)
    outcome = myx("exec", "-l", "web1", "--json", "--", "uptime")
    document = json.loads(outcome.out)
    assert document["run"]["status"] == "successful"
    [execution] = document["executions"]
    assert (execution["stdout"], execution["stdout_encoding"]) == ("out\n", "utf-8")
    assert (execution["stderr"], execution["stderr_encoding"]) == ("/wA=", "base64")
    assert outcome.err == ""
    assert [r.query["log"] for r in api.find("GET", "/runs/42/stream")] == ["false"]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_detached_run_is_not_watched(api: Any, myx: Any, *, as_json: bool) -> None:
    """Its number alone is on standard output, or the run as JSON; the next commands are told."""
    _script(api)
    outcome = myx("exec", "-l", "web1", "--detach", *(["--json"] if as_json else []), "--", "x")
    assert outcome.code == 0
    if as_json:
        assert json.loads(outcome.out) == RUN
    else:
        assert outcome.out == b"42\n"
        assert "myx log 42 --follow" in outcome.err
        assert "myx cancel 42" in outcome.err


def test_a_playbook_with_everything(api: Any, myx: Any, tmp_path: Path) -> None:
    """Every option reaches the API, wherever it stands."""
    (tmp_path / "vars.yml").write_text("b: 2\n")
    _script(api, _connection(), run=RUN | {"kind": "playbook"})
    options = ["-e", "a=1", "--limit", "web:!web3", "site.yml", "-e", f"@{tmp_path}/vars.yml"]
    more = ["-CD", "--tags", "a,b", "-t", "c", "--skip-tags", "d", "-vv", "--timeout", "5"]
    assert myx("run", *options, *more, "--no-warm").code == 0
    [created] = api.find("POST", "/runs")
    assert created.json == {
        "kind": "playbook",
        "playbook": "site.yml",
        "limit": "web:!web3",
        "extra_vars": {"a": "1", "b": 2},
        "check": True,
        "diff": True,
        "tags": ["a", "b", "c"],
        "skip_tags": ["d"],
        "verbosity": 2,
        "timeout_s": 5.0,
        "warm": False,
    }


@pytest.mark.parametrize(
    ("option", "expected"), [("", b"ok\n"), ("--color", b"\x1b[32mok\x1b[0m\n")]
)
def test_colours_of_playbooks(api: Any, myx: Any, option: str, expected: bytes) -> None:
    """They are taken out where no terminal is, unless they are asked for."""
    run = RUN | {"kind": "playbook"}
    _script(api, _connection(_log(0, "\x1b[32mok"), _log(7, "\x1b[0m\n")), run=run)
    assert myx("run", "site.yml", *([option] if option else [])).out == expected


def test_content_of_ones_own_is_sent_where_it_is_missing(
    api: Any, myx: Any, tmp_path: Path
) -> None:
    """The folder is packed, uploaded under its digest, and named by the run."""
    (tmp_path / "content").mkdir()
    (tmp_path / "content/site.yml").write_text("[]\n")
    _script(api, _connection())
    arguments = ("run", "site.yml", "--content", str(tmp_path / "content"))
    refused = myx(*arguments)
    assert refused.code == 1  # it asked for the bundle, and the fake did not take it
    [asked] = api.find("GET", next(r.path[7:] for r in api.received if "/bundles/" in r.path))
    path = asked.path.removeprefix("/api/v1")
    api.answer("PUT", path, (201, {}))
    assert myx(*arguments).code == 0
    sent = api.find("PUT", path)[-1]
    assert sent.body.startswith(b"\x1f\x8b")
    assert api.find("POST", "/runs")[-1].json["bundle_digest"] == path.rpartition("/")[2]


def test_a_script_is_sent_with_its_arguments(api: Any, myx: Any, tmp_path: Path) -> None:
    """Options of its own stand behind --; '-' is standard input."""
    (tmp_path / "report.py").write_text("#!/usr/bin/env python3\n")
    _script(api, _connection())
    script = str(tmp_path / "report.py")
    assert myx("script", script, "one", "--limit", "all", "--", "-x").code == 0
    assert myx("script", "-l", "all", "-", stdin=b"echo hello\n").code == 0
    first, second = (r.json for r in api.find("POST", "/runs"))
    assert first["script"] == {"name": "report.py", "content": "#!/usr/bin/env python3\n"}
    assert first["args"] == ["one", "-x"]
    assert second["script"] == {"name": "stdin", "content": "echo hello\n"}


def test_runs_are_listed(api: Any, myx: Any) -> None:
    """As a table for people, as a list for programs, with the filters that were given."""
    page = {"count": 2, "next": None, "previous": None, "results": [DONE, RUN | {"id": 41}]}
    api.answer("GET", "/runs", (200, page))
    table = myx("runs").out.decode().splitlines()
    assert table[0].split()[:4] == ["ID", "STATUS", "KIND", "NAME"]
    assert table[1].split()[:4] == ["42", "successful", "command", "uptime"]
    listed = json.loads(myx("runs", "--json", "--status", "running", "-n", "1").out)
    assert [run["id"] for run in listed] == [42]
    assert api.find("GET", "/runs")[-1].query == {
        "status": "running",
        "page": "1",
        "page_size": "1",
    }


def test_a_stored_log_is_printed_from_an_offset(api: Any, myx: Any) -> None:
    """One host's log, from the byte that was asked for, and not a byte of ours."""
    _store_logs(api, _execution(status="successful", log_bytes=7))
    api.answer("GET", "/executions/e-web1/log", (200, _log(4, "456", size=7, is_final=True)))
    outcome = myx("log", "42", "--offset", "4")
    assert (outcome.code, outcome.out, outcome.err) == (0, b"456", "")
    assert api.find("GET", "/executions/e-web1/log")[0].query["offset"] == "4"


def test_a_run_that_printed_nothing_tells_why(api: Any, myx: Any) -> None:
    """Where there is no log, there is at least the reason."""
    away = _execution(status="failed", reason_code="unreachable", reason="No route to host.")
    _store_logs(api, away)
    api.answer("GET", "/executions/e-web1/log", (200, _log(0, "", size=0, is_final=True)))
    outcome = myx("log", "42")
    assert (outcome.code, outcome.out) == (0, b"")
    assert "No route to host." in outcome.err


def test_an_offset_needs_one_host(api: Any, myx: Any) -> None:
    """With several hosts it is asked which one is meant."""
    _store_logs(api, _execution("db1"), _execution("web1"))
    outcome = myx("log", "42", "--offset", "4")
    assert outcome.code == 1
    assert "myx log 42 db1 --offset 4" in outcome.err


def test_following_one_host_ends_as_it_ends(api: Any, myx: Any) -> None:
    """The exit code is the host's."""
    _store_logs(api, _execution())
    api.answer("GET", "/executions/e-web1/log", (200, _log(0, "x\n", size=2, is_final=True)))
    ended = _execution(status="failed", reason_code="nonzero_exit")
    api.answer("GET", "/executions/e-web1", (200, ended))
    outcome = myx("log", "42", "web1", "--follow")
    assert (outcome.code, outcome.out) == (2, b"x\n")
    assert "web1  failed" in outcome.err


def test_canceling(api: Any, myx: Any) -> None:
    """It says that the run is being canceled, or that it had ended."""
    api.answer("POST", "/runs/42/cancel", (202, RUN), (202, DONE))
    assert "is being canceled" in myx("cancel", "42").err
    assert "already ended: successful" in myx("cancel", "42").err


def _store_logs(api: Any, *executions: dict[str, Any]) -> None:
    page = {"count": 1, "next": None, "previous": None, "results": list(executions)}
    api.answer("GET", "/runs/42", (200, RUN | {"hosts_total": len(executions)}))
    api.answer("GET", "/runs/42/executions", (200, page))
