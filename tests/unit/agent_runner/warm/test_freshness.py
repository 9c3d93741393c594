# SPDX-License-Identifier: GPL-3.0-or-later

from pathlib import Path

import pytest

from agent_runner.warm.freshness import Freshness


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file that was loaded."""
    path = tmp_path / "module.py"
    path.write_text("x = 1\n")
    return path


def test_nothing_has_changed(file: Path) -> None:
    """What is as it was is fresh, also where there was nothing."""
    assert Freshness([str(file), str(file.with_name("none"))]).find_change() is None


def test_a_change_is_named(file: Path) -> None:
    """Another content, the same content in another file, its end, its coming: all are changes."""
    paths = [str(file), str(file.with_name("none"))]
    for change in (
        lambda: file.write_text("x = 12\n"),
        lambda: file.with_name("new").rename(file),
        file.unlink,
        lambda: file.with_name("none").touch(),
    ):
        file.write_text("x = 1\n")
        file.with_name("new").write_text("x = 1\n")
        freshness = Freshness(paths)
        change()
        assert freshness.find_change() in paths
