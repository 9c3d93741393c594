# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a goal get more hosts than any machine can boot? Emulated agents, real TLS and HTTP.

They have a control plane of their own, so that they are in nobody's way.
"""

import contextlib
import json
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.harness.accounts import Account, open_account
from bench.harness.measuring import WrongResultError, say
from bench.testbed import workload
from bench.testbed.testbed import SETTINGS
from bench.testbed.triggers import Triggers
from driver.content import ROOT, make_content
from driver.control_plane import ControlPlane

EMULATOR = ROOT / "tests/support/fleet_emulator.py"
READY_S = 600.0
"""Ten thousand agents are added one by one, as an operator's program would."""

GROUP = "emulated"


@dataclass(frozen=True)
class Emulated:
    """A control plane with emulated hosts, all in one group."""

    plane: ControlPlane
    triggers: Triggers
    controller: Account
    agents: Account


@contextlib.contextmanager
def emulate(folder: Path, count: int, *behaviour: str, **settings: str) -> Iterator[Emulated]:
    """Have so many emulated hosts until the end of the block.

    Args:
        folder: for the control plane's data; must not exist.
        count: how many hosts.
        behaviour: options of the emulator.
        settings: further ``MYX_*`` variables of the control plane.
    """
    say(f"  starts {count} emulated agents")
    content = make_content(folder / "content")
    workload.write(content)
    plane = ControlPlane(folder, content, **(SETTINGS | settings))
    plane.start()
    controller, agents = open_account(f"{folder.name}-plane"), open_account(f"{folder.name}-agents")
    controller.adopt(plane.pid)
    process = _start(plane, agents, count, behaviour)
    try:
        _await_ready(process)
        yield Emulated(plane, Triggers(plane), controller, agents)
    finally:
        plane.stop()
        process.terminate()
        process.wait()


def _start(
    plane: ControlPlane, account: Account, count: int, behaviour: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    token = plane.data_dir / "admin-token"
    return subprocess.Popen(
        [
            *(sys.executable, EMULATOR, "--agents", str(count), "--url", plane.url),
            *("--token-file", token, *behaviour),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        preexec_fn=account.adopt,  # noqa: PLW1509 - this program has one thread
    )


def _await_ready(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], READY_S)
    line = process.stdout.readline() if ready else b""
    if not line:
        raise WrongResultError(f"the emulated agents were not ready after {READY_S:g} s, or ended")
    say(f"  {json.loads(line)}")
