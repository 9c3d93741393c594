# SPDX-License-Identifier: GPL-3.0-or-later
"""Where is the agent bundle for a Python and processor, and how is it built when there is none?

A bundle is one ``myx-agent-VERSION-cpXY-ARCHITECTURE-DIGEST.tar.gz``::

    MANIFEST.json  VERSION  requirements.txt      what it is, and each wheel with its hash
    wheels/  bin/uv                               everything the agent needs, and who installs it
    installer/apply.py  installer/collections/    what runs the role on the host
    python/                                       a CPython for hosts that have none which fits

Its digest covers what goes in, so a look at the name tells whether it is the right one. A bundle
that carries a Python is named ``...-DIGEST-python.tar.gz``.
"""

import asyncio
import fcntl
import gzip
import hashlib
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from api.agents.install.errors import BundleError
from api.agents.install.own_python import OwnPython
from api.agents.install.sources import BundleSources, list_files
from api.agents.install.targets import Progress
from api.agents.install.wheelhouse import fill_wheelhouse, take_uv, write_requirements

PYTHONS = ("3.11", "3.12", "3.13")
"""The Pythons that agents run on."""

ARCHITECTURES = ("x86_64", "aarch64")
"""The processors that agents run on, as ``uname -m`` names them."""

_DIGEST_LENGTH = 12
_PRIVATE_DIR = 0o700
_BUILDING = ".building-"
_SUFFIX = ".tar.gz"
_WITH_PYTHON = f"-python{_SUFFIX}"


@dataclass(frozen=True, slots=True)
class AgentBundle:
    """A bundle on this machine.

    ``version_id`` names the folder of the installed version on a host.
    """

    path: Path
    version: str
    digest: str

    @property
    def name(self) -> str:
        """The file's name without ``.tar.gz``."""
        return self.path.name.removesuffix(".tar.gz")

    @property
    def version_id(self) -> str:
        """The agent's version and the bundle's digest."""
        return f"{self.version}-{self.digest}"

    @property
    def size_bytes(self) -> int:
        """How long the file is."""
        return self.path.stat().st_size


