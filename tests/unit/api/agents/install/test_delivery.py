# SPDX-License-Identifier: GPL-3.0-or-later
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.agents.install.bundle import AgentBundle
from api.agents.install.delivery import Delivery, deliver_bundle, find_installed
from api.agents.install.root_shell import RootShell


async def test_the_content_is_sent_whole_and_told_in_quarters(
    make_host: Callable[..., Any],
) -> None:
    """Progress is four lines, however long the file is."""
    lines: list[str] = []

    async def tell(line: str) -> None:
        lines.append(line)

    content = bytes(3_000_000)
    async with make_host(lambda *_: None).start("x") as process:
        await Delivery("x", content).send(process, tell)
    assert process.received == content
    assert [line.split(": ")[1] for line in lines] == [
        f"{percent} % of 3 MB" for percent in (25, 50, 75, 100)
    ]


async def test_the_command_checks_what_arrives(tmp_path: Path) -> None:
    """The host knows length and SHA-256 before it unpacks anything."""
    file = tmp_path / "myx-agent-1-cp311-x86_64-0123456789ab.tar.gz"
    file.write_bytes(b"abc")
    delivery = await deliver_bundle(AgentBundle(file, "1", "0123456789ab"), "/usr/bin/python3.11")
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert "head -c 3 " in delivery.command
    assert delivery.command.index(sha256) < delivery.command.index("tar -xzf")


async def test_a_version_on_the_host_is_not_sent_again(make_host: Callable[..., Any]) -> None:
    """What is installed and works applies the role by itself."""

    def behave(_command: str, process: Any) -> None:
        process.say("myx-is-root", "/opt/myx-agent/versions/1-abc")
        process.end()

    shell = RootShell(make_host(behave), None, None)
    found = await find_installed(shell, "/usr/bin/python3.11", "versions/1-abc")
    assert found is not None
    assert found.content == b""
    assert found.command.endswith("apply.py installed /opt/myx-agent/versions/1-abc")
