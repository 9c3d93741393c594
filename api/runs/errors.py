# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request about runs?

``RunNotFoundError`` 404
``IdempotencyConflictError`` 409     the key was used for another request
``RunEndedError`` 409                it has ended: there is nothing to pause
``RunNotEndedError`` 409             it goes on: there is nothing to try again yet
``NothingToRetryError`` 409          every host that is still known succeeded
``SecretsForgottenError`` 409        what it ran with is not kept any more
``RunReportedError`` 409             it was started elsewhere: nobody here can cancel it
``RunNotReportedError`` 409          it was not: nobody else tells how it goes
``ReportGapError`` 409               a piece of a reported log would leave a hole
``ReportTooLargeError`` 422          more is reported than is taken of one run
``RunInputError`` 422
├── ``LimitRequiredError``           nothing says on which hosts
├── ``PlaybookNotFoundError``        not in the content; names what is near
├── ``PlaybookInvalidError``         no YAML or no playbook; names line and column
├── ``HostsNotKnownYetError``        only Ansible on the host can tell which hosts a play is for
├── ``DoesNotHoldError``             it would mean something else on each host by itself
└── ``BundleUnknownError``           the bundle was never sent

That nothing matches a pattern is said by ``api.hosts.errors.NoHostsMatchedError``.
"""

from api.core.errors import ConflictError, FieldError, InvalidInputError, NotFoundError


class RunNotFoundError(NotFoundError):
    """There is no run with that number; 'myx runs' lists them."""

    code = "run_not_found"

    @classmethod
    def of(cls, run_id: int) -> "RunNotFoundError":
        """Make it for one number."""
        return cls(f"There is no run {run_id}; 'myx runs' lists them.")


class RunReportedError(ConflictError):
    """The run was started elsewhere and is only reported here."""

    code = "run_reported"

    @classmethod
    def of(cls, run_id: int, reported_from: str | None) -> "RunReportedError":
        """Make it for one run."""
        return cls(
            f"Run {run_id} was started elsewhere and is only reported here: cancel it, or start "
            f"it again, on {reported_from or 'the machine where it was started'}."
        )


class RunNotReportedError(ConflictError):
    """The run is carried out from here: nobody else reports it."""

    code = "run_not_reported"


class ReportGapError(ConflictError):
    """A piece of a log begins behind what is stored; send what lies before it first."""

    code = "report_gap"


class ReportTooLargeError(InvalidInputError):
    """The run has reported as much as is taken of one run."""

    code = "report_too_large"


class RunEndedError(ConflictError):
    """The run has ended."""

    code = "run_ended"

    @classmethod
    def of(cls, run_id: int, status: str) -> "RunEndedError":
        """Make it for one run."""
        return cls(f"Run {run_id} has already ended: {status}.")


class RunNotEndedError(ConflictError):
    """The run has not ended."""

    code = "run_not_ended"

    @classmethod
    def of(cls, run_id: int) -> "RunNotEndedError":
        """Make it for one run."""
        return cls(f"Run {run_id} has not ended; 'myx cancel {run_id}' ends it.")


class NothingToRetryError(ConflictError):
    """Every host of the run that is still known succeeded."""

    code = "nothing_to_retry"

    @classmethod
    def of(cls, run_id: int) -> "NothingToRetryError":
        """Make it for one run."""
        return cls(f"Every host of run {run_id} that is still known succeeded.")


class SecretsForgottenError(ConflictError):
    """The variables or credentials of the run are not kept any more; start it anew with them."""

    code = "secrets_forgotten"


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


class DoesNotHoldError(RunInputError):
    """Something in the playbook would silently go wrong where each host runs it by itself."""

    code = "does_not_hold"

    def __init__(self, message: str | None = None, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors
