# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts do the plays of a playbook name? As patterns, which ``api.hosts`` then resolves."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.runs.errors import HostsNotKnownYetError, LimitRequiredError
from api.runs.playbooks import PlaybookFacts
from api.runs.templating import CannotRenderError, render_pattern

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
"""A play for one of these runs on whichever host runs the playbook."""

EVERY_HOST = ["all"]


def list_patterns(
    facts: PlaybookFacts, limit: str | None, extra_vars: Mapping[str, Any]
) -> list[str]:
    """List the patterns of the hosts that the playbook is for, before the limit narrows them.

    Raises:
        LimitRequiredError: the plays name only localhost, and there is no limit.
        HostsNotKnownYetError: only Ansible on a host can tell, and there is no limit.
    """
    patterns, unknown = _render_patterns(facts, extra_vars)
    named = [pattern for pattern in patterns if pattern not in LOCAL_NAMES]
    if limit is not None:
        return EVERY_HOST if unknown or named != patterns else named
    if unknown:
        raise HostsNotKnownYetError(
            f"Which hosts '{unknown[0]}' names is only known on a host. "
            "Say on which hosts to run with --limit, or pass the variables it needs.",
            "limit",
        )
    if not named:
        raise LimitRequiredError(
            "The plays name only localhost, which any host is to itself. "
            "Say on which hosts to run with --limit; 'all' is a pattern.",
            "limit",
        )
    return named


def _render_patterns(
    facts: PlaybookFacts, extra_vars: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """Return the patterns of all plays, and what cannot be rendered here."""
    patterns: list[str] = []
    unknown = list(facts.unknown_imports)
    for play in facts.plays:
        template = _join(play.hosts)
        try:
            patterns.append(render_pattern(template, {**play.variables, **extra_vars}))
        except CannotRenderError:
            unknown.append(template)
    return list(dict.fromkeys(patterns)), unknown


def _join(hosts: Sequence[str]) -> str:
    """Join a play's list of patterns as Ansible does, which splits each of them first."""
    if len(hosts) == 1:
        return hosts[0]
    # Where there is a comma, Ansible takes no colon for a separator.
    return ":".join(pattern.replace(",", ":") for pattern in hosts)
