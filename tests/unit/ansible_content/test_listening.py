# SPDX-License-Identifier: GPL-3.0-or-later
import importlib.util
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def listening(root: Path) -> ModuleType:
    """Give the role's program that looks for listening ports."""
    path = root / "collections/ansible_collections/myx/fleet/roles/xray/files/listening.py"
    spec = importlib.util.spec_from_file_location("role_xray_listening", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def port() -> Iterator[int]:
    """Give a port that this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_process_that_listens_is_found(listening: ModuleType, port: int) -> None:
    """Its own sockets count, whatever address they are bound to."""
    assert listening.main([f"--pid={os.getpid()}", str(port)]) == 0


def test_a_port_of_another_process_does_not_count(
    listening: ModuleType, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """What holds the port is not what was deployed."""
    assert listening.main([f"--pid={os.getppid()}", str(port)]) == 1
    assert f"does not listen on TCP {port}" in capsys.readouterr().err


def test_a_unit_without_processes_is_named(
    listening: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """It did not start."""
    assert listening.main(["--unit=no-such.service", "1"]) == 1
    assert "no-such.service has no process" in capsys.readouterr().err
