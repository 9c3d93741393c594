# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the agent bundle reach the host, and what applies the role there?

One command on the host receives the bundle, unpacks it and applies the role, and removes what
it unpacked when it ends: also when the connection breaks or the control plane is killed,
because then its standard input ends.
"""

import asyncio
import hashlib
import shlex
from dataclasses import dataclass

from api.agents.install.bundle import AgentBundle
from api.agents.install.root_shell import Process, RootShell
from api.agents.install.targets import Progress

INSTALL_DIR = "/opt/myx-agent"
"""Where the role keeps versions and the link to the current one."""

STALE_AFTER_MIN = 24 * 60
"""Minutes after which an unpacked bundle is the leftover of a host that lost its power."""

NOT_DELIVERED = 74
"""The command's exit status when the bundle could not be received or unpacked."""

_PIECE_BYTES = 256 * 1024
_PROGRESS_STEPS = 4

_RECEIVE = """\
find /opt -maxdepth 1 -name '.myx-install.*' -mmin +{stale} -exec rm -rf {{}} +
staging=$(mktemp -d /opt/.myx-install.XXXXXX) || exit {failed}
trap 'cd /; rm -rf "$staging"' EXIT
trap 'exit {failed}' HUP INT TERM PIPE
cd "$staging" && head -c {size} > bundle || exit {failed}
echo '{digest}  bundle' | sha256sum --check --status || {{
  echo 'it did not arrive whole' >&2
  exit {failed}
}}
mkdir {name} && tar -xzf bundle -C {name} --no-same-owner && rm bundle || exit {failed}
{python} {name}/installer/apply.py unpacked "$staging/{name}"
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The command that applies the role, and the bytes that it wants to read first."""

    command: str
    content: bytes

    async def send(self, process: Process, progress: Progress) -> None:
        """Write the content to the command and tell how far it is."""
        size = len(self.content)
        view, told = memoryview(self.content), 0
        for start in range(0, size, _PIECE_BYTES):
            end = min(start + _PIECE_BYTES, size)
            await process.write(bytes(view[start:end]))
            step = end * _PROGRESS_STEPS // size
            if step > told:
                told = step
                percent = 100 * step // _PROGRESS_STEPS
                await progress(f"Uploading the agent bundle: {percent} % of {size / 1e6:.0f} MB")


async def find_installed(shell: RootShell, python: str, version: str) -> Delivery | None:
    """Return how a version that is on the host applies the role, if it is complete and works.

    Args:
        shell: root on the host.
        python: path of the host's Python.
        version: path below the install folder: ``versions/...`` or ``current``.
    """
    script = (
        f"v=$(readlink -f {INSTALL_DIR}/{version}) && test -e $v/complete && "
        "$v/bin/python -c 'import ansible, agent_runner' && echo $v"
    )
    done = await shell.run(script)
    if done.status:
        return None
    folder = done.stdout
    apply = (python, f"{folder}/installer/apply.py", "installed", folder)
    return Delivery(f"exec {shlex.join(apply)}", b"")


async def deliver_bundle(bundle: AgentBundle, python: str) -> Delivery:
    """Return how the bundle reaches the host and applies the role."""
    content = await asyncio.to_thread(bundle.path.read_bytes)
    command = _RECEIVE.format(
        stale=STALE_AFTER_MIN,
        failed=NOT_DELIVERED,
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        name=bundle.name,
        python=shlex.quote(python),
    )
    return Delivery(command, content)
