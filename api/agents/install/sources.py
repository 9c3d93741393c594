# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files does an agent bundle come from, and has one of them changed?

In a checkout they lie in the repository; after ``pip install myx`` in the installed package.
"""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import agent_runner
import api
from api.agents.install.errors import BundleError

BUNDLE_FORMAT = 1
"""Raised when the layout of a bundle changes."""

_LOCK_NAME = "constraints.txt"
_IGNORED_SUFFIXES = frozenset({".pyc", ".pyo"})


@dataclass(frozen=True, slots=True)
class BundleSources:
    """The parts of a bundle as they lie on this machine.

    Attributes:
        version: the agent's version.
        agent: folder of the agent's distribution, with its ``pyproject.toml``.
        collection: folder of the collection ``myx.fleet``.
        on_host: folder of the programs that run on the host during an install.
        lock: file with the version of every package.
    """

    version: str
    agent: Path
    collection: Path
    on_host: Path
    lock: Path

    @property
    def collection_parts(self) -> tuple[Path, ...]:
        """The files and folders of the collection that an install needs."""
        names = ("galaxy.yml", "meta", "playbooks", "roles/agent")
        return tuple(self.collection / name for name in names)

    def digest(self, python: str, architecture: str) -> str:
        """Return what a bundle for this Python and architecture is named by.

        It covers everything that goes in, so it is the same on every machine, and another one
        as soon as the agent's source, the collection or the lock changes.
        """
        running = hashlib.sha256(f"{BUNDLE_FORMAT} {python} {architecture}\n".encode())
        for part in (self.agent, *self.collection_parts, self.on_host, self.lock):
            for path in list_files(part):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                name = path.relative_to(part.parent).as_posix()
                running.update(f"{name} {content}\n".encode())
        return running.hexdigest()


def list_files(part: Path) -> Iterator[Path]:
    """Yield the files of a folder (or the file itself) in a fixed order, without caches."""
    if part.is_file():
        yield part
        return
    for path in sorted(part.rglob("*")):
        cached = "__pycache__" in path.parts or path.suffix in _IGNORED_SUFFIXES
        if path.is_file() and not cached:
            yield path


def find_sources() -> BundleSources:
    """Find the parts on this machine.

    Raises:
        BundleError: the installation is incomplete.
    """
    package = Path(api.__file__).parent
    return BundleSources(
        version=agent_runner.__version__,
        agent=Path(agent_runner.__file__).parent,
        collection=_find_collection(package.parent),
        on_host=package / "agents/install/on_host",
        lock=_find_lock(package.parent),
    )


def _find_collection(root: Path) -> Path:
    checkout = root / "collections/ansible_collections/myx/fleet"
    if checkout.is_dir():
        return checkout
    spec = find_spec("ansible_collections")
    for place in spec.submodule_search_locations or () if spec else ():
        installed = Path(place) / "myx/fleet"
        if installed.is_dir():
            return installed
    raise BundleError("The collection myx.fleet is missing; install MyX again.")


def _find_lock(root: Path) -> Path:
    for place in (root / _LOCK_NAME, Path(sys.prefix) / "share/myx" / _LOCK_NAME):
        if place.is_file():
            return place
    raise BundleError(f"The lock file {_LOCK_NAME} is missing; install MyX again.")
