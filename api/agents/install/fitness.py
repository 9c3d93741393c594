# SPDX-License-Identifier: GPL-3.0-or-later
"""Can this host have the agent? The role's own programs look; here their answer is understood."""

import json
import shlex
from pathlib import Path
from typing import Any

import msgspec

from api.agents.install.errors import HostUnfitError
from api.agents.install.root_shell import RootShell

NEEDED_MB = 32
"""What every install needs; a version that is not on the host yet needs more."""

NEEDED_FOR_VERSION_MB = 300
"""As the role's agent_needed_mb: staging folder, environment and their overlap."""


class Problem(msgspec.Struct, frozen=True):
    """One reason why the host cannot have the agent."""

    code: str
    message: str


class HostFacts(msgspec.Struct, frozen=True):
    """What the role's preflight program says of the host.

    Attributes:
        python: path of the Python that runs the installer there.
        python_version: its version, X.Y.
        architecture: the processor, as ``uname -m`` names it.
        problems: why the host cannot have the agent.
        lacks_python: it is too old or too new for the agent, whose bundle must carry one.
    """

    python: str
    python_version: str
    architecture: str
    problems: list[Problem]
    lacks_python: bool = False


async def examine_host(
    shell: RootShell,
    role: Path,
    host: str,
    *,
    port: int,
    needed_mb: int,
    brings_python: bool = False,
) -> HostFacts:
    """Look at Python, processor, libraries, port and disk.

    Args:
        shell: root on the host.
        role: folder of the role ``agent`` on this machine.
        host: the host's name, for messages.
        port: the port that the agent is to have; 0 does not look at ports.
        needed_mb: free space that /opt must have.
        brings_python: a host that has no Python which fits gets one with the agent.

    Raises:
        HostUnfitError: the first problem, with its remedy.
    """
    python, lacks_python = await _find_python(shell, role, host, brings_python=brings_python)
    command = f"{shlex.quote(python)} - --port={port} --needed-mb={needed_mb}"
    if lacks_python:
        command += " --own-python"
    program = (role / "files/preflight.py").read_bytes()
    done = await shell.run(command, stdin=program)
    if done.status:
        raise HostUnfitError(
            f"{python} on {host} does not work: {done.stderr or 'no reason given'}. Repair it.",
            "python_broken",
        )
    facts = _decode(done.stdout, host)
    for problem in facts.problems:
        raise HostUnfitError(f"{host} cannot have the agent: {problem.message}", problem.code)
    return msgspec.structs.replace(facts, lacks_python=lacks_python)


async def _find_python(
    shell: RootShell, role: Path, host: str, *, brings_python: bool
) -> tuple[str, bool]:
    """Return the Python that runs the installer, and whether the agent needs another one."""
    program = (role / "files/find_python.sh").read_bytes()
    fitting = await shell.run("sh -s", stdin=program)
    if not fitting.status:
        return fitting.stdout, False
    if not brings_python:
        raise HostUnfitError(
            f"{host} cannot have the agent: {fitting.stderr} "
            "Or let the agent bring a Python along: MYX_AGENT_STANDALONE_PYTHON.",
            "python_unsupported",
        )
    older = await shell.run("sh -s any", stdin=program)
    if older.status:
        raise HostUnfitError(f"{host} cannot have the agent: {older.stderr}", "python_unsupported")
    return older.stdout, True


def _decode(text: str, host: str) -> HostFacts:
    try:
        answer: Any = json.loads(text)
        return msgspec.convert(answer, HostFacts)
    except ValueError as error:
        raise HostUnfitError(
            f"{host} answers something else than was asked for ({text[:80]!r}). Check that its "
            "shell's start files print nothing.",
            "answer_unreadable",
        ) from error
