# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the archive of a module that comes with Ansible not made anew in each run?

``ansible-playbook`` makes an archive of each module and what it imports, and keeps it for the run
in a folder of its own. That folder begins with the archives that former runs have made, if those
were made of the very files that Ansible consists of now, and nothing else could be in them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

from agent_runner.warm.modules.target.caching import prepare_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

KEPT_STATES = 2
"""For so many states of the installed Ansible archives are kept; those used last."""

_STORE_NAME = "archives"
_OF_ANSIBLE = "ansible.modules."  # begins the names of archives whose module comes with it
_UNFINISHED = (".lock", "-part")
_NO_NAMES = {"__init__", "__pycache__"}
_SOURCES = ("modules", "module_utils")
_MAKERS = (
    "release.py", "executor/module_common.py", "_internal/_ansiballz/_builder.py",
    "config/ansible_builtin_runtime.yml",
)  # fmt: skip


class Places(NamedTuple):
    """Where archives come from and go to.

    Attributes:
        package: where Ansible lies.
        run: where this run keeps archives.
        cache: where this host keeps what outlives a run.
    """

    package: Path
    run: Path
    cache: Path


def offer_archives(places: Places, module_utils: Iterable[str]) -> None:
    """Let a run begin with the archives of former runs.

    Args:
        places: see there.
        module_utils: the folders that modules may import from, Ansible's own among them.

    Raises:
        OSError: the folders cannot be written.
    """
    if not _are_own(places, module_utils):
        for path in _list_archives(places.run):
            if path.is_symlink():
                path.unlink(missing_ok=True)
    elif not places.run.exists() and (store := _open_store(places)):
        _link_all(places.run, store)


def keep_archives(places: Places, module_utils: Iterable[str]) -> None:
    """Keep for later runs what this one has made of Ansible's own files.

    Raises:
        OSError: the folders cannot be written.
    """
    made = [path for path in _list_archives(places.run) if not path.is_symlink()]
    if not made or not _are_own(places, module_utils) or not (store := _open_store(places)):
        return
    for path in made:
        draft, kept = store / f"{path.name}.{os.getpid()}-part", store / path.name
        shutil.copyfile(path, draft)
        draft.chmod(0o600)
        draft.replace(kept)
        link = path.with_name(f"{path.name}.{os.getpid()}-part")
        link.symlink_to(kept)
        link.replace(path)  # so that it is not copied again
    _forget_former(store)


def _are_own(places: Places, module_utils: Iterable[str]) -> bool:
    """Tell whether nothing but Ansible's own files could be put into an archive of its modules.

    What its modules import is found by its first name, so another folder only matters if it has
    one of those names.
    """
    own = places.package / "module_utils"
    others = [path for path in module_utils if path != str(own)]
    if not others:
        return True
    names = _list_names(str(own))
    return not any(names & _list_names(path) for path in others)


def _list_names(folder: str) -> set[str]:
    try:
        names = os.listdir(folder)  # noqa: PTH208 - before each module
    except OSError:
        return set()
    return {name.partition(".")[0] for name in names} - _NO_NAMES


def _list_archives(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError):
        for path in folder.iterdir():
            if path.name.startswith(_OF_ANSIBLE) and not path.name.endswith(_UNFINISHED):
                yield path


def _open_store(places: Places) -> Path | None:
    """Return the folder for this state of Ansible, if it is this account's alone."""
    stores = places.cache / _STORE_NAME
    store = stores / _name_state(places.package)
    if not prepare_private(str(places.cache), str(stores), str(store)):
        return None
    return store


def _name_state(package: Path) -> str:
    """Return the digest of what tells one state of the installed Ansible from another."""
    digest = hashlib.sha256(str(package).encode())
    for folder in _SOURCES:
        for parent, _, names in os.walk(package / folder):
            for name in names:
                if name.endswith(".py"):
                    digest.update(_describe_file(f"{parent}/{name}"))
    for name in _MAKERS:
        digest.update(_describe_file(f"{package}/{name}"))
    return digest.hexdigest()[:32]


def _describe_file(path: str) -> bytes:
    try:
        facts = os.stat(path)  # noqa: PTH116 - some hundred files
    except FileNotFoundError:
        return b"-"
    return f"{path}\0{facts.st_ino} {facts.st_size} {facts.st_mtime_ns}\n".encode()


def _link_all(run: Path, store: Path) -> None:
    """Make the folder of a run with links to what is kept, unless somebody was first."""
    draft = run.with_name(f"{run.name}.{os.getpid()}")
    draft.mkdir(mode=0o700)
    for path in _list_archives(store):
        (draft / path.name).symlink_to(path)
    try:
        draft.rename(run)
    except OSError:
        shutil.rmtree(draft)


def _forget_former(store: Path) -> None:
    """Remove what was kept for states of Ansible that were replaced."""
    os.utime(store)
    states = sorted(store.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in states[KEPT_STATES:]:
        shutil.rmtree(path, ignore_errors=True)
