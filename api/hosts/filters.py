# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts do the filters of a list leave? All but patterns, said in SQL."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, or_, select

from api.db.lists import contains_text
from api.db.visibility import hosts_in_group
from api.hosts.schemas import HostQuery
from api.hosts.selection.fleet import ALL, UNGROUPED
from api.hosts.selection.labels import Requirement, parse_requirement
from api.models import Agent, Host, HostGroup, LastEnd

FAILED_STATES = ("failed", "timed_out", "lost")
"""How an execution ends that has not done what it should; a canceled one was not let."""


def describe_filters(query: HostQuery) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that a list's hosts meet, but for the pattern."""
    if query.group is not None:
        yield from _be_in_group(query.group)
    for text in query.label:
        yield _meet(parse_requirement(text))
    if query.state:
        yield from be_in_states(query.state)
    if query.search is not None:
        yield or_(contains_text(Host.name, query.search), contains_text(Host.address, query.search))


def be_in_states(states: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    """Say that the agent is in one of these states, and where ``failed`` is one, the last end."""
    of_agents = [state for state in states if state != "failed"]
    if of_agents:
        has_state = Host.agent.has(Agent.status.in_(of_agents))
        wants_none = "not_installed" in of_agents
        yield or_(has_state, ~Host.agent.has()) if wants_none else has_state
    if "failed" in states:
        yield Host.id.in_(select(LastEnd.host_id).where(LastEnd.status.in_(FAILED_STATES)))


def _be_in_group(name: str) -> Iterator[ColumnElement[bool]]:
    """Say that a host is in a group or in one inside it; Ansible's own two have no rows."""
    if name == UNGROUPED:
        yield ~select(HostGroup.host_id).where(HostGroup.host_id == Host.id).exists()
    elif name != ALL:
        yield hosts_in_group(name)


def _meet(requirement: Requirement) -> ColumnElement[bool]:
    found: ColumnElement[str] = Host.labels[requirement.key].as_string()
    if requirement.values is None:
        return found.is_(None) if requirement.negated else found.is_not(None)
    if requirement.negated:
        return or_(found.is_(None), found.not_in(requirement.values))
    return found.in_(requirement.values)
