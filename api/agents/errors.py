# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between the control plane and an agent, short of the agent's own answer?

``AgentError`` 502
├── ``AgentUnreachableError``   no connection, or it broke; retryable
│   └── ``AgentTimeoutError``   connected, and no answer in time
├── ``AgentTlsError``           the handshake failed; retryable
├── ``AgentFaultError``         an answer 5xx; retryable
├── ``CertificateMismatchError`` another certificate than the pinned one
├── ``AgentAuthError``          401: another token
│   └── ``AgentThrottledError``     429: another token, too often
├── ``AgentPathError``          404: another path
├── ``AgentRefusedError``       any other 4xx
└── ``AgentAnswerError``        what came back is not an answer to what was asked

What the agent answers itself is an ``agent_runner.protocol.errors.RpcError``. Only a failure
that may pass by itself is retryable; which those are is the retry matrix of ``retry``.
"""

from typing import ClassVar, Literal

from api.core.errors import MyxError

AgentReasonCode = Literal["unreachable", "auth_failed", "agent_refused"]
"""How an execution can end that did not begin because of one of these."""


class AgentError(MyxError):
    """The agent could not be called."""

    code = "agent_error"
    status = 502
    reason_code: ClassVar[AgentReasonCode] = "agent_refused"
    maybe_delivered = False
    """Whether the agent may have acted on the request before it failed."""


class AgentUnreachableError(AgentError):
    """The agent cannot be reached; check that the host is up and its RPC port is open."""

    code = "agent_unreachable"
    retryable = True
    reason_code = "unreachable"


class AgentTimeoutError(AgentUnreachableError):
    """The agent did not answer in time; check the load and the network of the host."""

    code = "agent_timeout"
    status = 504


class AgentTlsError(AgentError):
    """The TLS handshake failed; check that the port belongs to a MyX agent."""

    code = "agent_tls_failed"
    retryable = True
    reason_code = "unreachable"


class AgentFaultError(AgentError):
    """The agent failed; 'journalctl -u myx-agent' on the host says why."""

    code = "agent_fault"
    retryable = True


class CertificateMismatchError(AgentError):
    """The agent shows another certificate than the pinned one."""

    code = "certificate_mismatch"
    reason_code = "auth_failed"


class AgentAuthError(AgentError):
    """The agent refuses the token."""

    code = "agent_auth_failed"
    reason_code = "auth_failed"


class AgentThrottledError(AgentAuthError):
    """The agent refuses the token, and this address for a while."""

    code = "agent_throttled"


class AgentPathError(AgentError):
    """The agent does not serve the RPC path."""

    code = "agent_path_wrong"
    reason_code = "auth_failed"


class AgentRefusedError(AgentError):
    """The agent refuses the request."""

    code = "agent_refused"


class AgentAnswerError(AgentError):
    """What came back is no answer of a MyX agent."""

    code = "agent_answer_invalid"
