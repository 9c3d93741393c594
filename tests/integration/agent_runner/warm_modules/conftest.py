# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks that run twice: the stock way, and with ready interpreters for their modules."""

from pathlib import Path

import pytest
from module_bench import Bench, Played


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a folder with the content of these tests."""
    return Bench(tmp_path)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Played, Played]:
    """Return what the whole corpus leaves, the stock way and warm."""
    bench = Bench(tmp_path_factory.mktemp("both"))
    stock = bench.play(warm=False)
    warm = bench.play(warm=True)
    assert not bench.read_errors()
    return stock, warm
