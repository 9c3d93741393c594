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
import contextlib
import importlib
import os
import pickle
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from agent_runner.executions.playbooks.ansible_cfg import CALLBACK_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_PARSERS = ("ansible.plugins.loader", "ansible.utils.plugin_docs")
"""The modules of Ansible that parse documentation, each by its own name ``yaml``."""

_FINDER = "ansible.utils.collection_loader._collection_finder"


class Memory:
    """What came of texts; who asks gets a copy and may change it.

    Args:
        packed: pickles by what names a text: unpacking what a playbook needs is quick, and having
            all of it unpacked would cost memory, here and in each fork that touches it.
    """

    def __init__(self, packed: Mapping[Any, bytes]) -> None:
        self._packed = packed

    def wrap(self, parse: Callable[..., Any], key: Callable[..., Any]) -> Callable[..., Any]:
        """Return a parser that first looks here."""

        def recall(*args: Any, **options: Any) -> Any:
            packed = self._packed.get(key(*args, **options))
            # It comes from a fork of this process.
            return pickle.loads(packed) if packed else parse(*args, **options)  # noqa: S301

        return recall


def prime(kinds: Iterable[str]) -> None:
    """Parse what the loaded plugins of these kinds are documented with, and remember it.

    It is done in a fork, so that neither Ansible's state here is another one afterwards, nor is
    there memory that only parsing needed. Where that fails, nothing is remembered.
    """
    memory = Memory(_ask_a_fork(list(kinds)))
    for name in _PARSERS:
        parser = importlib.import_module(name)
        load = memory.wrap(parser.yaml.load, name_document)
        vars(parser)["yaml"] = _Parser(parser.yaml, load)
    finder: Any = importlib.import_module(_FINDER)
    recall = memory.wrap(finder._meta_yml_to_dict, _name_list)  # noqa: SLF001 - see its docstring
    finder._meta_yml_to_dict = recall  # noqa: SLF001 - likewise


def _ask_a_fork(kinds: list[str]) -> dict[Any, bytes]:
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        os.close(read_fd)  # or it would wait for ever for a reader, once this process is killed
        with contextlib.suppress(Exception), os.fdopen(write_fd, "wb") as stream:
            pickle.dump(_parse(kinds), stream)
        os._exit(0)
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as stream:
        packed = stream.read()
    os.waitpid(pid, 0)
    results: dict[Any, bytes] = pickle.loads(packed) if packed else {}  # noqa: S301 - see Memory
    return results


def _parse(kinds: list[str]) -> dict[Any, bytes]:
    """Return what comes of each text; Ansible's state here is spoiled by it."""
    results: dict[Any, bytes] = {}

    def record(parse: Callable[..., Any], key: Callable[..., Any]) -> Callable[..., Any]:
        def store(*args: Any, **options: Any) -> Any:
            results[key(*args, **options)] = pickle.dumps(parse(*args, **options))
            return parse(*args, **options)

        return store

    parsers = [importlib.import_module(name) for name in _PARSERS]
    for parser in parsers:
        vars(parser)["yaml"] = _Parser(parser.yaml, record(parser.yaml.load, name_document))
    _parse_documentation(parsers[0], kinds)
    finder: Any = importlib.import_module(_FINDER)
    ansible = Path(importlib.import_module("ansible").__file__ or "")
    raw = ansible.with_name("config").joinpath("ansible_builtin_runtime.yml").read_bytes()
    record(finder._meta_yml_to_dict, _name_list)(raw, "")  # noqa: SLF001 - see its docstring
    return results


class _Parser:
    """PyYAML with another ``load``."""

    def __init__(self, yaml: Any, load: Callable[..., Any]) -> None:
        self._yaml = yaml
        self.load = load

    def __getattr__(self, name: str) -> Any:
        return getattr(self._yaml, name)


def name_document(text: Any, Loader: type) -> Any:  # noqa: N803 - PyYAML's name
    """Return all that the result depends on: the text, and the tags that it passes on."""
    if not isinstance(text, str):
        return None
    tags = importlib.import_module("ansible.module_utils._internal._datatag").AnsibleTagHelper
    return str(text), frozenset(tags.tags(text)), Loader


def _name_list(text: bytes | str, _content_id: Any) -> Any:
    return text


def _parse_documentation(loaders: Any, kinds: list[str]) -> None:
    constants: Any = importlib.import_module("ansible.constants")
    for kind in set(constants.CONFIGURABLE_PLUGINS).intersection(kinds):
        loader = getattr(loaders, f"{kind}_loader")
        for name, text, path in _list_documented(kind):
            module = SimpleNamespace(DOCUMENTATION=text)
            loader._load_config_defs(name, module, path)  # noqa: SLF001 - what it does itself


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
