# SPDX-License-Identifier: GPL-3.0-or-later
"""How do commands run as root on the host, whoever we are logged in as?

As root directly; otherwise with sudo, which gets the password on its standard input, and only
after it has asked for it: a password is never an argument, and never data of a command.
"""

import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from api.agents.install.errors import PrivilegeError, SshUnreachableError
from api.agents.install.targets import InstallTarget

COMMAND_TIMEOUT_S = 60.0
"""For commands that only look or tidy up."""

_READY = "myx-is-root"
_PROMPT = "myx-asks-for-the-sudo-password"


class Process(Protocol):
    """A program on the host; see ``ssh.SshProcess``."""

    async def write(self, data: bytes) -> None: ...  # noqa: D102 - as there
    def write_eof(self) -> None: ...  # noqa: D102 - as there
    async def read_line(self) -> str | None: ...  # noqa: D102 - as there
    async def wait_for_stderr(self, line: str, times: int) -> None: ...  # noqa: D102 - as there
    async def wait(self) -> int: ...  # noqa: D102 - as there
    @property
    def stderr(self) -> str: ...  # noqa: D102 - as there


class Connection(Protocol):
    """A login on the host; see ``ssh.SshConnection``."""

    def start(self, command: str) -> "contextlib.AbstractAsyncContextManager[Process]": ...  # noqa: D102 - as there


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended, and what it said."""

    status: int
    stdout: str
    stderr: str


class RootShell:
    """Runs shell commands as root."""

    def __init__(self, connection: Connection, sudo: str | None, password: str | None) -> None:
        self._connection = connection
        self._sudo = sudo
        self._password = password

    async def run(self, script: str, *, stdin: bytes = b"") -> Completed:
        """Run a short command to its end.

        Raises:
            SshUnreachableError: the connection broke, or it took too long.
        """
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S), self.start(script) as process:
                await process.write(stdin)
                process.write_eof()
                lines = [line async for line in read_lines(process)]
                return Completed(await process.wait(), "\n".join(lines), process.stderr)
        except TimeoutError as error:
            raise SshUnreachableError(
                f"A small command did not end in {COMMAND_TIMEOUT_S:.0f} s. The host or the "
                "network is overloaded; try again later."
            ) from error

    @asynccontextmanager
    async def start(self, script: str) -> AsyncIterator[Process]:
        """Start a command as root; standard input is the caller's to write and to end.

        Raises:
            PrivilegeError: sudo refuses.
            SshUnreachableError: the connection broke.
        """
        inner = f"echo {_READY}; {script}"
        command = f"sh -c {shlex.quote(inner)}"
        if self._sudo:
            command = f"{self._sudo} {command}"
        async with self._connection.start(command) as process:
            await self._become_root(process)
            yield process

    async def _become_root(self, process: Process) -> None:
        """Answer sudo's question, if it has one, and return when the command begins."""
        ready = asyncio.create_task(process.read_line())
        asked = asyncio.create_task(process.wait_for_stderr(_PROMPT, 1))
        refused = asyncio.create_task(process.wait_for_stderr(_PROMPT, 2))
        try:
            await asyncio.wait({ready, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                await process.write(f"{self._password or ''}\n".encode())
                await asyncio.wait({ready, refused}, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise PrivilegeError("sudo does not accept the SSH password")
            if await ready != _READY:
                await process.wait()
                raise PrivilegeError(f"sudo fails ({_last_line(process.stderr)})")
        finally:
            for task in (ready, asked, refused):
                task.cancel()
            await asyncio.wait({ready, asked, refused})


async def become_root(connection: Connection, target: InstallTarget) -> RootShell:
    """Find out how this login becomes root.

    Raises:
        PrivilegeError: it cannot.
    """
    if (await RootShell(connection, None, None).run("id -u")).stdout == "0":
        return RootShell(connection, None, None)
    shell = RootShell(connection, "sudo -n --", None)
    refusal = await _find_refusal(shell)
    if refusal and target.password is not None:
        shell = RootShell(connection, f"sudo -k -S -p '{_PROMPT}\n' --", target.password)
        refusal = await _find_refusal(shell)
    if refusal:
        raise PrivilegeError(
            f"{target.ssh_user} on {target.name} is not root, and {refusal}. Log in as root, "
            "allow the account to use sudo without a password, or give its password: sudo is "
            "tried with the SSH password, too."
        )
    return shell


async def _find_refusal(shell: RootShell) -> str | None:
    """Return why the shell cannot become root, or None if it can."""
    try:
        await shell.run("true")
    except PrivilegeError as error:
        return error.message
    return None


async def read_lines(process: Process) -> AsyncIterator[str]:
    """Yield the lines of the program's standard output."""
    while (line := await process.read_line()) is not None:
        yield line


async def follow(process: Process, tell: Callable[[str], Awaitable[None]]) -> int:
    """Hand on each line of the program's output and return its exit status."""
    async for line in read_lines(process):
        await tell(line)
    return await process.wait()


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line != _PROMPT]
    return lines[-1].rstrip(".") if lines else "it gives no reason"
