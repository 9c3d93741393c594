# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.myx.fleet.plugins.module_utils._errors import ApiError, UnreachableError
from ansible_collections.myx.fleet.plugins.plugin_utils import _reporter
from ansible_collections.myx.fleet.plugins.plugin_utils._report_spool import Spool
from ansible_collections.myx.fleet.plugins.plugin_utils._reporter import Reporter

RUN = {"name": "site.yml"}
END = {"status": "successful"}


class FakeApi:
    """Takes reports like the API, after the failures that a test wants."""

    def __init__(self, *failures: t.Any) -> None:
        self.failures = list(failures)
        self.lasting: Exception | None = None
        self.sent: list[tuple[str, t.Any]] = []
        self.keys: list[str | None] = []

    def post(self, path: str, body: t.Any = None, key: str | None = None) -> t.Any:
        """Take something, or fail."""
        self.keys.append(key)
        failure = self.failures.pop(0) if self.failures else self.lasting
        if failure is not None:
            raise failure
        self.sent.append((path, body))
        return {"id": 7, "lost_after_s": 600.0}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait."""
    monkeypatch.setattr(_reporter, "BATCH_S", 0)
    monkeypatch.setattr(Reporter, "_pause", lambda _self, _pause_s: None)


def report(api: FakeApi, *records: t.Any) -> tuple[Reporter, Spool]:
    """Report records to the end."""
    spool = Spool(1_000_000)
    for record in records:
        spool.put(record)
    reporter = Reporter(api, spool)
    reporter.start(RUN, "key")
    reporter.finish(END, 60)
    reporter.join()
    return reporter, spool


def test_pieces_of_the_log_go_by_their_offsets_in_bytes() -> None:
    """Those of one type that follow each other are one."""
    api = FakeApi()
    reporter, _spool = report(
        api,
        {"log_type": "stdout", "data": "ü"},
        {"log_type": "stdout", "data": "b"},
        {"counter": 1, "event": "runner_on_ok"},
        {"log_type": "stderr", "data": "c"},
    )
    assert reporter.is_done
    assert api.sent == [
        ("/runs/reported", RUN),
        (
            "/runs/7/report",
            {
                "log": [
                    {"log_type": "stdout", "data": "üb", "offset": 0},
                    {"log_type": "stderr", "data": "c", "offset": 3},
                ],
                "events": [{"counter": 1, "event": "runner_on_ok"}],
            },
        ),
        ("/runs/7/report/end", END),
    ]


def test_what_passes_is_waited_for() -> None:
    """The same is sent again, until it is taken."""
    away, busy = UnreachableError("away"), ApiError("busy", 503)
    api = FakeApi(away, busy, None, away, away, None, busy)
    reporter, _spool = report(api, {"log_type": "stdout", "data": "a"})
    assert reporter.is_done
    assert not reporter.failure
    assert [sent[0] for sent in api.sent] == [
        "/runs/reported",
        "/runs/7/report",
        "/runs/7/report/end",
    ]


def test_what_was_refused_is_given_up() -> None:
    """What came for nothing is told, and nothing more is kept."""
    api = FakeApi(None, ApiError("It has ended: lost.", 409, "run_ended"))
    reporter, spool = report(api, {"log_type": "stdout", "data": "a"})
    assert not reporter.is_done
    assert reporter.failure == "It has ended: lost."
    assert spool.is_finished
    assert spool.waiting == 1


def test_another_playbook_of_the_job_gets_a_run_of_its_own() -> None:
    """Where the job's key stands for another run."""
    api = FakeApi(ApiError("taken", 409, "idempotency_conflict"))
    reporter, _spool = report(api)
    assert reporter.is_done
    first, second = api.keys[:2]
    assert first == "key"
    assert str(second).startswith("key/")


def test_the_time_for_the_end_is_limited() -> None:
    """A control plane that is away does not hold the playbook for ever."""
    api = FakeApi()
    api.lasting = UnreachableError("away")
    spool = Spool(1000)
    spool.put({"log_type": "stdout", "data": "a"})
    reporter = Reporter(api, spool)
    reporter.start(RUN, "key")
    reporter.finish(END, 0)
    assert reporter._thread is not None
    reporter._thread.join()
    assert not reporter.is_done
    assert reporter.failure == "away"
