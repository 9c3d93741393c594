# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request about runs?

``RunNotFoundError`` 404
``IdempotencyConflictError`` 409     the key was used for another request
``RunInputError`` 422
├── ``LimitRequiredError``           nothing says on which hosts
├── ``PlaybookNotFoundError``        not in the content; names what is near
├── ``PlaybookInvalidError``         no YAML or no playbook; names line and column
├── ``HostsNotKnownYetError``        only Ansible on the host can tell which hosts a play is for
└── ``BundleUnknownError``           the bundle was never sent

That nothing matches a pattern is said by ``api.hosts.errors.NoHostsMatchedError``.
"""

from api.core.errors import ConflictError, FieldError, InvalidInputError, NotFoundError


class RunNotFoundError(NotFoundError):
    """There is no run with that number; 'myx runs' lists them."""

    code = "run_not_found"


class IdempotencyConflictError(ConflictError):
    """This Idempotency-Key was used for another request; use a new key."""

    code = "idempotency_conflict"


class RunInputError(InvalidInputError):
    """The run cannot start as asked."""

    code = "run_invalid"

    def __init__(self, message: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        if field is not None:
            self.errors = (FieldError(field, self.message),)


class LimitRequiredError(RunInputError):
    """Say on which hosts with --limit; 'all' is a pattern."""

    code = "limit_required"


class PlaybookNotFoundError(RunInputError):
    """The content has no such playbook."""

    code = "playbook_not_found"


class PlaybookInvalidError(RunInputError):
    """The playbook cannot be read."""

    code = "playbook_invalid"


class HostsNotKnownYetError(RunInputError):
    """Which hosts the plays are for is only known on a host; say on which with --limit."""

    code = "hosts_not_known_yet"


class BundleUnknownError(RunInputError):
    """The content bundle is not there; send it first with PUT /api/v1/bundles/{digest}."""

    code = "bundle_unknown"
