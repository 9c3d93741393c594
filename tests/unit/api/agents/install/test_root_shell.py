# SPDX-License-Identifier: GPL-3.0-or-later
from collections.abc import Callable
from typing import Any

import pytest

from api.agents.install.errors import PrivilegeError
from api.agents.install.root_shell import become_root
from api.agents.install.targets import InstallTarget

READY = "myx-is-root"
PROMPT = "myx-asks-for-the-sudo-password"


async def test_root_needs_no_sudo(make_host: Callable[..., Any], target: InstallTarget) -> None:
    """Who logs in as root runs commands as they are."""

    def behave(_command: str, process: Any) -> None:
        process.say(READY, "0")
        process.end()

    host = make_host(behave)
    await become_root(host, target)
    assert not any("sudo" in command for command in host.commands)


async def test_the_password_is_sent_only_after_sudo_asks(
    make_host: Callable[..., Any], target: InstallTarget
) -> None:
    """Sudo gets the password on its standard input, and no command line holds it."""
    processes = []

    async def behave(command: str, process: Any) -> None:
        processes.append(process)
        if "sudo -n" in command:
            await process.complain("sudo: a password is required")
            process.end(1)
        elif "sudo -k -S" in command:
            process.on_input = lambda data: (process.say(READY), process.end()) if data else None
            await process.complain(PROMPT)
        else:
            process.say(READY, "1000")
            process.end()

    host = make_host(behave)
    await become_root(host, target)
    assert processes[-1].received == b"open sesame\n"
    assert not any("sesame" in command for command in host.commands)


async def test_no_password_is_sent_where_sudo_does_not_ask(
    make_host: Callable[..., Any], target: InstallTarget
) -> None:
    """Where sudo lets the account pass, the command's input holds no password."""
    processes = []

    def behave(command: str, process: Any) -> None:
        processes.append(process)
        process.say(READY, "0" if "sudo" in command else "1000")
        process.end()

    await become_root(make_host(behave), target)
    assert not any(process.received for process in processes)


async def test_a_wrong_password_is_refused_and_not_repeated(
    make_host: Callable[..., Any], target: InstallTarget
) -> None:
    """When sudo asks again, the install ends with a sentence instead of waiting."""

    async def behave(command: str, process: Any) -> None:
        if "sudo -k -S" in command:
            await process.complain(PROMPT)
            await process.complain(PROMPT)
        elif "sudo" in command:
            process.end(1)
        else:
            process.say(READY, "1000")
            process.end()

    with pytest.raises(PrivilegeError, match="alice on web1 is not root, and sudo does not accept"):
        await become_root(make_host(behave), target)


async def test_an_account_without_sudo_is_refused_with_the_reason(
    make_host: Callable[..., Any], target: InstallTarget
) -> None:
    """What sudo says is part of the error."""

    async def behave(command: str, process: Any) -> None:
        if "sudo" in command:
            await process.complain("sh: 1: sudo: not found")
            process.end(127)
        else:
            process.say(READY, "1000")
            process.end()

    with pytest.raises(PrivilegeError, match="sudo: not found"):
        await become_root(make_host(behave), target)
