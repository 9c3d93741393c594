# SPDX-License-Identifier: GPL-3.0-or-later
"""What a start of ``myx`` loads, and what its help teaches."""

import json
import subprocess
import sys
from typing import Any

import pytest

HEAVY = {
    "aiohttp", "ansible", "asyncssh", "dbos", "fastapi", "httpx", "msgspec", "pydantic",
    "sqlalchemy", "starlette", "structlog", "uvicorn", "yaml",
}  # fmt: skip

VERBS = [
    (), ("run",), ("exec",), ("script",), ("runs",), ("log",), ("cancel",), ("serve",), ("demo",),
    ("agent-bundle",), ("host",), ("host", "add"), ("host", "install"), ("host", "enroll"),
    ("host", "list"), ("host", "show"), ("host", "remove"),
]  # fmt: skip


def test_a_client_loads_no_control_plane(api: Any) -> None:
    """A verb that asks the API imports nothing that serves it, nor anything slow."""
    api.answer("GET", "/runs", (200, {"count": 0, "next": None, "results": []}))
    program = (
        "import json, os, sys\n"
        "from api.cli import main\n"
        "code = main(['runs', '--json'])\n"
        "print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={"MYX_URL": api.url, "MYX_TOKEN": "myx_" + "t" * 43},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, modules = json.loads(result.stderr)
    assert code == 0
    loaded = {name.partition(".")[0] for name in modules}
    assert "typer" in loaded
    assert not loaded & HEAVY
    ours = {name for name in modules if name.startswith("api.")}
    assert not {name for name in ours if not name.startswith(("api.cli", "api.core"))}


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_help_teaches(myx: Any, verb: tuple[str, ...]) -> None:
    """Each verb explains itself on standard output, the doing ones with an example."""
    outcome = myx(*verb, "--help")
    assert outcome.code == 0
    assert outcome.err == ""
    shown = outcome.out.decode()
    assert shown.startswith(f"Usage: {' '.join(['myx', *verb])}")
    assert verb == ("host",) or f"myx {' '.join(verb)}".strip() in shown.partition("\n")[2]


def test_the_version(myx: Any) -> None:
    """It is that of the package."""
    assert myx("--version").out.startswith(b"myx 0.")


def test_nothing_typed(myx: Any) -> None:
    """The help is shown, and it counts as an error."""
    outcome = myx()
    assert outcome.code == 1
    assert outcome.err.startswith("Usage: myx")


def test_settings_are_checked(myx: Any, tmp_path: Any) -> None:
    """--check-config says whether the control plane could start as it is set."""
    good = myx("serve", "--check-config", MYX_DATA_DIR=str(tmp_path))
    assert (good.code, str(tmp_path).encode() in good.out) == (0, True)
    bad = myx("serve", "--check-config", MYX_LISTEN="nowhere")
    assert bad.code == 1
    assert "MYX_LISTEN" in bad.err
