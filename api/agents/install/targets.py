# SPDX-License-Identifier: GPL-3.0-or-later
"""What does an install need to know of a host, and what does it learn there?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Progress = Callable[[str], Awaitable[None]]
"""Takes one line without its newline."""


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """What the control plane assigns to an agent; it stays the same through every upgrade."""

    rpc_port: int
    rpc_path: str
    agent_token: str = field(repr=False)
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class InstallTarget:
    """A host, how to log in there over SSH, and who its agent is to be.

    Without ``private_key`` and ``password`` the keys and the SSH agent of the control plane's
    user are tried. ``password`` also answers sudo. ``host_key`` is the host's recorded public
    key (``ssh-ed25519 AAAA...``); without it the known_hosts of the control plane's user decide,
    and ``accept_new_host_key`` allows a key that nobody has recorded yet.
    """

    name: str
    address: str
    ssh_user: str
    ssh_port: int
    private_key: str | None = field(repr=False)
    password: str | None = field(repr=False)
    host_key: str | None
    accept_new_host_key: bool
    config: AgentConfig


@dataclass(frozen=True, slots=True)
class InstalledAgent:
    """What the control plane remembers of an install.

    ``cert_fingerprint`` is the SHA-256 of the agent's certificate in DER form, in lower-case
    hexadecimal; ``host_key`` the SSH public key that the host showed.
    """

    cert_fingerprint: str
    version: str
    host_key: str
