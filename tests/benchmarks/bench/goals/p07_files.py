# SPDX-License-Identifier: GPL-3.0-or-later
"""P7: how fast do files come to a host: a large one, a thousand small ones, and what is there?

Files travel as a run's content: packed, sent to the control plane and on to the host, checked,
unpacked, and a playbook of one task runs from them. All of that is counted.
"""

import gzip
import hashlib
import io
import secrets
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.goals import Effort, Goal
from bench.harness.accounts import open_account
from bench.harness.measuring import Figures, Way, WrongResultError, measure, timed
from bench.harness.results import Result, Verdict, divide
from bench.peers.ansible import PIPELINING, Ansible
from bench.peers.shell import run_scp
from bench.testbed.looking import find_host_account, find_pid, find_root, forget
from bench.testbed.testbed import Testbed
from driver.agents import set_limits
from lab.hosts import Host

MIB = 2**20
LARGE_MIB = 512
SMALL, SMALL_BYTES = 1000, 4096
ANSIBLE_SMALL = 50
"""Ansible takes half a second for each; a thousand would take longer than all the rest."""
TARGET = "/var/tmp/myx-bench-files"  # noqa: S108 - a folder of the test host
CONTENT_DIR = "/opt/myx-deployment-tool"
LARGE, SMALL_FILES, AGAIN = f"{LARGE_MIB} MiB", f"{SMALL:,} x 4 KiB", "unchanged again"
PLAYBOOK = b"""---
- name: Be there
  hosts: all
  gather_facts: false
  tasks:
    - name: Say so
      ansible.builtin.debug:
        msg: there
"""


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure in turn."""
    host, source = testbed.host, testbed.folder / "p7"
    set_limits(host, bundle_max_bytes=2 * LARGE_MIB * MIB, bundle_unpacked_max_bytes=4 * 2**30)
    _make_sources(source)
    ours = _Ours(testbed)
    ways = [
        Way(f"MyX, {LARGE}", partial(ours.send, lambda: {"large": _make_large(source)})),
        Way(f"scp, {LARGE}", partial(_scp, testbed, source / "large")),
        Way(f"MyX, {SMALL_FILES}", partial(ours.send, lambda: _make_small(source))),
        Way(f"MyX, {SMALL_FILES}, {AGAIN}", ours.send_again),
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
    _make_large(source)


def _make_large(source: Path) -> bytes:
    """Return a file that no one has seen, and lay it down for scp."""
    data = secrets.token_bytes(MIB) * (LARGE_MIB - 1) + secrets.token_bytes(MIB)
    (source / "large").write_bytes(data)
    return data


def _make_small(source: Path) -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in (source / "small").iterdir()}
    return files | {"0000": secrets.token_bytes(SMALL_BYTES)}


class _Ours:
    """Sends files as the content of a run."""

    def __init__(self, testbed: Testbed) -> None:
        self._testbed = testbed
        self._last: dict[str, bytes] = {}

    def send(self, make: Callable[[], dict[str, bytes]]) -> Figures:
        """Send files that the host has never had."""
        self._last = make()
        return self.send_again()

    def send_again(self) -> Figures:
        """Send the files of the last time."""
        host, files = self._testbed.host, self._last
        before = _count_received(host)
        digests: list[str] = []
        accounts = {"controller": self._testbed.controller, "host": find_host_account(host)}
        figures = timed(accounts, lambda: digests.append(self._deliver(files)))
        received = _count_received(host) - before
        unpacked = find_root(host) / CONTENT_DIR.removeprefix("/") / digests[0]
        for name, data in files.items():
            if (unpacked / "files" / name).read_bytes() != data:
                raise WrongResultError(f"{name} is not as it was sent")
        return figures | {"received_mb": received / 1e6}

    def _deliver(self, files: dict[str, bytes]) -> str:
        bundle = _pack(files)
        digest = hashlib.sha256(bundle).hexdigest()
        testbed = self._testbed
        listed = testbed.triggers.ask("GET", "/bundles?page_size=500")["results"]
        if digest not in {each["digest"] for each in listed}:
            testbed.triggers.send(f"/bundles/{digest}", bundle, "application/gzip")
        body = {"kind": "playbook", "playbook": "there.yml", "bundle_digest": digest}
        testbed.triggers.follow(body | {"limit": testbed.host.name}).expect("ok=1 ")
        return digest


def _pack(files: dict[str, bytes]) -> bytes:
    """Pack files beside a playbook, always to the same bytes; random bytes cannot be pressed."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", compresslevel=0, mtime=0) as pressed,
        tarfile.open(fileobj=pressed, mode="w") as archive,
    ):
        named = {"there.yml": PLAYBOOK} | {f"files/{name}": files[name] for name in sorted(files)}
        for name, data in named.items():
            about = tarfile.TarInfo(name)
            about.size, about.mode = len(data), 0o644
            archive.addfile(about, io.BytesIO(data))
    return out.getvalue()


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
