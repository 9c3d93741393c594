# SPDX-License-Identifier: GPL-3.0-or-later
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

TARGET = "cp311-x86_64"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def build_bundle(load_program: Callable[..., ModuleType]) -> ModuleType:
    """Give the program of the role ``control_plane`` that builds bundles."""
    return load_program("build_bundle", "control_plane")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a small checkout of MyX."""
    root = tmp_path / "checkout"
    for name in ("agent_runner", "api", "collections/ansible_collections/myx/fleet/roles"):
        (root / name).mkdir(parents=True)
        (root / name / "file.py").write_text(name)
    for name in ("pyproject.toml", "constraints.txt", "README.md"):
        (root / name).write_text(name)
    (root / "VERSION").write_text("1.2.3\n")
    return root


@pytest.fixture
def builds(build_bundle: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Give the list of checkouts that were built from; their wheels come from nowhere."""
    built: list[Path] = []

    def fill(tree: Path, checkout: Path, *_: str) -> None:
        built.append(checkout)
        tree.mkdir()

    monkeypatch.setattr(build_bundle, "fill", fill)
    return built


def build(
    program: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> Path:
    """Run the program and return the path that it prints."""
    cache = checkout.parent / "cache"
    monkeypatch.setattr(sys, "argv", ["x", str(checkout), str(cache), "3.11", "x86_64"])
    program.main()
    return Path(capsys.readouterr().out.strip())


def test_a_bundle_is_built_once_and_belongs_to_root(
    build_bundle: ModuleType,
    checkout: Path,
    builds: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
) -> None:
    """Its name has version, Python, processor and digest; asked again it is the same file."""
    first = build(build_bundle, checkout, monkeypatch, capsys)
    digest = build_bundle.compute_digest(checkout, TARGET)[:12]
    assert first.name == f"myx-1.2.3-{TARGET}-{digest}.tar.gz"
    assert build(build_bundle, checkout, monkeypatch, capsys) == first
    assert builds == [checkout]
    with tarfile.open(first) as archive:
        assert {member.uname for member in archive} == {"root"}
        assert "./MANIFEST.json" in archive.getnames()


def test_a_change_makes_another_bundle_in_place_of_the_former(
    build_bundle: ModuleType,
    checkout: Path,
    builds: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
) -> None:
    """The cache holds the bundle of the present sources."""
    before = build(build_bundle, checkout, monkeypatch, capsys)
    (checkout / "api/file.py").write_text("changed")
    after = build(build_bundle, checkout, monkeypatch, capsys)
    assert after != before
    assert not before.exists()
    assert len(builds) == 2


@pytest.mark.parametrize("path", ["api/__pycache__/a.pyc", "api/.cache/a", "api/node_modules/a/b"])
def test_what_tools_leave_does_not_count(
    build_bundle: ModuleType, checkout: Path, path: str
) -> None:
    """Running MyX from a checkout does not make its bundle another one."""
    before = build_bundle.compute_digest(checkout, TARGET)
    (checkout / path).parent.mkdir(parents=True)
    (checkout / path).write_text("left")
    assert build_bundle.compute_digest(checkout, TARGET) == before


def test_a_folder_that_is_no_checkout_is_refused(
    build_bundle: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the variable to set."""
    monkeypatch.setattr(sys, "argv", ["x", str(tmp_path), str(tmp_path), "3.11", "x86_64"])
    with pytest.raises(SystemExit, match="control_plane_checkout"):
        build_bundle.main()
