# SPDX-License-Identifier: GPL-3.0-or-later
"""How do we log in to a host over SSH and run programs there? The only user of asyncssh.

Whose host key is trusted: the one recorded for the host; without a record, those in the
known_hosts of this user and this machine. A key that nobody knows is taken only where the
target says so; a key that contradicts what is known never.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncssh

from api.agents.install.errors import InstallError, SshKeyError, SshUnreachableError
from api.agents.install.refusals import (
    describe_changed_key,
    describe_refused_login,
    describe_unknown_key,
)
from api.agents.install.targets import InstallTarget

KNOWN_HOSTS_FILES = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))
"""Who vouches for host keys that are not recorded: this user and this machine."""

CONNECT_TIMEOUT_S = 15
LOGIN_TIMEOUT_S = 30
KEEPALIVE_S = 10
"""A host that answers none of three keep-alives is gone."""

_KEPT_STDERR_LINES = 40
_PREFERRED_KEYS = "^ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512"


class SshProcess:
    """A program that runs on the host: lines out, bytes in."""

    def __init__(self, process: "asyncssh.SSHClientProcess[bytes]", address: str) -> None:
        self._process = process
        self._address = address
        self._stderr: list[str] = []
        self._news = asyncio.Condition()
        self._stderr_reader = asyncio.create_task(self._read_stderr())

    async def write(self, data: bytes) -> None:
        """Send bytes to its standard input and wait until there is room for more.

        Raises:
            SshUnreachableError: the connection broke.
        """
        # A program that ended early no longer reads; how it ended says more than this.
        with _translated(self._address), contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    def write_eof(self) -> None:
        """Say that nothing more comes."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write_eof()

    async def read_line(self) -> str | None:
        """Return the next line of standard output without its newline, or None at the end."""
        with _translated(self._address):
            line = await self._process.stdout.readline()
        return line.decode(errors="replace").rstrip("\r\n") if line else None

    async def wait_for_stderr(self, line: str, times: int) -> None:
        """Return when the line has come that many times on standard error."""
        async with self._news:
            await self._news.wait_for(lambda: self._stderr.count(line) >= times)

    async def wait(self) -> int:
        """Return its exit status, or -1 where the connection or a signal ended it."""
        with _translated(self._address):
            await self._process.wait_closed()
        await self._stderr_reader
        status = self._process.exit_status
        return -1 if status is None else status

    @property
    def stderr(self) -> str:
        """The last lines of its standard error."""
        return "\n".join(self._stderr[-_KEPT_STDERR_LINES:]).strip()

    async def close(self) -> None:
        """Close the channel, which ends the program's input and output."""
        self._process.close()
        self._stderr_reader.cancel()
        await asyncio.wait([self._stderr_reader])

    async def _read_stderr(self) -> None:
        # A broken connection shows to whoever waits for the program, too.
        with contextlib.suppress(asyncssh.Error, OSError):
            async for line in self._process.stderr:
                async with self._news:
                    self._stderr.append(line.decode(errors="replace").rstrip("\r\n"))
                    self._news.notify_all()


class SshConnection:
    """A login on a host; an asynchronous context manager that closes it."""

    def __init__(self, connection: asyncssh.SSHClientConnection, target: InstallTarget) -> None:
        self._connection = connection
        self._address = f"{target.name} ({target.address}, port {target.ssh_port})"
        key = connection.get_server_host_key()
        self.host_key = _export(key) if key else ""
        self.key_fingerprint = key.get_fingerprint() if key else ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.abort()

    @asynccontextmanager
    async def start(self, command: str) -> AsyncIterator[SshProcess]:
        """Run a command line of the account's shell; its channel closes with the block.

        Raises:
            SshUnreachableError: the connection broke.
        """
        with _translated(self._address):
            channel = await self._connection.create_process(command, encoding=None)
        process = SshProcess(channel, self._address)
        try:
            yield process
        finally:
            await process.close()


async def connect(target: InstallTarget) -> SshConnection:
    """Log in.

    Raises:
        InstallError: the host cannot be reached, is not the one that is known, or refuses.
    """
    judge = _HostKeyJudge(target)
    options: dict[str, Any] = {
        **_credentials(target),
        **judge.key_order,
        "host": target.address,
        "port": target.ssh_port,
        "username": target.ssh_user,
        "known_hosts": judge.known_hosts,
        "client_factory": lambda: judge,
        "connect_timeout": CONNECT_TIMEOUT_S,
        "login_timeout": LOGIN_TIMEOUT_S,
        "keepalive_interval": KEEPALIVE_S,
        "compression_algs": None,
    }
    where = f"{target.name} ({target.address}, port {target.ssh_port})"
    try:
        with _translated(where):
            return SshConnection(await asyncssh.connect(**options), target)
    except asyncssh.PermissionDenied as error:
        raise describe_refused_login(target) from error
    except asyncssh.HostKeyNotVerifiable as error:
        raise judge.explain() from error


