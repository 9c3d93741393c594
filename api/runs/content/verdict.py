# SPDX-License-Identifier: GPL-3.0-or-later
"""May a playbook run as asked, though some of it means something else here?"""

from collections.abc import Iterable

from api.core.errors import FieldError
from api.runs.content.findings import Finding
from api.runs.errors import DoesNotHoldError

MAX_WARNINGS = 50
"""Warnings that are kept with a run."""


def judge(findings: Iterable[Finding], *, hosts: int, has_waves: bool, accepted: bool) -> list[str]:
    """Return what is worth a warning.

    Raises:
        DoesNotHoldError: something would silently go wrong, and nobody said that it may.
    """
    relevant = [each for each in findings if hosts > 1 or not each.many_hosts_only]
    refused = [each for each in relevant if each.refused and not _is_answered(each, has_waves)]
    if refused and not accepted:
        raise DoesNotHoldError(
            f"{_tell(refused[0])}. {_count(len(refused) - 1)}To run it all the same, say so with "
            "--accept-differences ('accept_differences').",
            tuple(FieldError("playbook", _tell(each)) for each in refused),
        )
    return [_tell(each) for each in relevant][:MAX_WARNINGS]


def _is_answered(finding: Finding, has_waves: bool) -> bool:  # noqa: FBT001 - one question
    return finding.code == "serial" and has_waves


def _tell(finding: Finding) -> str:
    return f"{finding.place}: {finding.message}"


def _count(others: int) -> str:
    return f"There are {others} more of such. " if others else ""
