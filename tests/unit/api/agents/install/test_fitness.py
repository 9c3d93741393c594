# SPDX-License-Identifier: GPL-3.0-or-later
import json
from collections.abc import Callable
from typing import Any

import pytest

from api.agents.install.errors import HostUnfitError
from api.agents.install.fitness import examine_host
from api.agents.install.root_shell import RootShell
from api.agents.install.sources import find_sources

ROLE = find_sources().collection / "roles/agent"
FACTS = {"python": "/usr/bin/python3.11", "python_version": "3.11", "architecture": "x86_64"}


def make_shell(make_host: Callable[..., Any], answer: str) -> RootShell:
    """Return root on a host whose preflight program answers so."""

    def behave(command: str, process: Any) -> None:
        process.say("myx-is-root", answer if "--port" in command else "/usr/bin/python3.11")
        process.end()

    return RootShell(make_host(behave), None, None)


async def test_a_fit_host_tells_its_python_and_processor(make_host: Callable[..., Any]) -> None:
    """The facts choose the bundle."""
    shell = make_shell(make_host, json.dumps({**FACTS, "problems": [], "more": 1}))
    facts = await examine_host(shell, ROLE, "web1", port=24351, needed_mb=1)
    assert (facts.python_version, facts.architecture) == ("3.11", "x86_64")


async def test_a_problem_becomes_the_error(make_host: Callable[..., Any]) -> None:
    """The sentence names the host; the code says what it is about."""
    problem = {"code": "port_taken", "message": "port 24351 is taken by 'nginx' (process 7)."}
    shell = make_shell(make_host, json.dumps({**FACTS, "problems": [problem]}))
    with pytest.raises(HostUnfitError, match=r"web1 cannot .* taken by 'nginx'") as caught:
        await examine_host(shell, ROLE, "web1", port=24351, needed_mb=1)
    assert caught.value.problem == "port_taken"


async def test_noise_of_a_start_file_is_named(make_host: Callable[..., Any]) -> None:
    """A shell that greets instead of answering is an error with a remedy."""
    with pytest.raises(HostUnfitError, match="start files print nothing"):
        await examine_host(make_shell(make_host, "Welcome!"), ROLE, "web1", port=0, needed_mb=1)


def make_host_with(python: str) -> Callable[[str, Any], Any]:
    """Return how a host behaves whose only Python is too old for the agent."""

    async def behave(command: str, process: Any) -> None:
        process.say("myx-is-root")
        if "--port" in command:
            process.say(json.dumps({**FACTS, "problems": []}))
        elif "any" in command:
            process.say(python)
        else:
            await process.complain("it has no Python 3.11, 3.12 or 3.13.")
        process.end(0 if "--port" in command or "any" in command else 3)

    return behave


async def test_a_host_whose_python_is_too_old_is_refused(make_host: Callable[..., Any]) -> None:
    """What the role's own program says is the reason; the setting that helps is named."""
    shell = RootShell(make_host(make_host_with("/usr/bin/python3.10")), None, None)
    with pytest.raises(HostUnfitError, match=r"has no Python 3\.11.* MYX_AGENT_STANDALONE_PYTHON"):
        await examine_host(shell, ROLE, "web1", port=0, needed_mb=1)


async def test_a_host_that_gets_a_python_needs_an_older_one(make_host: Callable[..., Any]) -> None:
    """The installer runs with the older one, and looks for no modules that only the agent needs."""
    host = make_host(make_host_with("/usr/bin/python3.10"))
    facts = await examine_host(
        RootShell(host, None, None), ROLE, "web1", port=0, needed_mb=1, brings_python=True
    )
    assert facts.lacks_python
    assert "/usr/bin/python3.10 - --port=0 --needed-mb=1 --own-python" in host.commands[-1]


async def test_a_host_without_any_python_is_refused(make_host: Callable[..., Any]) -> None:
    """Even where the agent brings one along: the installer needs one before that."""

    async def behave(_command: str, process: Any) -> None:
        process.say("myx-is-root")
        await process.complain("there is no python3. Install it.")
        process.end(3)

    shell = RootShell(make_host(behave), None, None)
    with pytest.raises(HostUnfitError, match="there is no python3"):
        await examine_host(shell, ROLE, "web1", port=0, needed_mb=1, brings_python=True)
