# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with hosts?

``MyxError``
├── ``NotFoundError``
│   └── ``HostNotFoundError``          no host has that name
├── ``ConflictError``
│   ├── ``HostExistsError``            the name is taken
│   ├── ``AgentNotInstalledError``     the host has no agent yet
│   ├── ``HostInMaintenanceError``     nothing new starts there
│   ├── ``CredentialsChangedError``    somebody else has changed its credentials meanwhile
│   └── ``SigningKeyMismatchError``    the agent trusts another control plane's content
├── ``InvalidInputError``
│   ├── ``PatternError``               not an Ansible host pattern
│   └── ``NoHostsMatchedError``        the pattern, or a name in it, matches nothing
└── ``UnavailableError``
    ├── ``NoFreePortError``            all RPC ports are taken
    └── ``AgentFailedError``           the agent answered with an error of its own
"""

from api.core.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError

LIST_HINT = "'myx host list' shows all hosts with their groups."


class HostNotFoundError(NotFoundError):
    """There is no such host."""

    code = "host_not_found"

    @classmethod
    def of(cls, *names: str) -> "HostNotFoundError":
        """Make the error that names what is missing."""
        listed = ", ".join(f"'{name}'" for name in names)
        noun = "host" if len(names) == 1 else "hosts"
        return cls(f"There is no {noun} {listed}. {LIST_HINT}")


class HostExistsError(ConflictError):
    """A host has that name already."""

    code = "host_exists"

    @classmethod
    def of(cls, name: str) -> "HostExistsError":
        """Make the error that names the host."""
        return cls(
            f"There is a host '{name}' already. Change it with PATCH /api/v1/hosts/{name}, "
            "or choose another name."
        )


class AgentNotInstalledError(ConflictError):
    """The host has no agent yet."""

    code = "agent_not_installed"

    @classmethod
    def of(cls, name: str) -> "AgentNotInstalledError":
        """Make the error that names the host."""
        return cls(f"Host '{name}' has no agent yet. Install it with 'myx host install {name}'.")


class HostInMaintenanceError(ConflictError):
    """The host is in maintenance."""

    code = "host_in_maintenance"

    @classmethod
    def of(cls, name: str, reason: str | None) -> "HostInMaintenanceError":
        """Make the error that names the host."""
        why = f": {reason}" if reason else ""
        return cls(
            f"Host '{name}' is in maintenance{why}. End it with 'myx host maintenance off {name}'."
        )


class CredentialsChangedError(ConflictError):
    """The agent got other credentials meanwhile."""

    code = "credentials_changed"

    @classmethod
    def of(cls, name: str) -> "CredentialsChangedError":
        """Make the error that names the host."""
        return cls(
            f"The agent of '{name}' got other credentials meanwhile, by an installation or another "
            "rotation. Nothing is lost; rotate again if these should not stay."
        )


class SigningKeyMismatchError(ConflictError):
    """The agent runs only content that another control plane has signed."""

    code = "signing_key_mismatch"

    @classmethod
    def of(cls, name: str, trusted: str, own: str) -> "SigningKeyMismatchError":
        """Make the error that names both public keys."""
        return cls(
            f"The agent of '{name}' takes only content that is signed with the key {trusted}, and "
            f"this control plane signs with {own}: no playbook of it would run there. Run "
            f"playbooks/install_agent.yml with -e agent_bundle_public_key={own}, then enroll "
            "again; or enroll the host with the control plane whose key it has."
        )


class PatternError(InvalidInputError):
    """That is not an Ansible host pattern."""

    code = "pattern_invalid"


class NoHostsMatchedError(InvalidInputError):
    """The pattern matches no host."""

    code = "no_hosts_matched"


class NoFreePortError(UnavailableError):
    """Every RPC port is taken by another host."""

    code = "no_free_port"


class AgentFailedError(UnavailableError):
    """The agent answered with an error of its own."""

    code = "agent_failed"
