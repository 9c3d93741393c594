# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told when the control plane is killed? All of it, whenever that is."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from https_receiver import HttpsReceiver
from real_control_plane import ControlPlaneProcess

RUN = {"kind": "command", "command": ["true"], "limit": "all"}


@pytest.fixture
async def control_plane(
    tmp_path: Path, receiver: HttpsReceiver, database_url: str | None
) -> AsyncIterator[ControlPlaneProcess]:
    """Return a control plane as a process, which may send to the receiver."""
    (tmp_path / "served").mkdir()
    database = {} if database_url is None else {"MYX_DATABASE_URL": database_url}
    process = ControlPlaneProcess(
        tmp_path / "killed",
        tmp_path / "served",
        MYX_NOTIFICATION_NETWORKS="127.0.0.0/8, ::1/128",
        MYX_NOTIFICATION_CA_FILE=str(receiver.ca_file),
        **database,
    )
    await process.start()
    yield process
    await process.stop()


async def wait_for_runs(receiver: HttpsReceiver, count: int) -> set[tuple[int, str]]:
    """Return the runs that were told of, each with its delivery's id, when they are so many."""
    while True:
        told = {
            (each.payload["run"]["id"], each.headers["x-myx-delivery"])
            for each in receiver.received
        }
        if len({run_id for run_id, _ in told}) >= count:
            return told
        await receiver.wait_for(len(receiver.received) + 1)


async def test_a_kill_between_the_change_and_the_sending_loses_nothing(
    control_plane: ControlPlaneProcess, receiver: HttpsReceiver
) -> None:
    """Killed right after runs have failed, and again while it sends: each is told of, by one id."""
    body = {"name": "ops", "url": receiver.url, "events": ["run_failed"]}
    added = await control_plane.post("/notifications", body)
    await control_plane.post("/hosts", {"name": "web1", "address": "192.0.2.1"})
    started = [(await control_plane.post("/runs", RUN))["id"] for _ in range(3)]
    for run_id in started:
        async for _ in control_plane.follow(run_id):
            pass  # to its end

    await control_plane.stop(signal.SIGKILL)
    receiver.is_silent = True
    await control_plane.start()
    await wait_for_runs(receiver, 1)
    await control_plane.stop(signal.SIGKILL)
    receiver.is_silent = False
    await control_plane.start()

    told = await wait_for_runs(receiver, len(started))
    assert sorted(run_id for run_id, _ in told) == started
    assert added["secret"] not in "".join(control_plane.log)
