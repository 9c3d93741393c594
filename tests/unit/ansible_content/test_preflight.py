# SPDX-License-Identifier: GPL-3.0-or-later
import argparse
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FIT = {"architecture": "x86_64", "glibc": [2, 36], "missing_modules": []}


@pytest.fixture
def preflight(load_program: Callable[[str], ModuleType]) -> ModuleType:
    """Give the role's preflight program."""
    return load_program("preflight")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"architecture": "riscv64"}, "architecture_unsupported"),
        ({"glibc": [2, 27]}, "libc_unsupported"),
        ({"glibc": [0]}, "libc_unsupported"),
        ({"missing_modules": ["ssl"]}, "python_incomplete"),
    ],
)
def test_a_host_that_does_not_fit_is_named(
    preflight: ModuleType, tmp_path: Path, facts: dict[str, Any], code: str
) -> None:
    """Processor, C library and Python each have their problem."""
    options = argparse.Namespace(
        port=0, service="", own_python=False, install_dir=str(tmp_path), needed_mb=0
    )
    problems = dict(preflight.find_problems(options, {**FIT, **facts}))
    assert code in problems


def test_a_full_disk_is_named_with_what_is_needed(preflight: ModuleType, tmp_path: Path) -> None:
    """The sentence says how much there is and how much there must be."""
    options = argparse.Namespace(install_dir=str(tmp_path / "not/yet"), needed_mb=10**9)
    [(code, message), *_] = preflight.find_disk_problems(options)
    assert code == "disk_full"
    assert f"{tmp_path} has" in message
    assert f"{10**9} MB are needed" in message


def test_a_suggested_port_is_not_a_well_known_one(preflight: ModuleType) -> None:
    """It is below the ports of outgoing connections and belongs to no common service."""
    port = preflight.suggest_port()
    assert preflight.FIRST_PORT <= port <= preflight.LAST_PORT
    assert port not in preflight.COMMON_PORTS


def test_this_program_is_described_by_its_name(preflight: ModuleType) -> None:
    """People learn which process they have to stop."""
    assert f"process {os.getpid()}" in preflight.describe_process(
        Path("/proc/self").resolve(), "other.service"
    )
