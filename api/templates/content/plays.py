# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a playbook's text tell? Its plays, the roles they use, and the variables they set."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.templates.errors import ContentYamlError

_PREFIXES = ("", "ansible.builtin.", "ansible.legacy.")
_TASK_SECTIONS = ("pre_tasks", "tasks", "post_tasks", "handlers")
_BLOCK_SECTIONS = ("block", "rescue", "always")


@dataclass(frozen=True, slots=True)
class RoleUse:
    """A role that a play uses, and the variables that it is given there."""

    name: str
    entry_point: str = "main"
    provided: frozenset[str] = frozenset()
    is_validated: bool = True
    """False where the play asks Ansible not to look at the role's argument spec."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A variable that ``ansible-playbook`` would ask for."""

    name: str
    question: str
    default: Any
    is_secret: bool


@dataclass(frozen=True, slots=True)
class Play:
    """A play, as far as its text says."""

    name: str
    hosts: tuple[str, ...]
    tags: frozenset[str] = frozenset()
    provided: frozenset[str] = frozenset()
    """Variables that it sets."""
    vars_files: tuple[str, ...] = ()
    roles: tuple[RoleUse, ...] = ()
    task_files: tuple[str, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    collections: tuple[str, ...] = ()
    spec_name: str = ""
    """Which argument spec of the playbook is its own."""


@dataclass(frozen=True, slots=True)
class Import:
    """An ``import_playbook``."""

    target: str
    provided: frozenset[str] = frozenset()


@dataclass(slots=True)
class TaskFindings:
    """What lists of tasks use."""

    roles: list[RoleUse] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)


def looks_like_playbook(value: Any) -> bool:
    """Say whether a file holds plays, and not tasks or variables."""
    return isinstance(value, list) and any(
        isinstance(entry, dict) and ("hosts" in entry or _find_import(entry)) for entry in value
    )


def read_plays(path: str, value: Any) -> list[Play | Import]:
    """Read the plays of a playbook.

    Raises:
        ContentYamlError: an entry is no play.
    """
    return [_read_entry(path, number, entry) for number, entry in enumerate(value, start=1)]


def read_tasks(tasks: Any, provided: frozenset[str], findings: TaskFindings) -> None:
    """Collect what a list of tasks uses, those in blocks too."""
    for task in tasks if isinstance(tasks, list) else ():
        if not isinstance(task, dict):
            continue
        known = provided | _names(task.get("vars"))
        findings.tags |= read_tags(task)
        for section in _BLOCK_SECTIONS:
            read_tasks(task.get(section), known, findings)
        for verb in ("import_role", "include_role"):
            role = _find_action(task, verb)
            if role is not None:
                findings.roles += _read_role_task(role, known)
        for verb in ("import_tasks", "include_tasks"):
            file = _find_action(task, verb)
            name = file.get("file", file.get("_raw")) if file else None
            if isinstance(name, str):
                findings.files.append(name)


def read_role(entry: Any, provided: frozenset[str] = frozenset()) -> RoleUse | None:
    """Read an entry of a play's ``roles`` or a role's ``dependencies``."""
    if isinstance(entry, str):
        return RoleUse(entry, provided=provided)
    name = entry.get("role", entry.get("name")) if isinstance(entry, dict) else None
    if not isinstance(name, str):
        return None
    # What is no keyword there is a variable of the role; keywords are no variables' names.
    return RoleUse(name, provided=provided | _names(entry) | _names(entry.get("vars")))


def _read_entry(path: str, number: int, entry: Any) -> Play | Import:
    if not isinstance(entry, dict):
        raise ContentYamlError(
            f"{path}: entry {number} is no play. Write '- hosts: PATTERN' and its tasks under it."
        )
    provided = _names(entry.get("vars"))
    target = _find_import(entry)
    if target:
        return Import(target, provided)
    hosts = entry.get("hosts")
    patterns = [hosts] if isinstance(hosts, str) else hosts
    if not isinstance(patterns, list) or not patterns:
        raise ContentYamlError(
            f"{path}: entry {number} has neither 'hosts' nor 'import_playbook'. Add one of them."
        )
    return _read_play(entry, tuple(map(str, patterns)), provided)


def _read_play(entry: Mapping[str, Any], hosts: tuple[str, ...], provided: frozenset[str]) -> Play:
    findings = TaskFindings(tags=set(read_tags(entry)))
    for role in _list(entry.get("roles")):
        use = read_role(role)
        if use is not None:
            findings.roles.append(use)
            findings.tags |= read_tags(role) if isinstance(role, dict) else set()
    for section in _TASK_SECTIONS:
        read_tasks(entry.get(section), frozenset(), findings)
    name = str(entry.get("name") or "")
    spec_name = entry.get("validate_argspec")
    return Play(
        name=name,
        hosts=hosts,
        tags=frozenset(findings.tags),
        provided=provided,
        vars_files=_list_texts(entry.get("vars_files")),
        roles=tuple(findings.roles),
        task_files=tuple(findings.files),
        prompts=tuple(_read_prompts(entry.get("vars_prompt"))),
        collections=_list_texts(entry.get("collections")),
        spec_name=spec_name if isinstance(spec_name, str) else name,
    )


def _read_prompts(given: Any) -> Iterator[Prompt]:
    for prompt in _list(given):
        if isinstance(prompt, dict) and isinstance(prompt.get("name"), str):
            yield Prompt(
                prompt["name"],
                str(prompt.get("prompt") or ""),
                prompt.get("default"),
                prompt.get("private") is not False,
            )


def _read_role_task(action: Mapping[str, Any], provided: frozenset[str]) -> Iterator[RoleUse]:
    name = action.get("name", action.get("role"))
    if isinstance(name, str):
        entry_point = str(action.get("tasks_from") or "main")
        for ending in (".yml", ".yaml"):
            entry_point = entry_point.removesuffix(ending)
        yield RoleUse(name, entry_point, provided, action.get("rolespec_validate") is not False)


def _find_action(task: Mapping[str, Any], verb: str) -> dict[str, Any] | None:
    """Return the arguments of an action, also where they are written on one line."""
    for prefix in _PREFIXES:
        given = task.get(prefix + verb)
        if isinstance(given, dict):
            return given
        if isinstance(given, str):
            return _split_words(given)
    return None


def _split_words(line: str) -> dict[str, Any]:
    try:
        words = shlex.split(line)
    except ValueError:
        return {}
    pairs = dict(word.split("=", 1) for word in words if "=" in word)
    return {**pairs, **({"_raw": words[0]} if words and "=" not in words[0] else {})}


def _find_import(entry: Mapping[str, Any]) -> str | None:
    for prefix in _PREFIXES:
        target = entry.get(f"{prefix}import_playbook")
        if isinstance(target, str):
            return target
    return None


def read_tags(entry: Mapping[str, Any]) -> set[str]:
    """Return the tags of a play, a role or a task."""
    given = entry.get("tags")
    tags = given.split(",") if isinstance(given, str) else _list(given)
    return {tag.strip() for tag in tags if isinstance(tag, str) and tag.strip()}


def _names(given: Any) -> frozenset[str]:
    return frozenset(map(str, given)) if isinstance(given, dict) else frozenset()


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []


def _list_texts(given: Any) -> tuple[str, ...]:
    each = [given] if isinstance(given, str) else _list(given)
    return tuple(one for one in each if isinstance(one, str))
