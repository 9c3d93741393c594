# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes are looked at while which work is done? ``make profile`` calls this."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from bench.harness.accounts import accounting
from bench.harness.measuring import say
from bench.profiling.flames import Target, list_heaviest, record
from bench.profiling.timeline import measure_steps, render
from bench.testbed.testbed import Testbed
from driver.content import ROOT
from lab.processes import find_agent, list_in_unit

FOLDER = ROOT / ".myx/bench/profile"
HEAVIEST = 12
WARM_UPS = 3


def main() -> int:
    """Draw the graphs, print the timeline."""
    parser = argparse.ArgumentParser(prog="profile", description=__doc__.splitlines()[0])
    parser.add_argument("--playbook", default="site", help="site, 1, 20, 100, 300 or 1000 (tasks)")
    parser.add_argument("--rounds", type=int, default=5, help="runs under each look")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the graphs go")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="myx-bench-") as folder, accounting():
        testbed = Testbed(Path(folder))
        try:
            _profile(testbed, args.playbook, args.rounds, args.folder)
        finally:
            testbed.close()
    return 0


def _profile(testbed: Testbed, playbook: str, rounds: int, folder: Path) -> None:
    body = {"kind": "playbook", "playbook": f"playbooks/bench_{playbook}.yml"}
    body |= {"limit": testbed.host.name, "extra_vars": {"mark": "profile"}}
    for _ in range(WARM_UPS):
        testbed.triggers.follow(body).expect()
    say(f"\n{playbook}: medians of {rounds} runs that nobody looks at\n")
    say(render([measure_steps(testbed, body) for _ in range(rounds)]))
    targets = _list_targets(testbed)
    for form in ("flamegraph", "raw"):
        with record(targets, folder, form):
            for _ in range(rounds):
                testbed.triggers.follow(body).expect()
    for target in targets:
        say(f"\n{target.name}: {folder / target.name}.svg; own time, % of its samples\n")
        for function, percent in list_heaviest(folder / f"{target.name}.txt", HEAVIEST):
            say(f"{percent:6.1f} %  {function}")


def _list_targets(testbed: Testbed) -> list[Target]:
    """Return the control plane, the agent, and the residents from which executions are forked."""
    agent = find_agent(testbed.host)
    targets = [Target("control-plane", testbed.plane.pid, with_children=False)]
    for pid in list_in_unit(testbed.host, "myx-agent"):
        is_agent = pid == agent
        name = "agent" if is_agent else _find_name(pid)
        if name in {target.name for target in targets}:
            name = f"{name}-{pid}"
        targets.append(Target(name, pid, with_children=not is_agent))
    return targets


def _find_name(pid: int) -> str:
    """Return the last part of the program or module that a process runs."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    module = words[words.index("-m") + 1] if "-m" in words else Path(words[0].split()[0]).name
    return module.rpartition(".")[2] or module


if __name__ == "__main__":
    sys.exit(main())
