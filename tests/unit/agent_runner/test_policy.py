# SPDX-License-Identifier: GPL-3.0-or-later
import json
from pathlib import Path

import pytest

from agent_runner.errors import PolicyError
from agent_runner.policy import Policy, Rule, load_policy
from agent_runner.protocol.errors import PolicyRefusedError


def refusal(policy: Policy, argv: list[str]) -> str:
    """Return the name of the rule that refuses ``argv``."""
    with pytest.raises(PolicyRefusedError) as caught:
        policy.check_command(argv)
    return str(caught.value.data["rule"])


def write(path: Path, document: object, mode: int = 0o600) -> Path:
    """Write a policy file and return its path."""
    path.write_text(json.dumps(document))
    path.chmod(mode)
    return path


def test_without_a_file_everything_is_allowed(tmp_path: Path) -> None:
    """A host without a policy file runs what the control plane sends."""
    policy = load_policy(tmp_path / "policy.json")
    policy.check_command(["reboot"])
    policy.check_kind("playbook")
    policy.check_user("nobody")


def test_a_kind_that_is_not_listed_is_refused() -> None:
    """A refusal of a kind names the kind and what is allowed."""
    policy = Policy(kinds=frozenset({"playbook"}))
    with pytest.raises(PolicyRefusedError, match=r"kind 'script'.*allows: playbook"):
        policy.check_kind("script")


def test_the_first_matching_rule_decides() -> None:
    """An allow rule before a deny rule wins for what it names."""
    policy = Policy(
        rules=(
            Rule("status", "allow", ["systemctl", "status", "..."]),
            Rule("no-systemctl", "deny", ["systemctl", "..."]),
        )
    )
    policy.check_command(["systemctl", "status", "caddy"])
    assert refusal(policy, ["systemctl", "stop", "caddy"]) == "no-systemctl"


def test_a_default_of_deny_makes_the_rules_an_allow_list() -> None:
    """What no rule names is refused under ``default: deny``, extra arguments included."""
    policy = Policy(default="deny", rules=(Rule("uptime", "allow", ["uptime"]),))
    policy.check_command(["uptime"])
    assert refusal(policy, ["uptime", "-p"]) == "default"
    assert refusal(policy, ["id"]) == "default"


@pytest.mark.parametrize("name", ["sh", "/bin/sh", "/usr/bin/../bin/sh", "bash"])
def test_a_shell_needs_scripts_to_be_allowed(name: str) -> None:
    """A shell is found under any of its names where scripts are not allowed."""
    policy = Policy(kinds=frozenset({"command"}))
    assert refusal(policy, [name, "-c", "id"]) == "no-shell"


def test_a_path_does_not_walk_around_a_rule() -> None:
    """A rule over a name also holds for the path of the same program."""
    policy = Policy(rules=(Rule("no-env", "deny", ["env", "..."]),))
    assert refusal(policy, ["/usr/bin/env", "FOO=1"]) == "no-env"


@pytest.mark.parametrize(
    ("match", "pattern", "fits", "fits_not"),
    [
        ("exact", "a*", "a*", "ab"),
        ("glob", "a*", "ab", "ba"),
        ("regex", "a[0-9]+", "a12", "a12b"),
    ],
)
def test_patterns_are_read_as_the_rule_says(
    match: str, pattern: str, fits: str, fits_not: str
) -> None:
    """Exact, glob and regex patterns cover the whole argument."""
    rule = Rule("r", "deny", ["echo", pattern], match)  # type: ignore[arg-type]
    assert rule.matches(["echo", fits])
    assert not rule.matches(["echo", fits_not])


def test_users_are_an_allow_list() -> None:
    """A listed account may be used, another is refused by name."""
    policy = Policy(users=frozenset({"www-data"}))
    policy.check_user("www-data")
    with pytest.raises(PolicyRefusedError, match="'root'"):
        policy.check_user("root")


def test_a_file_that_others_may_write_is_not_trusted(tmp_path: Path) -> None:
    """A group-writable policy stops the agent with the remedy."""
    path = write(tmp_path / "policy.json", {}, 0o620)
    with pytest.raises(PolicyError, match="chmod go-w"):
        load_policy(path)


def test_a_misspelt_key_is_an_error(tmp_path: Path) -> None:
    """A policy with an unknown key is refused instead of read as an empty one."""
    path = write(tmp_path / "policy.json", {"rulez": []})
    with pytest.raises(PolicyError, match="rulez"):
        load_policy(path)


def test_a_broken_expression_is_found_at_the_start(tmp_path: Path) -> None:
    """A regular expression that does not compile is named with its rule."""
    rule = {"name": "odd", "effect": "deny", "argv": ["("], "match": "regex"}
    path = write(tmp_path / "policy.json", {"rules": [rule]})
    with pytest.raises(PolicyError, match="'odd'"):
        load_policy(path)


def test_what_is_no_file_is_not_trusted(tmp_path: Path) -> None:
    """Something that cannot be read in the policy's place is an error and not an empty policy."""
    (tmp_path / "policy.json").mkdir()
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(tmp_path / "policy.json")


def test_text_that_is_not_unicode_is_an_error(tmp_path: Path) -> None:
    """A damaged file is named with the remedy."""
    path = tmp_path / "policy.json"
    path.write_bytes(b'{"users": ["\xff"]}')
    path.chmod(0o600)
    with pytest.raises(PolicyError, match="correct or remove it"):
        load_policy(path)
