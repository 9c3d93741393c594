# SPDX-License-Identifier: GPL-3.0-or-later
"""What does the content say of a run before it starts? For whom it is, and what will not hold."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from api.runs.content.findings import Finding
from api.runs.content.scan import find_differences
from api.runs.content.verdict import judge
from api.runs.playbooks import inspect_playbook
from api.runs.schemas import CommandRunCreate, PlaybookRunCreate, ScriptRunCreate
from api.runs.targets import EVERY_HOST, list_patterns


class RunContent(NamedTuple):
    """What is known of a run's content."""

    digest: str | None = None
    patterns: Sequence[str] = EVERY_HOST
    """The hosts that it is for, before the selection narrows them."""
    findings: Sequence[Finding] = ()

    def warn(
        self, request: PlaybookRunCreate | CommandRunCreate | ScriptRunCreate, hosts: int
    ) -> list[str]:
        """Return what means something else on so many hosts, each by itself.

        Raises:
            DoesNotHoldError: something would silently go wrong, and nobody said that it may.
        """
        if not isinstance(request, PlaybookRunCreate):
            return []
        has_waves = bool(request.rollout.waves)
        accepted = request.accept_differences
        return judge(self.findings, hosts=hosts, has_waves=has_waves, accepted=accepted)


def read_content(archive: Path, digest: str, request: PlaybookRunCreate) -> RunContent:
    """Read what a playbook of the archive is for and what of it will not hold; blocks.

    Raises:
        RunInputError: it is no playbook, or names no hosts that are known.
    """
    facts = inspect_playbook(archive, request.playbook, request.extra_vars)
    patterns = list_patterns(facts, request.selector.limit, request.extra_vars)
    return RunContent(digest, patterns, find_differences(archive, facts.plays))
