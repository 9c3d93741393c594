# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a playbook of the content become a template? Read with all it imports and uses."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from api.bundles.content import YAML_ENDINGS
from api.templates.content.files import ContentFiles
from api.templates.content.plays import (
    Import,
    Play,
    Prompt,
    TaskFindings,
    looks_like_playbook,
    read_plays,
    read_tasks,
)
from api.templates.content.roles import RoleReader, RoleSpec
from api.templates.errors import ContentYamlError
from api.templates.options import Option, Rules, Spec, read_spec, read_text

MAX_IMPORTS = 50
MAX_TASK_FILES = 200

_ANY_PLAY = "main"
"""The argument spec of a playbook that is for all of its plays."""


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """What is known of a playbook without running it."""

    playbook: str
    title: str = ""
    description: str = ""
    hosts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    spec: Spec = field(default_factory=Spec)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Which roles, or the playbook itself, ask for each argument."""
    warnings: tuple[str, ...] = ()
    error: str | None = None


def read_template(files: ContentFiles, playbook: str) -> TemplateFacts | None:
    """Read a playbook; None where the file holds something else."""
    try:
        value = files.load(playbook)
        if not looks_like_playbook(value):
            return None
        return _Reading(files, playbook).read(value)
    except ContentYamlError as error:
        return TemplateFacts(playbook, error=error.message)


class _Reading:
    """One playbook being read."""

    def __init__(self, files: ContentFiles, playbook: str) -> None:
        self._files = files
        self._playbook = playbook
        self._warnings: list[str] = []
        self._roles = RoleReader(files, playbook, self._warnings)
        self._plays: list[Play] = []
        self._specs: list[RoleSpec] = []
        self._open: list[str] = []

    def read(self, value: Any) -> TemplateFacts:
        meta = self._load_meta(self._playbook)
        self._walk(self._playbook, value, frozenset())
        main = meta.get(_ANY_PLAY, {})
        comment = read_comment(self._files.texts[self._playbook])
        names = [play.name for play in self._plays if play.name]
        spec, sources = merge_specs(self._specs)
        return TemplateFacts(
            playbook=self._playbook,
            title=read_text(main.get("short_description")) or (names[0] if names else ""),
            description=read_text(main.get("description")) or comment,
            hosts=tuple(dict.fromkeys(each for play in self._plays for each in play.hosts)),
            tags=tuple(sorted({tag for play in self._plays for tag in play.tags})),
            spec=spec,
            sources=sources,
            warnings=tuple(dict.fromkeys(self._warnings)),
        )

    def _walk(self, path: str, value: Any, provided: frozenset[str]) -> None:
        self._open.append(path)
        meta = self._load_meta(path)
        if _ANY_PLAY in meta:
            self._add_own_spec(path, meta[_ANY_PLAY], provided)
        for entry in read_plays(path, value):
            if isinstance(entry, Play):
                self._add_play(path, entry, meta, provided)
            else:
                self._follow(path, entry, provided)

    def _follow(self, path: str, entry: Import, provided: frozenset[str]) -> None:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.target))
        if "{{" in entry.target or target not in self._files.texts:
            self._warnings.append(f"What '{entry.target}' asks for is not known here.")
        elif len(self._open) < MAX_IMPORTS:
            value = self._files.load(target)
            if not looks_like_playbook(value):
                raise ContentYamlError(f"{path} imports {target}, which is no playbook.")
            self._walk(target, value, provided | entry.provided)

    def _add_play(
        self, path: str, play: Play, meta: Mapping[str, Any], inherited: frozenset[str]
    ) -> None:
        findings = TaskFindings(list(play.roles), list(play.task_files), set(play.tags))
        self._add_task_files(path, findings)
        provided = play.provided | inherited | self._read_vars_files(path, play)
        self._plays.append(replace(play, tags=frozenset(findings.tags)))
        if play.spec_name != _ANY_PLAY and play.spec_name in meta:
            self._add_own_spec(path, meta[play.spec_name], provided)
        if play.prompts:
            options = {prompt.name: _make_option(prompt) for prompt in play.prompts}
            self._specs.append(RoleSpec("", Spec(options), provided, frozenset()))
        beside = self._read_names_beside(path)
        for use in findings.roles:
            known = replace(use, provided=use.provided | provided)
            for found in self._roles.read(known, play.collections):
                self._specs.append(replace(found, settled=found.settled | beside))

    def _add_own_spec(self, path: str, entry: Mapping[str, Any], provided: frozenset[str]) -> None:
        spec = read_spec(path, entry, self._warnings)
        self._specs.append(RoleSpec("", spec, provided, self._read_names_beside(path)))

    def _add_task_files(self, path: str, findings: TaskFindings) -> None:
        """Read the files of tasks that are imported, and those that they import."""
        folder = posixpath.dirname(path)
        for count, name in enumerate(findings.files):
            file = posixpath.normpath(posixpath.join(folder, name))
            if count >= MAX_TASK_FILES or file in findings.files[:count]:
                return
            read_tasks(self._load_quietly(file), frozenset(), findings)

    def _read_vars_files(self, path: str, play: Play) -> frozenset[str]:
        names: set[str] = set()
        for name in play.vars_files:
            file = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            value = self._load_quietly(file)
            names |= {str(key) for key in value} if isinstance(value, dict) else set()
        return frozenset(names)

    def _read_names_beside(self, path: str) -> frozenset[str]:
        """Return the variables in group_vars and host_vars beside a playbook."""
        folder = posixpath.dirname(path)
        names: set[str] = set()
        for kind in ("group_vars", "host_vars"):
            prefix = posixpath.join(folder, kind) + "/"
            for file in self._files.texts:
                if file.startswith(prefix):
                    value = self._load_quietly(file)
                    names |= {str(key) for key in value} if isinstance(value, dict) else set()
        return frozenset(names)

    def _load_meta(self, path: str) -> dict[str, dict[str, Any]]:
        """Load the argument specs of a playbook, from where Ansible reads them: NAME.meta.yml."""
        file = self._files.find(f"{posixpath.splitext(path)[0]}.meta")
        value = self._load_quietly(file) if file else None
        entries = value.get("argument_specs") if isinstance(value, dict) else None
        if not isinstance(entries, dict):
            return {}
        return {str(name): each for name, each in entries.items() if isinstance(each, dict)}

    def _load_quietly(self, file: str) -> Any:
        try:
            return self._files.load(file)
        except ContentYamlError as error:
            self._warnings.append(error.message)
            return None


def merge_specs(specs: list[RoleSpec]) -> tuple[Spec, dict[str, tuple[str, ...]]]:
    """Join what all roles ask for, and name who asks for each.

    Where two ask for the same name, the first one says what it is, and it is required or secret
    if any of them says so.
    """
    options: dict[str, Option] = {}
    sources: dict[str, tuple[str, ...]] = {}
    rules = Rules()
    for found in specs:
        asked = {k: v for k, v in found.spec.options.items() if k not in found.provided}
        for name, option in asked.items():
            known = options.get(name, option)
            needed = option.is_required and name not in found.settled
            is_first = name not in options
            options[name] = replace(
                known,
                is_required=needed or (not is_first and known.is_required),
                is_secret=known.is_secret or option.is_secret,
            )
            sources[name] = tuple(dict.fromkeys((*sources.get(name, ()), found.role)))
        rules = rules.join(found.spec.rules.keep(frozenset(asked)))
    return Spec(options, rules), sources


def list_playbooks(files: ContentFiles) -> Iterator[str]:
    """List the files that may hold plays."""
    for path in sorted({*files.texts, *files.unread}):
        stem = posixpath.splitext(path)[0]
        folders = stem.split("/")[:-1]
        if not stem.endswith(".meta") and not _NO_PLAYBOOKS.intersection(folders):
            yield path


_NO_PLAYBOOKS = frozenset(
    {
        *("defaults", "group_vars", "handlers", "host_vars", "inventory"),
        *("meta", "roles", "tasks", "vars"),
    }
)


def is_meant_as_playbook(path: str) -> bool:
    """Say whether a file that cannot be read is told of: one where playbooks are kept."""
    folders = path.split("/")[:-1]
    return not folders or "playbooks" in folders


def read_comment(text: bytes) -> str:
    """Return the comment that a playbook begins with, without what is for programs."""
    lines: list[str] = []
    for line in text.decode(errors="replace").splitlines():
        if line.startswith("#"):
            lines.append(line.lstrip("#").strip())
        elif line.strip() not in ("", "---"):
            break
    told = [line for line in lines if not line.lower().startswith(_FOR_PROGRAMS)]
    return "\n".join(told).strip()


_FOR_PROGRAMS = ("spdx-", "copyright", "yamllint", "ansible-lint", "vim:", "-*-", "code:", "!")


def _make_option(prompt: Prompt) -> Option:
    return Option(
        is_required=prompt.default is None,
        default=prompt.default,
        description=prompt.question,
        is_secret=prompt.is_secret,
    )


def name_templates(playbooks: list[str]) -> dict[str, str]:
    """Give each playbook the shortest name that is its own, and return the playbooks by name."""
    short = {path: _shorten(path) for path in playbooks}
    taken = [*short.values()]
    return {(name if taken.count(name) == 1 else path): path for path, name in short.items()}


_COLLECTION_PARTS = 6


def _shorten(path: str) -> str:
    parts = path.split("/")
    stem = next(path.removesuffix(end) for end in YAML_ENDINGS if path.endswith(end))
    if parts[:2] == ["collections", "ansible_collections"]:
        if len(parts) == _COLLECTION_PARTS and parts[4] == "playbooks":
            return f"{parts[2]}.{parts[3]}.{posixpath.basename(stem)}"
        return path
    return stem.removeprefix("playbooks/")
