# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path

import pytest

from api.agents.install.bundle import AgentBundles
from api.agents.install.errors import BundleError
from api.agents.install.own_python import OwnPython
from api.agents.install.sources import BundleSources

PROGRAM = b"\x7fELF".ljust(18, b"\0") + bytes([62, 0])
"""The beginning of a program for x86_64."""


class EmptyBundles(AgentBundles):
    """Bundles with nothing in them but what names them."""

    def _fill(self, tree: Path, *_: object) -> None:
        tree.mkdir()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a CPython as uv makes them, compiled files included."""
    root = tmp_path / "cpython"
    library = root / "lib/python3.12"
    (library / "__pycache__").mkdir(parents=True)
    (root / "bin").mkdir()
    (root / "bin/python3.12").write_bytes(PROGRAM)
    (root / "bin/python3").symlink_to("python3.12")
    (library / "os.py").write_text("")
    (library / "__pycache__/os.pyc").write_text("")
    return root


@pytest.fixture
def bundles(tmp_path: Path) -> EmptyBundles:
    """Give bundles with an empty cache."""
    parts = [tmp_path / name for name in ("agent", "collection", "on_host")]
    for part in parts:
        part.mkdir()
    (tmp_path / "lock").write_text("")
    sources = BundleSources("1.2.3", *parts, tmp_path / "lock")
    return EmptyBundles(sources, tmp_path / "cache", None, tmp_path / "cpython")


def test_the_version_is_read_from_its_library(folder: Path) -> None:
    """Nothing of it is run: it may be for another processor."""
    own = OwnPython.load(folder)
    assert (own.version, own.architecture) == ("3.12", "x86_64")


def test_compiled_files_stay_behind(folder: Path, tmp_path: Path) -> None:
    """They are neither copied nor counted; links stay links."""
    before = OwnPython.load(folder)
    before.copy_to(tmp_path / "copy")
    assert not list((tmp_path / "copy").rglob("*.pyc"))
    assert (tmp_path / "copy/bin/python3").readlink() == Path("python3.12")
    assert OwnPython.load(tmp_path / "copy").digest == before.digest


@pytest.mark.parametrize("missing", ["bin/python3", "lib/python3.12/os.py"])
def test_a_folder_without_a_python_is_refused(folder: Path, missing: str) -> None:
    """The sentence names the folder and where such ones come from."""
    (folder / missing).unlink()
    with pytest.raises(BundleError, match=r"cpython is no CPython .*'uv python install'"):
        OwnPython.load(folder)


def test_a_bundle_with_a_python_is_another_one(folder: Path, bundles: EmptyBundles) -> None:
    """It says so in its name, stays beside the one without, and changes with its Python."""
    plain = bundles.build_bundle("3.12", "x86_64")
    first = bundles.build_bundle("3.12", "x86_64", OwnPython.load(folder))
    assert first.path.name == f"myx-agent-1.2.3-cp312-x86_64-{first.digest}-python.tar.gz"
    assert first.digest != plain.digest
    (folder / "bin/python3.12").write_bytes(PROGRAM + b"newer")
    second = bundles.build_bundle("3.12", "x86_64", OwnPython.load(folder))
    assert second.digest != first.digest
    assert not first.path.exists()
    assert bundles.find_bundle("3.12", "x86_64") == plain


@pytest.mark.parametrize("program", [PROGRAM[:18] + bytes([183, 0]), b"#!/bin/sh"])
def test_a_python_for_another_processor_is_refused(
    folder: Path, bundles: EmptyBundles, program: bytes
) -> None:
    """The sentence names both; no bundle is made that no host could use."""
    (folder / "bin/python3.12").write_bytes(program)
    with pytest.raises(BundleError, match=r"cpython is for .* is x86_64: name one for x86_64"):
        bundles.build_bundle("3.12", "x86_64", OwnPython.load(folder))


async def test_hosts_without_a_python_get_that_of_the_settings(
    folder: Path, bundles: EmptyBundles
) -> None:
    """Who asks for no version gets the bundle that carries one, built once."""
    told = []

    async def tell(line: str) -> None:
        told.append(line)

    bundle = await bundles.get_bundle(None, "x86_64", tell)
    assert bundle == bundles.find_bundle("3.12", "x86_64", OwnPython.load(folder))
    assert bundle == await bundles.get_bundle(None, "x86_64", tell)
    assert told == ["Building the agent bundle for Python 3.12 on x86_64 (once)"]
