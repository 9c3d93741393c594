# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the agent bundle reach the host, and is it there already?"""

import asyncio
import hashlib
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from api.agents.install.bundle import AgentBundle
from api.agents.install.errors import InstallError, SshUnreachableError
from api.agents.install.root_shell import Process, RootShell, follow
from api.agents.install.targets import Progress

INSTALL_DIR = "/opt/myx-agent"
"""Where the role keeps versions and the link to the current one."""

STAGING_PREFIX = "/opt/.myx-install."
STALE_AFTER_MIN = 24 * 60
"""Minutes after which a staging folder is the leftover of a control plane that was killed."""

UPLOAD_TIMEOUT_S = 1800.0
CLEANUP_TIMEOUT_S = 20.0

_PIECE_BYTES = 256 * 1024
_PROGRESS_STEPS = 4


@dataclass(frozen=True, slots=True)
class Placed:
    """What ``apply.py`` works with: an unpacked bundle, or a version that is installed."""

    source: str
    folder: str

    def apply_command(self, python: str) -> str:
        """Return the shell command that applies the role."""
        command = (python, f"{self.folder}/installer/apply.py", self.source, self.folder)
        return f"exec {shlex.join(command)}"


async def find_version(shell: RootShell, version: str) -> Placed | None:
    """Return the version (or what ``current`` points to) where it is complete and works."""
    script = (
        f"v=$(readlink -f {INSTALL_DIR}/{version}) && test -e $v/complete && "
        "$v/bin/python -c 'import ansible, agent_runner' && echo $v"
    )
    done = await shell.run(script)
    return Placed("installed", done.stdout) if done.status == 0 else None


@asynccontextmanager
async def uploaded(
    shell: RootShell, bundle: AgentBundle, progress: Progress
) -> AsyncIterator[Placed]:
    """Upload and unpack the bundle; its staging folder is gone after the block.

    Raises:
        InstallError: it cannot be unpacked, or the connection broke.
    """
    staging = await _make_staging(shell)
    try:
        await _upload(shell, bundle, staging, progress)
        yield Placed("unpacked", f"{staging}/{bundle.name}")
    finally:
        await asyncio.shield(_remove(shell, staging))


async def _make_staging(shell: RootShell) -> str:
    done = await shell.run(
        f"find /opt -maxdepth 1 -name {shlex.quote(Path(STAGING_PREFIX).name + '*')} "
        f"-mmin +{STALE_AFTER_MIN} -exec rm -rf {{}} +; mktemp -d {STAGING_PREFIX}XXXXXX"
    )
    if done.status:
        raise InstallError(f"No folder can be made in /opt of the host: {done.stderr}.")
    return done.stdout


async def _upload(shell: RootShell, bundle: AgentBundle, staging: str, progress: Progress) -> None:
    """Send the file, and unpack it only where all of it has arrived."""
    content = await asyncio.to_thread(bundle.path.read_bytes)
    digest = hashlib.sha256(content).hexdigest()
    script = (
        f"cd {staging} && cat > bundle && echo '{digest}  bundle' | sha256sum --check --status && "
        f"mkdir {bundle.name} && tar -xzf bundle -C {bundle.name} --no-same-owner && rm bundle"
    )
    try:
        async with asyncio.timeout(UPLOAD_TIMEOUT_S), shell.start(script) as process:
            await _send(process, content, progress)
            status = await follow(process, progress)
    except TimeoutError as error:
        raise SshUnreachableError(
            f"The agent bundle was not uploaded in {UPLOAD_TIMEOUT_S:.0f} s. Check the network "
            "to the host and try again."
        ) from error
    if status:
        cause = process.stderr or "it did not arrive whole"
        raise InstallError(f"The agent bundle cannot be unpacked on the host: {cause}.")


async def _send(process: Process, content: bytes, progress: Progress) -> None:
    size_mb = len(content) / 1e6
    view = memoryview(content)
    told = 0
    for start in range(0, len(content), _PIECE_BYTES):
        await process.write(bytes(view[start : start + _PIECE_BYTES]))
        step = min(start + _PIECE_BYTES, len(content)) * _PROGRESS_STEPS // len(content)
        if step > told:
            told = step
            await progress(
                f"Uploading the agent bundle: {100 * step // _PROGRESS_STEPS} % of {size_mb:.0f} MB"
            )
    process.write_eof()


async def _remove(shell: RootShell, staging: str) -> None:
    """Remove the staging folder; where the host is gone, the next install does it."""
    try:
        async with asyncio.timeout(CLEANUP_TIMEOUT_S):
            await shell.run(f"rm -rf {staging}")
    except (InstallError, TimeoutError):
        return
