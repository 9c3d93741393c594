# SPDX-License-Identifier: GPL-3.0-or-later

import pytest

from api.runs.errors import HostsNotKnownYetError, LimitRequiredError
from api.runs.playbook_yaml import Play
from api.runs.playbooks import PlaybookFacts
from api.runs.targets import list_patterns


def facts(*hosts: str, unknown_imports: tuple[str, ...] = (), **variables: object) -> PlaybookFacts:
    """Return the facts of a playbook with a play for each pattern."""
    plays = tuple(Play((pattern,), variables) for pattern in hosts)
    return PlaybookFacts(plays, unknown_imports)


def test_without_a_limit_the_plays_decide() -> None:
    """The patterns of all plays are taken, each once, and localhost means nothing."""
    assert list_patterns(facts("web", "localhost", "db", "web"), None, {}) == ["web", "db"]


def test_a_limit_narrows_the_plays() -> None:
    """With a limit the plays' patterns stay, for the limit to narrow."""
    assert list_patterns(facts("web"), "all", {}) == ["web"]


@pytest.mark.parametrize(
    "playbook",
    [
        facts("localhost"),
        facts("{{ somewhere }}"),
        facts("web", unknown_imports=("{{ a }}.yml",)),
        facts("web", "localhost"),
    ],
)
def test_a_limit_decides_where_the_plays_cannot(playbook: PlaybookFacts) -> None:
    """Plays for localhost, or whose hosts are not known here, leave the choice to the limit."""
    assert list_patterns(playbook, "web1", {}) == ["all"]


def test_only_localhost_needs_a_limit() -> None:
    """A playbook for localhost alone says nothing about where to run."""
    with pytest.raises(LimitRequiredError, match="--limit"):
        list_patterns(facts("localhost", "127.0.0.1"), None, {})


@pytest.mark.parametrize(
    "playbook", [facts("web", "{{ target }}"), facts("web", unknown_imports=("{{ target }}",))]
)
def test_hosts_that_only_ansible_knows_need_a_limit(playbook: PlaybookFacts) -> None:
    """A pattern that cannot be rendered here is named, with the remedy."""
    with pytest.raises(HostsNotKnownYetError, match=r"'\{\{ target \}\}'.*--limit"):
        list_patterns(playbook, None, {})


def test_extra_vars_win_over_the_plays_own() -> None:
    """A templated pattern takes extra vars first, then the play's vars."""
    playbook = facts("{{ target }}", target="db")

    assert list_patterns(playbook, None, {}) == ["db"]
    assert list_patterns(playbook, None, {"target": "web"}) == ["web"]


def test_a_list_of_patterns_keeps_all_of_them() -> None:
    """A play's list may hold patterns with commas: none of the names behind them is dropped."""
    listed = PlaybookFacts((Play(("web1,web2", "db", "!web2")), Play(("web1,web2",))), ())
    assert list_patterns(listed, None, {}) == ["web1:web2:db:!web2", "web1,web2"]
