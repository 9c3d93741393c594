# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from api.hosts.selection.labels import check_labels, check_requirement, match_labels

LABELS = {"env": "prod", "tier": "web", "example.org/owner": "a.b-c", "empty": ""}


@pytest.mark.parametrize(
    "requirement",
    [
        "env=prod",
        "env==prod",
        " env = prod ",
        "env!=test",
        "other!=test",
        "env in (prod,test)",
        "env in ( prod , test )",
        "env notin (test)",
        "other notin (test)",
        "env",
        "!other",
        "! other",
        "example.org/owner=a.b-c",
        "empty=",
        "empty in ()",
    ],
)
def test_a_requirement_is_met(requirement: str) -> None:
    """Every form that Kubernetes has means the same here."""
    assert match_labels([check_requirement(requirement)], LABELS)


@pytest.mark.parametrize(
    "requirement",
    ["env=test", "env!=prod", "env in (test)", "env notin (prod)", "other", "!env", "other=x"],
)
def test_a_requirement_is_not_met(requirement: str) -> None:
    """And what is not so, is not."""
    assert not match_labels([check_requirement(requirement)], LABELS)


def test_all_requirements_must_be_met() -> None:
    """Several narrow each other; none narrows nothing."""
    assert match_labels(["env", "tier=web"], LABELS)
    assert not match_labels(["env", "tier=db"], LABELS)
    assert match_labels([], {})


@pytest.mark.parametrize(
    "text",
    ["", "=", "=prod", "a b", "env=prod,tier=web", "!env=prod", "env in prod", "env in (a b)", "ä"],
)
def test_what_is_no_requirement_is_refused(text: str) -> None:
    """The message shows what one looks like."""
    with pytest.raises(ValueError, match=r"requirement on labels|no values of labels"):
        check_requirement(text)


def test_labels_are_those_of_kubernetes() -> None:
    """Keys may have a prefix, values may be empty."""
    assert check_labels(LABELS) == LABELS


@pytest.mark.parametrize(
    "labels",
    [{"": "x"}, {"-a": "x"}, {"a b": "x"}, {"a": "b c"}, {"a": "-"}, {"a" * 64: "x"}, {"/a": "x"}],
)
def test_other_labels_are_refused(labels: dict[str, str]) -> None:
    """What a requirement could not name is refused."""
    with pytest.raises(ValueError, match=r"no key|no value"):
        check_labels(labels)
