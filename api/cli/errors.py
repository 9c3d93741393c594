# SPDX-License-Identifier: GPL-3.0-or-later
"""Which errors can end a ``myx`` command, and what is the user told?

``CliError``                     one or two lines on stderr, exit code 1
├── ``UsageError``               what was typed does not fit; names the argument and the remedy
├── ``NoServerError``            no control plane answers, or none is known; nothing was sent
├── ``ConnectionLostError``      it broke off; what was sent may have been carried out
└── ``ApiError``                 the control plane refused; carries its problem+json
    └── ``LogRemovedError``      the log was there and was removed
"""

from typing import Any


class CliError(Exception):
    """The command could not do what was asked."""


class UsageError(CliError):
    """What was typed does not fit."""


class NoServerError(CliError):
    """No control plane answers."""


class ConnectionLostError(CliError):
    """The connection to the control plane broke off."""


class ApiError(CliError):
    """The control plane refused.

    Attributes:
        status: the HTTP status.
        code: the constant name of the error, empty where the answer was no problem+json.
        retryable: asking the same again may help.
    """

    def __init__(
        self, message: str, *, status: int, code: str = "", retryable: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retryable = retryable


class LogRemovedError(ApiError):
    """The log was there and was removed."""


def describe_problem(problem: dict[str, Any]) -> str:
    """Turn a problem+json into the sentence for the terminal."""
    detail = str(problem.get("detail") or problem.get("title") or "The control plane refused.")
    fields = [f"{item['field']}: {item['message']}" for item in problem.get("errors") or ()]
    further = [sentence for sentence in fields if sentence not in detail]
    if problem.get("request_id"):
        further.append(f"request_id {problem['request_id']}")
    if len(further) > 1:
        return "\n  ".join((detail, *further))
    return f"{detail} ({further[0]})" if further else detail
