# SPDX-License-Identifier: GPL-3.0-or-later
"""Why can the agent not start or do what its command line was asked?

``AgentError``
├── ``ConfigError``   the configuration is missing, unreadable or wrong
├── ``PolicyError``   the host's policy cannot be trusted or understood
├── ``TlsError``      the certificate cannot be made or used
└── ``ListenError``   the port cannot be opened

What a remote caller can get wrong is in ``agent_runner.protocol.errors``.
"""

from typing import ClassVar


class AgentError(Exception):
    """The agent cannot do it."""

    code: ClassVar[str] = "agent_error"
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").splitlines()[0]
        super().__init__(self.message)


class ConfigError(AgentError):
    """The agent's configuration cannot be used."""

    code = "config_error"
    exit_status = 78  # sysexits.h EX_CONFIG: a restart cannot help


class PolicyError(AgentError):
    """The host's policy cannot be trusted or understood, so nothing may be started."""

    code = "policy_error"
    exit_status = 78


class TlsError(AgentError):
    """The agent's certificate cannot be made or used."""

    code = "tls_error"
    exit_status = 78


class ListenError(AgentError):
    """The agent's port cannot be opened."""

    code = "listen_error"
    exit_status = 71  # sysexits.h EX_OSERR: a restart may help
