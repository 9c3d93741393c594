# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong while an agent is installed or removed?

``InstallError`` 502
├── ``BundleError``            the agent bundle cannot be built or found
├── ``SshUnreachableError``    no SSH connection, or it broke; retryable
├── ``HostKeyUnknownError``    nobody has confirmed the host's SSH key yet
├── ``HostKeyChangedError``    the host shows another SSH key than the recorded one
├── ``SshAuthError``           the host refuses the credentials
├── ``SshKeyError``            the private key cannot be used
├── ``PrivilegeError``         logged in, but neither root nor allowed to become root
├── ``HostUnfitError``         Python, port, disk, processor; ``problem`` is its code
└── ``RoleFailedError``        the role ``myx.fleet.agent`` failed on the host

Every message names the host, the cause and the remedy.
"""

from typing import ClassVar

from api.core.errors import MyxError


class InstallError(MyxError):
    """The agent could not be installed or removed."""

    code = "install_failed"
    status = 502
    reason_code: ClassVar[str] = "install_failed"
    """How the execution ends that tried it."""


class BundleError(InstallError):
    """The agent bundle cannot be built or found."""

    code = "agent_bundle_failed"


class SshUnreachableError(InstallError):
    """The host cannot be reached over SSH."""

    code = "ssh_unreachable"
    retryable = True
    reason_code = "unreachable"


class HostKeyUnknownError(InstallError):
    """Nobody has confirmed the host's SSH key yet."""

    code = "ssh_host_key_unknown"


class HostKeyChangedError(InstallError):
    """The host shows another SSH key than the recorded one."""

    code = "ssh_host_key_changed"


class SshAuthError(InstallError):
    """The host refuses the credentials."""

    code = "ssh_auth_failed"


class SshKeyError(InstallError):
    """The private key cannot be used."""

    code = "ssh_key_unusable"


class PrivilegeError(InstallError):
    """The account is neither root nor allowed to become root."""

    code = "no_root"


class HostUnfitError(InstallError):
    """The host cannot have the agent."""

    code = "host_unfit"

    def __init__(self, message: str, problem: str) -> None:
        super().__init__(message)
        self.problem = problem


class RoleFailedError(InstallError):
    """The role myx.fleet.agent failed on the host."""

    code = "role_failed"
