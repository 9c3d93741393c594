# SPDX-License-Identifier: GPL-3.0-or-later
"""What does the administrator of this host allow the control plane to start here?

The policy is a JSON file that only the host's administrator writes: its owner is root (or the
agent's own user where the agent is not root), and nobody else may write it. No RPC reads or
changes it. It is read at each start of an execution: a change holds for what starts after it,
and a file that was broken meanwhile refuses everything. No file allows every kind and command.

Allow lists are the strong form: ``"default": "deny"`` with rules for what is needed. Deny rules
over names can be walked around by whoever may run an interpreter, so treat them as a seat belt
and not as a lock.
"""

import fnmatch
import os
import re
import shutil
import stat
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from agent_runner.errors import PolicyError
from agent_runner.executions.environment import PATH
from agent_runner.protocol.errors import PolicyRefusedError

SHELLS = frozenset({"ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "sh", "tcsh", "zsh"})
"""Programs that run a text as a program: a command may be one only where scripts are allowed."""

REST = "..."
"""As a rule's last pattern: any further arguments, or none."""

POLICY_NAME = "policy.json"
"""The file's name, beside the agent's configuration."""

PermittedKind = Literal["command", "script", "playbook", "terminal", "file"]
Effect = Literal["allow", "deny"]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule over an argument vector; the first that matches decides.

    ``argv`` holds a pattern for each argument, the program first; ``"..."`` as the last one
    stands for any further arguments. ``match`` says how a pattern is read: ``exact``, ``glob``
    (``*``, ``?``, ``[...]``) or ``regex`` (the whole argument must match). The program's pattern
    is held against its name as given, its base name and its resolved path.
    """

    name: Annotated[str, msgspec.Meta(min_length=1)]
    effect: Effect
    argv: Annotated[list[str], msgspec.Meta(min_length=1)]
    match: Literal["exact", "glob", "regex"] = "exact"

    def matches(self, argv: list[str]) -> bool:
        """Tell whether this rule speaks of ``argv``."""
        patterns, judged = self.argv, argv
        if patterns[-1] == REST:
            patterns = patterns[:-1]
            judged = argv[: len(patterns)]
        if len(judged) != len(patterns):
            return False
        fits = [
            any(self._fits(pattern, name) for name in _names_of(argument))
            if place == 0
            else self._fits(pattern, argument)
            for place, (pattern, argument) in enumerate(zip(patterns, judged, strict=True))
        ]
        return all(fits)

    def _fits(self, pattern: str, argument: str) -> bool:
        if self.match == "exact":
            return pattern == argument
        if self.match == "glob":
            return fnmatch.fnmatchcase(argument, pattern)
        return re.fullmatch(pattern, argument) is not None


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be started on this host, and as whom.

    ``kinds`` are the kinds of execution, ``rules`` judge commands in their order and ``default``
    those that no rule names. ``users`` are the accounts that commands and scripts may run as, the
    agent's own included; ``None`` allows every account.
    """

    kinds: frozenset[PermittedKind] = frozenset(
        {"command", "script", "playbook", "terminal", "file"}
    )
    rules: tuple[Rule, ...] = ()
    default: Effect = "allow"
    users: frozenset[str] | None = None

    def check_kind(self, kind: PermittedKind) -> None:
        """Raise ``PolicyRefusedError`` unless executions of ``kind`` may run here."""
        if kind not in self.kinds:
            allowed = ", ".join(sorted(self.kinds)) or "nothing"
            raise PolicyRefusedError(
                f"the policy of this host does not allow kind {kind!r} (it allows: {allowed}); "
                "its administrator can add it to 'kinds' in the policy file",
                {"rule": "kinds"},
            )

    def check_command(self, argv: list[str]) -> None:
        """Raise ``PolicyRefusedError``, with the rule's name, unless ``argv`` may run here."""
        self.check_kind("command")
        if "script" not in self.kinds and not SHELLS.isdisjoint(_names_of(argv[0])):
            raise PolicyRefusedError(
                f"the policy of this host allows no scripts, so the shell {argv[0]!r} may not be "
                "a command; name the program itself",
                {"rule": "no-shell"},
            )
        for rule in self.rules:
            if rule.matches(argv):
                if rule.effect == "deny":
                    raise PolicyRefusedError(
                        f"rule {rule.name!r} of this host's policy forbids {argv[0]!r}",
                        {"rule": rule.name},
                    )
                return
        if self.default == "deny":
            raise PolicyRefusedError(
                f"no rule of this host's policy allows {argv[0]!r} with these arguments",
                {"rule": "default"},
            )

    def check_user(self, user: str) -> None:
        """Raise ``PolicyRefusedError`` unless a command may run as ``user``."""
        if self.users is not None and user not in self.users:
            raise PolicyRefusedError(
                f"the policy of this host does not allow to run as {user!r}; its administrator "
                "can add the account to 'users' in the policy file",
                {"rule": "users"},
            )


def load_policy(path: Path) -> Policy:
    """Read the policy, or return the one that allows everything where there is no file.

    Raises:
        PolicyError: somebody else could have written the file, or it is not a policy.
    """
    try:
        with path.open("rb") as file:
            _check_ownership(path, os.fstat(file.fileno()))
            policy = msgspec.json.decode(file.read(), type=Policy)
    except FileNotFoundError:
        return Policy()
    except OSError as error:
        raise PolicyError(f"{path} cannot be read ({error.strerror}); make it a file") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PolicyError(f"{path} is not a policy: {error}; correct or remove it") from error
    _check_patterns(path, policy)
    return policy


def load_policy_to_judge(path: Path) -> Policy:
    """Read the policy for a request that it shall judge.

    Raises:
        PolicyRefusedError: it cannot be used, so that nothing is allowed.
    """
    try:
        return load_policy(path)
    except PolicyError as error:
        raise PolicyRefusedError(
            f"the policy of this host cannot be used: {error}", {"rule": "policy-file"}
        ) from error


def _check_ownership(path: Path, status: os.stat_result) -> None:
    if status.st_uid not in {0, os.geteuid()}:
        raise PolicyError(f"{path} must belong to root: run `chown root {path}`")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PolicyError(f"{path} may be written by others: run `chmod go-w {path}`")


def _check_patterns(path: Path, policy: Policy) -> None:
    for rule in policy.rules:
        if rule.match != "regex":
            continue
        for pattern in rule.argv:
            try:
                re.compile(pattern)
            except re.error as error:
                raise PolicyError(
                    f"{path}: rule {rule.name!r}: {pattern!r} is no regular expression: {error}"
                ) from error


def _names_of(program: str) -> set[str]:
    """Return what a program can be called: as given, its base name, and where it really lies."""
    names = {program, Path(program).name}
    found = shutil.which(program, path=PATH)
    if found:
        real = Path(found).resolve()
        names |= {found, str(real), real.name}
    return names
