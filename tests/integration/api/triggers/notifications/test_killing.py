# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told when the control plane is killed? All of it, whenever that is."""

import signal
from pathlib import Path
from typing import Any

from https_receiver import HttpsReceiver, Received
from real_control_plane import ControlPlaneProcess

EVENTS = ["run_failed", "host_offline"]
RUN = {"kind": "command", "command": ["true"], "limit": "all"}


def list_runs(received: list[Received]) -> set[int]:
    """List the runs that were told of."""
    return {each.payload["run"]["id"] for each in received}


async def test_a_kill_between_the_change_and_the_sending_loses_nothing(
    tmp_path: Path, receiver: HttpsReceiver, database_url: str | None
) -> None:
    """Killed right after a run has failed, and again while it sends: each run is told of."""
    (tmp_path / "served").mkdir()
    database = {} if database_url is None else {"MYX_DATABASE_URL": database_url}
    control_plane = ControlPlaneProcess(
        tmp_path / "killed",
        tmp_path / "served",
        MYX_NOTIFICATION_NETWORKS="127.0.0.0/8, ::1/128",
        MYX_NOTIFICATION_CA_FILE=str(receiver.ca_file),
        **database,
    )
    await control_plane.start()
    body: dict[str, Any] = {"name": "ops", "url": receiver.url, "events": EVENTS}
    added = await control_plane.post("/notifications", body)
    await control_plane.post("/hosts", {"name": "web1", "address": "192.0.2.1"})

    started = [(await control_plane.post("/runs", RUN))["id"] for _ in range(3)]
    for run_id in started:
        async for _ in control_plane.follow(run_id):
            pass  # to its end
    await control_plane.stop(signal.SIGKILL)
    receiver.is_silent = True
    await control_plane.start()
    while list_runs(receiver.received) == set():
        await receiver.wait_for(len(receiver.received) + 1)
    await control_plane.stop(signal.SIGKILL)
    receiver.is_silent = False
    await control_plane.start()
    while list_runs(receiver.received) != set(started):
        await receiver.wait_for(len(receiver.received) + 1)

    told = {
        (each.payload["run"]["id"], each.headers["x-myx-delivery"]) for each in receiver.received
    }
    assert len(told) == len(started), "a run was told of under two ids"
    assert added["secret"] not in "".join(control_plane.log)
    await control_plane.stop()
