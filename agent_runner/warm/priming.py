# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts does every playbook parse again, and how is that done once?

Ansible parses the documentation of each plugin that it uses, since the options stand there, and
the list of what ansible.builtin has renamed: four fifths of the time to the first line of output.
What comes of a text depends on nothing else, so the resident process parses these and remembers
what came of them, and a playbook that parses the very same text from the same file gets that.
Nothing else is remembered: which plugins there are, each playbook finds out by itself.
"""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from agent_runner.executions.playbooks.ansible_cfg import CALLBACK_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_PARSERS = ("ansible.plugins.loader", "ansible.utils.plugin_docs")
"""The modules of Ansible that parse documentation, each by its own name ``yaml``."""


class Memory:
    """What came of texts, each to be given away once: who gets it may change it."""

    def __init__(self) -> None:
        self._results: dict[Any, list[Any]] = {}

    def wrap(self, parse: Callable[..., Any], key: Callable[..., Any]) -> Callable[..., Any]:
        """Return a parser that first looks here."""

        def recall(*args: Any, **options: Any) -> Any:
            remembered = self._results.get(key(*args, **options))
            return remembered.pop() if remembered else parse(*args, **options)

        return recall

    def record(self, parse: Callable[..., Any], key: Callable[..., Any]) -> Callable[..., Any]:
        """Return a parser that puts here what comes of each text."""

        def store(*args: Any, **options: Any) -> Any:
            self._results.setdefault(key(*args, **options), []).append(parse(*args, **options))
            return parse(*args, **options)

        return store


def prime(kinds: Iterable[str]) -> None:
    """Parse what the loaded plugins of these kinds are documented with, and remember it.

    Ansible's own state is afterwards what it was before.

    Raises:
        Exception: whatever Ansible raises.
    """
    memory = Memory()
    parsers = [importlib.import_module(name) for name in _PARSERS]
    yaml = importlib.import_module("yaml")
    for parser in parsers:
        vars(parser)["yaml"] = _Parser(yaml, memory.record(yaml.load, _name_document))
    _parse_documentation(parsers[0], list(kinds))
    for parser in parsers:
        vars(parser)["yaml"] = _Parser(yaml, memory.wrap(yaml.load, _name_document))
    _remember_renames(memory)


class _Parser:
    """PyYAML with another ``load``."""

    def __init__(self, yaml: Any, load: Callable[..., Any]) -> None:
        self._yaml = yaml
        self.load = load

    def __getattr__(self, name: str) -> Any:
        return getattr(self._yaml, name)


def _name_document(text: Any, Loader: type) -> Any:  # noqa: N803 - PyYAML's name
    """Return all that the result depends on: the text, and the tags that it passes on."""
    if not isinstance(text, str):
        return None
    tags = importlib.import_module("ansible.module_utils._internal._datatag").AnsibleTagHelper
    return str(text), frozenset(tags.tags(text)), Loader


def _parse_documentation(loaders: Any, kinds: list[str]) -> None:
    """Load the options of plugins, and forget what Ansible remembers of it."""
    constants: Any = importlib.import_module("ansible.constants")
    definitions = constants.config._plugins  # noqa: SLF001 - where loaded options are kept
    former = dict(definitions)
    for kind in set(constants.CONFIGURABLE_PLUGINS).intersection(kinds):
        loader = getattr(loaders, f"{kind}_loader")
        for name, text, path in _list_documented(kind):
            module = SimpleNamespace(DOCUMENTATION=text)
            loader._load_config_defs(name, module, path)  # noqa: SLF001 - what it does itself
    definitions.clear()
    definitions.update(former)
    for _, loader in loaders.get_all_plugin_loaders():
        loader._clear_caches()  # noqa: SLF001 - folders were listed that will have changed
    loaders.get_all_plugin_loaders.cache_clear()


def _list_documented(kind: str) -> Iterator[tuple[str, str, str]]:
    """Return name, documentation and file of the loaded plugins of a kind, and of our own."""
    prefix = f"ansible.plugins.{kind}."
    for full_name, module in list(sys.modules.items()):
        text = getattr(module, "DOCUMENTATION", None)
        if full_name.startswith(prefix) and text and module.__file__:
            yield full_name.removeprefix(prefix), text, module.__file__
    if kind == "callback":
        path = CALLBACK_FOLDER / "myx_display.py"
        yield path.stem, _read_documentation(path), str(path)


def _read_documentation(path: Path) -> str:
    """Return what a plugin is documented with, without running it."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="DOCUMENTATION")], value=ast.Constant(str(text))):
                return text
    raise ValueError(f"{path} has no DOCUMENTATION")


def _remember_renames(memory: Memory) -> None:
    """Parse the list of what ansible.builtin has renamed."""
    finder: Any = importlib.import_module("ansible.utils.collection_loader._collection_finder")
    ansible = Path(importlib.import_module("ansible").__file__ or "")
    raw = ansible.with_name("config").joinpath("ansible_builtin_runtime.yml").read_bytes()
    parse = finder._meta_yml_to_dict  # noqa: SLF001 - made to be replaced, its docstring says
    memory.record(parse, _name_list)(raw, ("ansible.builtin", "runtime.yml"))
    finder._meta_yml_to_dict = memory.wrap(parse, _name_list)  # noqa: SLF001 - likewise


def _name_list(text: bytes | str, _content_id: Any) -> Any:
    return text
