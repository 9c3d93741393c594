# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a supervisor get into a scope of systemd's before it starts its program?

It asks as ``systemctl`` does, on systemd's own socket, which is there without a message bus.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from agent_runner.executions.supervisor.scope.dbus import (
    CallError,
    Property,
    build_start,
    check_messages,
)

if TYPE_CHECKING:
    from agent_runner.executions.supervisor.launch import Scope

SLICE = "myx.slice"
"""Holds the scopes of all executions."""

MANAGER_SOCKET = "/run/systemd/private"
"""Where systemd listens, for root alone."""

TIMEOUT_S = 10.0
"""How long systemd is awaited."""

_OWN_CGROUP = Path("/proc/self/cgroup")
_READ_BYTES = 65536
_USEC_PER_PERCENT = 10_000  # of a second


class ScopeError(Exception):
    """systemd gives no scope; says why."""


def name_scope(command_id: str) -> str:
    """Return the name of an execution's unit; no character of an id needs escaping there."""
    return f"myx-execution-{command_id}.scope"


def enter_scope(command_id: str, scope: Scope) -> str:
    """Return the unit's name when this process is inside.

    Raises:
        ScopeError: systemd refuses or does not answer.
    """
    unit = name_scope(command_id)
    properties = list_properties(scope, os.getpid())
    try:
        try:
            _enter(unit, properties)
        except CallError:  # a systemd before 253 may not know the OOM policy, and needs none
            _enter(unit, [each for each in properties if each.name != "OOMPolicy"])
    except (CallError, OSError) as error:
        raise ScopeError(f"{unit}: {error}") from error
    return unit


def list_properties(scope: Scope, pid: int) -> list[Property]:
    """Return what the unit is to be, for a supervisor with this pid."""
    properties = [
        Property("Description", "s", "MyX execution"),
        Property("Slice", "s", SLICE),
        Property("PIDs", "au", [pid]),
        Property("CollectMode", "s", "inactive-or-failed"),
        Property("OOMPolicy", "s", "continue"),  # only what used the memory ends, not all
    ]
    if scope.memory_max_bytes is not None:
        properties.append(Property("MemoryMax", "t", scope.memory_max_bytes))
    if scope.cpu_percent is not None:
        quota_us = scope.cpu_percent * _USEC_PER_PERCENT
        properties.append(Property("CPUQuotaPerSecUSec", "t", quota_us))
    if scope.tasks_max is not None:
        properties.append(Property("TasksMax", "t", scope.tasks_max))
    return properties


def _enter(unit: str, properties: list[Property]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    with socket.socket(socket.AF_UNIX) as manager:
        manager.settimeout(TIMEOUT_S)
        manager.connect(MANAGER_SOCKET)
        _authenticate(manager)
        manager.sendall(build_start(unit, properties))
        pending = b""
        # systemd tells what it does: whatever it says is an occasion to see where we are.
        while f"/{unit}\n" not in _OWN_CGROUP.read_text(encoding="utf-8"):
            manager.settimeout(max(0.001, deadline - time.monotonic()))
            pending = check_messages(pending + _receive(manager))


def _authenticate(manager: socket.socket) -> None:
    """Tell systemd that we are who the kernel says we are."""
    identity = str(os.geteuid()).encode().hex()
    manager.sendall(f"\0AUTH EXTERNAL {identity}\r\n".encode())
    answer = _receive(manager)
    if not answer.startswith(b"OK "):
        raise ConnectionRefusedError(answer.decode(errors="replace").strip())
    manager.sendall(b"BEGIN\r\n")


def _receive(manager: socket.socket) -> bytes:
    data = manager.recv(_READ_BYTES)
    if not data:
        raise ConnectionResetError("systemd has hung up")
    return data
