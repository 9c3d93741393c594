# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, tokens, signing in and the audit from the command line, on a real control plane."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from real_control_plane import ControlPlaneProcess

PASSWORD = "a password of Alice"


@pytest.fixture
async def control_plane(tmp_path: Path) -> AsyncIterator[ControlPlaneProcess]:
    """Return a control plane that serves."""
    (tmp_path / "content").mkdir()
    process = ControlPlaneProcess(tmp_path / "data", tmp_path / "content")
    await process.start()
    yield process
    await process.stop()


async def run(*arguments: str, stdin: str = "", **environ: str) -> tuple[int | None, str, str]:
    """Type ``myx ...`` and return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("myx"),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **environ},
    )
    out, err = await process.communicate(stdin.encode())
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def admin(control_plane: ControlPlaneProcess, tmp_path: Path) -> dict[str, str]:
    """Return the environment of who can read the data directory."""
    return {
        "MYX_URL": f"http://127.0.0.1:{control_plane._port}",
        "MYX_DATA_DIR": str(tmp_path / "data"),
    }


async def list_column(number: int, *arguments: str, **environ: str) -> list[str]:
    """Return a column of what a verb prints as a table."""
    code, out, _ = await run(*arguments, **environ)
    assert code == 0
    return [line.split()[number] for line in out.splitlines()[1:]]


async def test_somebody_signs_in_and_out(admin: dict[str, str], tmp_path: Path) -> None:
    """From the bootstrap with the admin token to a login of one's own."""
    url, alice = admin["MYX_URL"], {"HOME": str(tmp_path)}
    code, _, err = await run(
        "user", "add", "alice", "--grant", "operator:web", stdin=f"{PASSWORD}\n", **admin
    )
    assert (code, err) == (0, "Added alice: operator:web\n")
    code, _, err = await run("login", url, "--user", "alice", stdin="wrong\n", **alice)
    assert (code, "name or the password is wrong" in err) == (1, True)
    code, _, err = await run("login", url, "--user", "alice", stdin=f"{PASSWORD}\n", **alice)
    assert (code, "Signed in" in err) == (0, True), err
    code, out, _ = await run("whoami", **alice)
    assert "operator:web" in out
    assert "token/1" in out
    code, _, err = await run("user", "list", **alice)
    assert (code, "users.manage" in err) == (1, True)

    assert (await run("logout", **alice))[0] == 0
    assert "revoked" in (await run("token", "list", "--all", **admin))[1]
    told = await list_column(-3, "audit", "list", "--actor", "alice", **admin)
    assert told == ["revoke_token", "sign_out", "create_token", "sign_in", "sign_in"]
    code, out, _ = await run("audit", "verify", **admin)
    assert (code, "intact" in out) == (0, True)
    assert (await run("user", "change", "alice", "--disable", **admin))[0] == 0
    assert (await run("user", "remove", "alice", **admin))[0] == 0


async def test_a_program_gets_a_token(admin: dict[str, str]) -> None:
    """Printed alone on standard output, used, and revoked."""
    code, out, err = await run(
        "token", "create", "ci", "--own", "--grant", "viewer:web", "--days", "1", **admin
    )
    assert (code, out.startswith("myx_"), "not shown again" in err) == (0, True, True)
    program = {"MYX_URL": admin["MYX_URL"], "MYX_TOKEN": out.strip()}
    assert (await run("host", "list", **program))[0] == 0
    assert "viewer:web" in (await run("token", "list", **admin))[1]
    assert (await run("token", "revoke", "1", **admin))[0] == 0
    assert (await run("host", "list", **program))[0] == 1
