# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime as dt
import http.server
import pathlib
import socket
import threading
import typing as t

import pytest
from ansible_collections.myx.fleet.plugins.module_utils import _service_checks as checks

RUNS = (
    "LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nNRestarts=2\n"
)
STOPPED = "LoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=disabled\n"
ABSENT = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\n"
TIMEOUT_S = 5.0


def answer(output: str, code: int = 0) -> checks.RunCommand:
    """Return a command that prints this."""
    return lambda _argv: (code, output, "no bus" if code else "")


def ask_unit(output: str, **wanted: t.Any) -> checks.Check:
    """Check a unit of which systemd says this."""
    unit = {"name": "web.service", "state": "active", "enabled": None, **wanted}
    return checks.check_unit(unit, answer(output))


def test_a_unit_that_runs_is_well() -> None:
    """What was seen is told too, in types."""
    check = ask_unit(RUNS, enabled=True)
    assert not check.problem
    assert check.details == {
        "state": "active",
        "sub_state": "running",
        "enabled": True,
        "restarts": 2,
    }


@pytest.mark.parametrize(
    ("output", "wanted", "problem"),
    [
        (STOPPED, {}, "web.service is inactive instead of active."),
        (RUNS, {"state": "inactive"}, "web.service is active instead of inactive."),
        (RUNS, {"enabled": False}, "web.service is started at boot."),
        (STOPPED, {"state": "inactive", "enabled": True}, "web.service is not started at boot."),
        (ABSENT, {}, "There is no unit web.service."),
        (ABSENT, {"state": "inactive"}, ""),
    ],
)
def test_a_unit_is_as_wanted_or_not(output: str, wanted: dict[str, t.Any], problem: str) -> None:
    """State and start at boot are looked at apart."""
    assert ask_unit(output, **wanted).problem == problem


def test_units_that_failed_are_named_but_for_those_that_may() -> None:
    """One may be ignored."""
    listed = answer("a.service loaded failed failed A\nb.mount loaded failed failed B\n")
    assert checks.check_failed_units(["b.mount"], listed).details == {"failed": ["a.service"]}
    assert not checks.check_failed_units(["a.service", "b.mount"], listed).problem


def test_a_host_without_systemd_is_a_problem() -> None:
    """Nothing is well where nothing can be asked."""
    assert "no bus" in checks.check_failed_units([], answer("", 1)).problem
    assert "no bus" in checks.check_unit({"name": "a", "state": "active"}, answer("", 1)).problem


def test_ports_are_open_or_closed() -> None:
    """A port that should be closed and is not is a problem, and the other way round."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        wanted = {"address": "127.0.0.1", "port": listener.getsockname()[1]}
        assert "Nothing answers" in checks.check_port({**wanted, "open": True}, TIMEOUT_S).problem
        assert not checks.check_port({**wanted, "open": False}, TIMEOUT_S).problem
        listener.listen()
        assert not checks.check_port({**wanted, "open": True}, TIMEOUT_S).problem
        assert checks.check_port({**wanted, "open": False}, TIMEOUT_S).problem


class _Site(http.server.BaseHTTPRequestHandler):
    """A page, a redirect to it, and nothing else."""

    def do_GET(self) -> None:
        """Answer."""
        status = {"/": 200, "/old": 301}.get(self.path, 404)
        self.send_response(status)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"Welcome")

    def log_message(self, *_args: t.Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def site() -> t.Iterator[str]:
    """Return the URL of a web server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "wanted", "problem"),
    [
        ("/", {"contains": "Welcome"}, ""),
        ("/", {"contains": "Goodbye"}, "does not contain 'Goodbye'"),
        ("/nothing", {}, "answers 404 instead of 200"),
        ("/nothing", {"status": [404, 410]}, ""),
        ("/old", {}, ""),
        ("/old", {"follow_redirects": False, "status": [301]}, ""),
    ],
)
def test_a_url_answers_as_wanted(
    site: str, path: str, wanted: dict[str, t.Any], problem: str
) -> None:
    """Status, text and redirects."""
    url = {
        "url": site + path,
        "status": [200],
        "contains": None,
        "headers": None,
        "follow_redirects": True,
        "validate_certs": True,
        "ca_path": None,
    }
    check = checks.check_url({**url, **wanted}, TIMEOUT_S)
    assert problem in check.problem
    assert bool(problem) == bool(check.problem)
    unreachable = checks.check_url({**url, "url": "http://127.0.0.1:1/"}, TIMEOUT_S)
    assert "does not answer" in unreachable.problem


@pytest.mark.parametrize(
    ("days", "problem"), [(30, ""), (10, "expires in 9 days"), (-1, "expired")]
)
def test_a_certificate_is_told_by_its_days(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, days: int, problem: str
) -> None:
    """Valid, too short, over."""
    now = dt.datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    ends = now + dt.timedelta(days=days) - dt.timedelta(seconds=1)
    monkeypatch.setattr(checks, "read_end_of_validity", lambda _certificate: ends)
    file = tmp_path / "site.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    wanted = {"path": str(file), "address": None, "port": 443, "days_left": 14}
    check = checks.check_certificate(wanted, TIMEOUT_S, now)
    assert problem in check.problem
    assert bool(problem) == bool(check.problem)
    missing = checks.check_certificate({**wanted, "path": str(file) + "x"}, TIMEOUT_S, now)
    assert "No such file" in missing.problem
