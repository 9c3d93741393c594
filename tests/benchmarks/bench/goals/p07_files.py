# SPDX-License-Identifier: GPL-3.0-or-later
"""P7: how fast do files come to a host: a large one, a thousand small ones, and what is there?

``myx host put`` beside scp: each is a process that a user starts, and all of it is counted. What
MyX sends passes through the control plane.
"""

import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.goals import Effort, Goal
from bench.harness.accounts import Account, open_account
from bench.harness.measuring import Figures, Way, WrongResultError, measure, timed
from bench.harness.results import Result, Verdict, divide
from bench.peers.ansible import PIPELINING, Ansible
from bench.peers.programs import run_program
from bench.peers.shell import run_scp
from bench.testbed.looking import find_host_account, find_pid, find_root, forget
from bench.testbed.testbed import Testbed
from driver.control_plane import MYX
from lab.hosts import Host

MIB = 2**20
LARGE_MIB = 512
SMALL, SMALL_BYTES = 1000, 4096
ANSIBLE_SMALL = 50
"""Ansible takes half a second for each; a thousand would take longer than all the rest."""
TARGET = "/var/tmp/myx-bench-files"  # noqa: S108 - a folder of the test host
LARGE, SMALL_FILES, AGAIN = f"{LARGE_MIB} MiB", f"{SMALL:,} x 4 KiB", "unchanged again"


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure in turn."""
    source = testbed.folder / "p7"
    _make_sources(source)
    ours = _Ours(testbed, source)
    ways = [
        Way(f"MyX, {LARGE}", partial(ours.put, "large")),
        Way(f"scp, {LARGE}", partial(_scp, testbed, source / "large")),
        Way(f"MyX, {SMALL_FILES}", partial(ours.put, "small")),
        Way(f"MyX, {SMALL_FILES}, {AGAIN}", partial(ours.put_again, "small")),
        Way(f"scp -r, {SMALL_FILES}", partial(_scp, testbed, source / "small")),
        Way(f"ansible copy, {ANSIBLE_SMALL} x 4 KiB", partial(_copy, testbed, source / "few")),
    ]
    result = Result(measure(ways, effort.few, warm_ups=0))
    _judge(result)
    return result


def _make_sources(source: Path) -> None:
    for name, count in (("small", SMALL), ("few", ANSIBLE_SMALL)):
        (source / name).mkdir(parents=True)
        for number in range(count):
            (source / name / f"{number:04}").write_bytes(secrets.token_bytes(SMALL_BYTES))
    with (source / "large").open("wb") as large:
        for _ in range(LARGE_MIB):
            large.write(secrets.token_bytes(MIB))


class _Ours:
    """Copies as a user does: ``myx host put``, through the control plane and the agent."""

    def __init__(self, testbed: Testbed, source: Path) -> None:
        self._testbed = testbed
        self._source = source
        self._account = open_account("p7-myx")

    def put(self, name: str) -> Figures:
        """Copy a file or folder to where nothing is."""
        forget(self._testbed.host, TARGET)
        return self.put_again(name)

    def put_again(self, name: str) -> Figures:
        """Copy a file or folder to where it may be already."""
        testbed, host, source = self._testbed, self._testbed.host, self._source / name
        before = _count_received(host)
        accounts = {
            "client": self._account,
            "controller": testbed.controller,
            "host": find_host_account(host),
        }
        argv = [MYX, "host", "put", host.name, source, TARGET]
        variables = testbed.plane.environment
        figures = timed(accounts, lambda: _run(self._account, argv, variables))
        _compare(source, find_root(host) / TARGET.removeprefix("/"))
        return figures | {"received_mb": (_count_received(host) - before) / 1e6}


def _run(account: Account, argv: Sequence[str | Path], variables: dict[str, str]) -> None:
    ours = {name: value for name, value in variables.items() if name.startswith("MYX_")}
    run_program(account, argv, **ours)


def _scp(testbed: Testbed, source: Path) -> Figures:
    host, account = testbed.host, open_account("p7-scp")
    forget(host, TARGET)
    before = _count_received(host)
    accounts = {"controller": account, "host": find_host_account(host)}
    key = testbed.lab.key_path
    figures = timed(accounts, lambda: run_scp(account, key, source, host, TARGET))
    _compare(source, find_root(host) / TARGET.removeprefix("/"))
    return figures | {"received_mb": (_count_received(host) - before) / 1e6}


def _copy(testbed: Testbed, source: Path) -> Figures:
    host, account = testbed.host, open_account("p7-copy")
    forget(host, TARGET)
    peer = Ansible(testbed.folder, testbed.lab.key_path, account)
    accounts = {"controller": account, "host": find_host_account(host)}
    words = f"src={source}/ dest={TARGET}/ mode=0644"

    def copy() -> None:
        peer.ad_hoc([host], PIPELINING, "ansible.builtin.copy", words)

    figures = timed(accounts, copy)
    _compare(source, find_root(host) / TARGET.removeprefix("/"))
    return figures


def _compare(source: Path, target: Path) -> None:
    files = source.iterdir() if source.is_dir() else [source]
    for path in files:
        arrived = target / path.name if source.is_dir() else target
        if arrived.read_bytes() != path.read_bytes():
            raise WrongResultError(f"{path.name} is not as it was sent")


def _count_received(host: Host) -> int:
    """Return the bytes that a host's network interface has received so far."""
    for line in Path(f"/proc/{find_pid(host)}/net/dev").read_text().splitlines():
        name, _, counters = line.partition(":")
        if name.strip() == "eth0":
            return int(counters.split()[0])
    raise WrongResultError(f"{host.name} has no interface eth0")


def _judge(result: Result) -> None:
    large = divide(result.find(f"scp, {LARGE}", "wall_s"), result.find(f"MyX, {LARGE}", "wall_s"))
    small = divide(
        result.find(f"scp -r, {SMALL_FILES}", "wall_s"),
        result.find(f"MyX, {SMALL_FILES}", "wall_s"),
    )
    again = result.find(f"MyX, {SMALL_FILES}, {AGAIN}", "received_mb")
    result.verdicts += [
        Verdict(f"times as fast as scp, {LARGE}", "least", 1.0, large, "x"),
        Verdict(f"times as fast as scp -r, {SMALL_FILES}", "least", 3.0, small, "x"),
        Verdict("sent where nothing has changed", "most", 0.1, again, "MB"),
    ]


GOAL = Goal(
    "p7",
    f"files: {LARGE}; {SMALL_FILES}; unchanged again",
    "as fast as scp on large, 3x scp -r on small, unchanged costs no bytes",
    run,
)
