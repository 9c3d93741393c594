# SPDX-License-Identifier: GPL-3.0-or-later
"""Real hosts and a real control plane for tests, and the evidence when one fails."""

import os
import secrets
import signal
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from breaking import workloads
from breaking.series import ROUNDS, SEED, Series
from driver.agents import GRACE_S, set_limits
from driver.command_line import CommandLine, Outcome
from driver.content import make_content
from driver.control_plane import ControlPlane
from driver.evidence import collect_from_host, collect_from_server
from equality.summary import Summary
from lab import movable_python
from lab.clocks import install_clock
from lab.hosts import Host, Lab, make_key
from lab.image import DEFAULT_SUITE
from lab.prerequisites import find_obstacle

SUITE = os.environ.get("MYX_LAB_SUITE", DEFAULT_SUITE)
"""The Debian release of the hosts."""

FLEET = {"web1": ("web",), "web2": ("web",), "db1": ("db", "xray")}
"""The hosts that tests share, with their groups."""

MAX_HOSTS = 4
"""So many hosts suffer side by side; more would only wait for the processors."""

DISK_MB = 512
"""The agent's state has a file system of its own, which the faults fill and cut off."""

_evidence_sources: list[ControlPlane | Lab] = []
_tables: list[Series] = []
_summaries: list[Summary] = []


def pytest_configure() -> None:
    """End as by Ctrl-C when asked to terminate, so that hosts and servers do not stay behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here, and skip it where no host can be booted; on CI that is a failure."""
    here = Path(__file__).parent
    ours = [item for item in items if item.path.is_relative_to(here)]
    obstacle = find_obstacle() if ours else None
    if obstacle and os.environ.get("CI") == "true":
        pytest.exit(f"acceptance tests cannot run: {obstacle}", returncode=1)
    for item in ours:
        item.add_marker(pytest.mark.acceptance)
        if obstacle:
            item.add_marker(pytest.mark.skip(reason=obstacle))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure what explains it."""
    report = yield
    if report.failed:
        for source in _evidence_sources:
            if isinstance(source, ControlPlane):
                report.sections.extend(collect_from_server(source))
            else:
                report.sections.extend(map(collect_from_host, source.hosts.values()))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what came of the faults."""
    if _tables:
        terminalreporter.section(f"faults: {ROUNDS} rounds, MYX_FAULT_SEED={SEED}")
    for series in _tables:
        terminalreporter.write_line(str(series))
    for summary in _summaries:
        terminalreporter.section("stock and warm")
        terminalreporter.write_line(str(summary))


@pytest.fixture(scope="session")
def summaries() -> list[Summary]:
    """Return the list of what comparisons tell at the end."""
    return _summaries


@pytest.fixture(scope="session")
def tables() -> list[Series]:
    """Return the list of what is shown at the end."""
    return _tables


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Return the session's hosts: none yet."""
    lab = Lab(SUITE)
    _evidence_sources.append(lab)
    yield lab
    lab.close()


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Return a control plane that serves, and has a Python for hosts whose own is too old."""
    folder = tmp_path_factory.mktemp("control-plane")
    python = folder / "python"
    subprocess.run(["/usr/bin/python3", movable_python.__file__, python], check=True)
    control_plane = ControlPlane(
        folder, make_content(folder / "content"), MYX_AGENT_STANDALONE_PYTHON=str(python)
    )
    control_plane.start()
    _evidence_sources.append(control_plane)
    yield control_plane
    control_plane.stop()


@pytest.fixture(scope="session")
def myx(control_plane: ControlPlane) -> CommandLine:
    """Return the command line of the control plane's machine."""
    return CommandLine(control_plane)


@pytest.fixture(scope="session")
def booted(lab: Lab) -> dict[str, Host]:
    """Return the shared hosts by name, bare."""
    return {host.name: host for host in lab.boot(*FLEET)}


@pytest.fixture(scope="session")
def installation(booted: dict[str, Host], lab: Lab, myx: CommandLine) -> Outcome:
    """Return what the user saw when agents were installed on the shared hosts in one go."""
    for host in booted.values():
        groups = [word for group in FLEET[host.name] for word in ("--group", group)]
        myx.add_host(host.name, host.address, lab.key_path, *groups)
    return myx.succeed("host", "install", *FLEET, "--accept-new-host-key")


@pytest.fixture(scope="session")
def fleet(booted: dict[str, Host], installation: Outcome) -> dict[str, Host]:  # noqa: ARG001 - it must have happened
    """Return the shared hosts by name, with agents."""
    return booted


@pytest.fixture(scope="session")
def victims(
    lab: Lab, myx: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Host]]:
    """Return hosts with agents whose clocks can jump and whose disks can fail."""
    names = [f"victim{number}" for number in range(1, min(ROUNDS, MAX_HOSTS) + 1)]
    hosts = lab.boot(*names, disk_mb=DISK_MB)
    folder = tmp_path_factory.mktemp("clock")
    for host in hosts:
        workloads.prepare(host)
        install_clock(host, folder)
        myx.add_host(host.name, host.address, lab.key_path)
    myx.succeed("host", "install", *names, "--accept-new-host-key")
    for host in hosts:
        set_limits(host, cancel_grace_s=GRACE_S)
    yield hosts
    lab.remove(hosts)
    for name in names:
        myx.run("host", "remove", name)


@pytest.fixture
def bare_host(lab: Lab, myx: CommandLine) -> Iterator[Host]:
    """Return a host of the test's own, which the control plane does not know."""
    name = f"bare-{secrets.token_hex(3)}"
    (host,) = lab.boot(name)
    yield host
    lab.remove([host])
    myx.run("host", "remove", host.name)


@pytest.fixture
def other_key(tmp_path: Path) -> Path:
    """Return a private key that no host knows."""
    return make_key(tmp_path / "id_other")
