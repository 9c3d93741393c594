# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import what, beyond the contracts that import-linter keeps?

import-linter speaks of whole packages; here it is said which single module is the edge to which
library, and that arrows never form a ring.
"""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import grimp

EDGES: dict[str, str | tuple[str, ...]] = {
    "ansible_runner": "agent_runner/executions/",
    # Parts of it: inventories, argument specs, and what makes it start warm.
    "ansible": (
        "api/hosts/selection/patterns.py",
        "api/templates/conversion.py",
        "agent_runner/warm/",
    ),
    "dbos": "api/workflows/engine.py",
    # Two servers of others that are asked: agents, and receivers of notifications.
    "aiohttp": ("api/agents/client.py", "api/notifications/sender.py"),
    "cronsim": "api/schedules/times.py",
    "argon2": "api/auth/passwords.py",
    "asyncssh": "api/agents/install/ssh.py",
}
"""Which module or folder is the only one that knows a library."""

WIRE_CONTRACT = "agent_runner.protocol"
PACKAGE_ITSELF = {"agent_runner", "agent_runner.__version__"}
"""All that the control plane may import of the agent: the contract, the version, the place."""


def test_each_library_has_one_edge(source_files: list[Path], root: Path) -> None:
    """A foreign library is imported by the one module that translates its words and errors."""
    wrong = [
        f"{place} imports {name}, which is for {EDGES[library]}"
        for path in source_files
        for name in _list_imports(path)
        if (library := name.partition(".")[0]) in EDGES
        and not (place := path.relative_to(root).as_posix()).startswith(EDGES[library])
    ]
    assert not wrong, wrong


def test_the_control_plane_knows_only_the_wire_contract(
    source_files: list[Path], root: Path
) -> None:
    """Of the agent, the control plane imports the protocol and the version, nothing else."""
    wrong = [
        f"{path.relative_to(root)} imports {name}"
        for path in source_files
        if path.is_relative_to(root / "api")
        for name in _list_imports(path)
        if name.partition(".")[0] == "agent_runner"
        and name not in PACKAGE_ITSELF
        and not name.startswith(WIRE_CONTRACT)
    ]
    assert not wrong, wrong


def test_imports_form_no_ring() -> None:
    """Modules can be read one after the other: no import cycle, not even one of types."""
    graph = grimp.build_graph("api", "agent_runner", cache_dir=None)
    order = graphlib.TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    )
    try:
        order.prepare()
    except graphlib.CycleError as error:
        raise AssertionError(f"import cycle: {' -> '.join(error.args[1])}") from error


def _list_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