class _HostKeyJudge(asyncssh.SSHClient):
    """Decides about the key that the host shows, and remembers why."""

    def __init__(self, target: InstallTarget) -> None:
        self._target = target
        self._shown: asyncssh.SSHKey | None = None
        self.known_hosts: Any = self._load()
        self._expected = list(self._find_known())

    @property
    def key_order(self) -> dict[str, str]:
        """Return which type of key to ask for; where one is known, asyncssh asks for its type."""
        return {} if self._expected else {"server_host_key_algs": _PREFERRED_KEYS}

    def validate_host_public_key(
        self,
        host: str,  # noqa: ARG002 - asyncssh's signature
        addr: str,  # noqa: ARG002 - as above
        port: int,  # noqa: ARG002 - as above
        key: asyncssh.SSHKey,
    ) -> bool:
        """Answer for a key that is not among the known ones."""
        self._shown = key
        return self._target.accept_new_host_key and not self._expected

    def explain(self) -> InstallError:
        """Say why the key was not accepted."""
        shown = self._shown.get_fingerprint() if self._shown else "a revoked or unreadable key"
        if self._expected:
            known = [key.get_fingerprint() for key in self._expected]
            return describe_changed_key(self._target, shown, known)
        algorithm = self._shown.get_algorithm() if self._shown else ""
        return describe_unknown_key(self._target, shown, algorithm)

    def _load(self) -> Any:
        if self._target.host_key:
            return ([asyncssh.import_public_key(self._target.host_key)], [], [])
        files = [file.expanduser() for file in KNOWN_HOSTS_FILES]
        try:
            return asyncssh.read_known_hosts([str(file) for file in files if file.is_file()])
        except (OSError, ValueError, asyncssh.Error) as error:
            names = " and ".join(str(file) for file in files)
            raise InstallError(f"{names} cannot be read as known_hosts: {error}.") from error

    def _find_known(self) -> Sequence[asyncssh.SSHKey]:
        if self._target.host_key:
            return self.known_hosts[0]  # type: ignore[no-any-return]  # see _load
        target = self._target
        return asyncssh.match_known_hosts(self.known_hosts, target.address, "", target.ssh_port)[0]


def _credentials(target: InstallTarget) -> dict[str, Any]:
    """Return what to log in with: what was given and nothing else, or this user's own keys."""
    if target.private_key is None and target.password is None:
        return {}
    keys = [_import_private_key(target)] if target.private_key is not None else None
    return {"client_keys": keys, "password": target.password, "agent_path": None}


def _import_private_key(target: InstallTarget) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(target.private_key or "")
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        text = str(error).lower()
        if isinstance(error, asyncssh.KeyEncryptionError) or "passphrase" in text:
            raise SshKeyError(
                f"The SSH private key for {target.name} is protected by a passphrase. Load it into "
                "ssh-agent and give no key, or give one without a passphrase."
            ) from error
        raise SshKeyError(
            f"The SSH private key for {target.name} cannot be read ({error}). Give the private "
            "key file, not the .pub one, in OpenSSH or PEM form."
        ) from error


def _export(key: asyncssh.SSHKey) -> str:
    return " ".join(key.export_public_key().decode().split()[:2])


@contextmanager
def _translated(where: str) -> Iterator[None]:
    """Turn what breaks on the network into sentences; refusals pass."""
    try:
        yield
    except (asyncssh.PermissionDenied, asyncssh.HostKeyNotVerifiable):
        raise
    except ConnectionRefusedError as error:
        raise SshUnreachableError(
            f"{where} refuses SSH connections. Check that sshd runs there and the port is right."
        ) from error
    except TimeoutError as error:
        raise SshUnreachableError(
            f"{where} did not answer over SSH in {CONNECT_TIMEOUT_S} s. Check address and firewall."
        ) from error
    except asyncssh.Error as error:
        raise SshUnreachableError(
            f"The SSH connection to {where} failed: {error.reason.rstrip('.')}. Try again; "
            "'ssh -v' to the host shows more."
        ) from error
    except OSError as error:
        # A positive number is the system's, a negative one the resolver's with its own words.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror or error
        raise SshUnreachableError(
            f"{where} cannot be reached over SSH: {reason}. Check the address."
        ) from error