class AgentBundles:
    """Finds bundles, and builds each at most once however many ask for it.

    Args:
        sources: what bundles are built from.
        cache_dir: where built bundles are kept.
        ready_dir: a folder with bundles that were built elsewhere; it is looked at first.
        python_dir: a CPython that can be moved, for hosts that have none which fits.
    """

    def __init__(
        self,
        sources: BundleSources,
        cache_dir: Path,
        ready_dir: Path | None,
        python_dir: Path | None = None,
    ) -> None:
        self._sources = sources
        self._cache_dir = cache_dir
        self._ready_dir = ready_dir
        self._python_dir = python_dir
        self._building = asyncio.Lock()

    @property
    def role_dir(self) -> Path:
        """The folder of the role ``agent`` on this machine."""
        return self._sources.collection / "roles/agent"

    @property
    def have_python(self) -> bool:
        """Whether bundles can bring a Python along."""
        return self._python_dir is not None

    async def get_bundle(
        self, python: str | None, architecture: str, progress: Progress
    ) -> AgentBundle:
        """Return the bundle for a Python ("3.11"; None: its own) and a processor ("x86_64").

        Raises:
            BundleError: there are no such agents, or it cannot be built.
        """
        async with self._building:
            own = None
            if python is None and self._python_dir is not None:
                own = await asyncio.to_thread(OwnPython.load, self._python_dir)
            version = own.version if own else python or "none"
            asked = (version, architecture, own)
            found = await asyncio.to_thread(self.find_bundle, *asked)
            if found is not None:
                return found
            await progress(
                f"Building the agent bundle for Python {version} on {architecture} (once)"
            )
            return await asyncio.to_thread(self.build_bundle, *asked)

    def find_bundle(
        self, python: str, architecture: str, own: OwnPython | None = None
    ) -> AgentBundle | None:
        """Return the bundle if it is there already, the one that carries a Python if one is given.

        Raises:
            BundleError: there are no agents for this Python or processor.
        """
        name = self._name(python, architecture, own)
        for folder in (self._ready_dir, self._cache_dir):
            if folder is not None and (folder / name).is_file():
                return self._describe(folder / name)
        return None

    def build_bundle(
        self, python: str, architecture: str, own: OwnPython | None = None
    ) -> AgentBundle:
        """Build the bundle unless another process has done so meanwhile; blocks.

        Raises:
            BundleError: it cannot be built.
        """
        destination = self._cache_dir / self._name(python, architecture, own)
        try:
            self._cache_dir.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
            with (
                _locked(self._cache_dir / "lock"),
                tempfile.TemporaryDirectory(dir=self._cache_dir, prefix=_BUILDING) as place,
            ):
                if not destination.is_file():
                    self._remove_leftovers(keep=Path(place))
                    self._fill(Path(place) / "tree", python, architecture, own)
                    _pack(Path(place) / "tree", Path(place) / "packed")
                    self._forget_outdated(python, architecture, own)
                    (Path(place) / "packed").rename(destination)
        except OSError as error:
            raise BundleError(
                f"The agent bundle could not be written to {self._cache_dir}: {error.strerror}. "
                "Make room there, or name another folder with MYX_DATA_DIR."
            ) from error
        return self._describe(destination)

    def _fill(self, tree: Path, python: str, architecture: str, own: OwnPython | None) -> None:
        for folder in ("wheels", "bin", "installer"):
            (tree / folder).mkdir(parents=True)
        fill_wheelhouse(tree / "wheels", self._sources, python, architecture)
        take_uv(tree / "wheels", tree / "bin/uv")
        write_requirements(tree / "wheels", tree / "requirements.txt")
        self._copy_installer(tree / "installer")
        if own is not None:
            own.copy_to(tree / "python")
        (tree / "VERSION").write_text(f"{self._sources.version}\n")
        manifest = {
            "name": "myx-agent",
            "version": self._sources.version,
            "version_id": f"{self._sources.version}-{self._digest(python, architecture, own)}",
            "python": python,
            "architecture": architecture,
            "wheels": sorted(wheel.name for wheel in (tree / "wheels").iterdir()),
        }
        (tree / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")

    def _copy_installer(self, installer: Path) -> None:
        shutil.copy(self._sources.on_host / "apply.py", installer / "apply.py")
        root = installer / "collections/ansible_collections/myx/fleet"
        for part in self._sources.collection_parts:
            for path in list_files(part):
                copy = root / path.relative_to(self._sources.collection)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)

    def _remove_leftovers(self, keep: Path) -> None:
        """Remove what a killed builder left; no other one is at work while we hold the lock."""
        for path in self._cache_dir.glob(f"{_BUILDING}*"):
            if path != keep:
                shutil.rmtree(path, ignore_errors=True)

    def _forget_outdated(self, python: str, architecture: str, own: OwnPython | None) -> None:
        """Remove the bundles of the sources as they were before."""
        for path in self._cache_dir.glob(f"myx-agent-*{_describe_target(python, architecture)}-*"):
            if path.name.endswith(_WITH_PYTHON) == (own is not None):
                path.unlink(missing_ok=True)

    def _name(self, python: str, architecture: str, own: OwnPython | None) -> str:
        if python not in PYTHONS or architecture not in ARCHITECTURES:
            raise BundleError(
                f"There is no agent for Python {python} on {architecture}; there are agents for "
                f"Python {', '.join(PYTHONS)} on {' and '.join(ARCHITECTURES)}."
            )
        if own is not None and own.architecture != architecture:
            raise BundleError(
                f"The Python in {own.folder} is for {own.architecture}, and the host's processor "
                f"is {architecture}: name one for {architecture}."
            )
        target = _describe_target(python, architecture)
        digest = self._digest(python, architecture, own)
        suffix = _SUFFIX if own is None else _WITH_PYTHON
        return f"myx-agent-{self._sources.version}-{target}-{digest}{suffix}"

    def _digest(self, python: str, architecture: str, own: OwnPython | None) -> str:
        digest = self._sources.digest(python, architecture)
        if own is not None:
            digest = hashlib.sha256(f"{digest} {own.digest}".encode()).hexdigest()
        return digest[:_DIGEST_LENGTH]

    def _describe(self, path: Path) -> AgentBundle:
        digest = path.name.removesuffix(_SUFFIX).removesuffix("-python").rpartition("-")[2]
        return AgentBundle(path=path, version=self._sources.version, digest=digest)


def _describe_target(python: str, architecture: str) -> str:
    return f"cp{python.replace('.', '')}-{architecture}"


def _pack(tree: Path, destination: Path) -> None:
    """Write a tar.gz that is the same for the same files, whenever and wherever it is made."""
    with (
        destination.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
        tarfile.open(mode="w", fileobj=_as_writable(packed), format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted(tree.rglob("*")):
            member = archive.gettarinfo(path, arcname=path.relative_to(tree).as_posix())
            member.uid = member.gid = member.mtime = 0
            member.uname = member.gname = "root"
            member.mode = 0o755 if path.is_dir() or member.mode & 0o100 else 0o644
            if path.is_dir():
                archive.addfile(member)
            else:
                with path.open("rb") as file:
                    archive.addfile(member, file)


def _as_writable(file: gzip.GzipFile) -> IO[bytes]:
    return file  # type: ignore[return-value]  # typeshed does not see that GzipFile is an IO


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that other processes respect, too."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
