# SPDX-License-Identifier: GPL-3.0-or-later
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def prune(load_program: Callable[[str], ModuleType]) -> ModuleType:
    """Give the role's program that removes old versions."""
    return load_program("prune_versions")


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Give a folder with the versions 1 to 4, the oldest first."""
    for number in range(1, 5):
        folder = tmp_path / str(number)
        folder.mkdir()
        os.utime(folder, (number, number))
    (tmp_path / ".lock").touch()
    return tmp_path


@pytest.fixture
def user_of_version_1(versions: Path) -> Iterator[None]:
    """Run a program that has a file of version 1 as its own."""
    program = versions / "1/python"
    program.symlink_to(sys.executable)
    os.utime(versions / "1", (1, 1))
    process = subprocess.Popen(
        [program, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    yield
    process.communicate(b"\n")


def names(folders: list[Path]) -> list[str]:
    """Return the folders' names."""
    return [folder.name for folder in folders]


def test_the_current_and_the_newest_other_stay(prune: ModuleType, versions: Path) -> None:
    """With two to keep, one former version is there to go back to."""
    assert names(prune.find_prunable(versions, versions / "2", 2)) == ["1", "3"]


@pytest.mark.usefixtures("user_of_version_1")
def test_a_version_that_runs_something_stays(prune: ModuleType, versions: Path) -> None:
    """An execution outlives the agent that started it, and so does its program."""
    assert names(prune.find_prunable(versions, versions / "4", 2)) == ["2"]


def test_nothing_is_removed_while_there_are_few(prune: ModuleType, versions: Path) -> None:
    """Up to the number to keep, all stay."""
    assert prune.find_prunable(versions, versions / "4", 4) == []
