# SPDX-License-Identifier: GPL-3.0-or-later
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncssh
import pytest

from api.agents.install import ssh
from api.agents.install.errors import (
    HostKeyChangedError,
    HostKeyUnknownError,
    SshAuthError,
    SshKeyError,
    SshUnreachableError,
)
from api.agents.install.targets import AgentConfig, InstallTarget

PASSWORD = "open sesame"


class Accounts(asyncssh.SSHServer):
    """One account, alice, with a password."""

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh's signature
        """Ask everybody to prove who they are."""
        return True

    def password_auth_supported(self) -> bool:
        """Take passwords."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Compare."""
        return (username, password) == ("alice", PASSWORD)


async def answer(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Echo the input in capitals, complain once, and exit with 3."""
    process.stderr.write(b"a complaint\n")
    process.stdout.write((await process.stdin.read()).upper())
    process.exit(3)


@dataclass
class Host:
    """An SSH server of this test."""

    target: InstallTarget
    public_key: str
    client_key: asyncssh.SSHKey


@pytest.fixture
async def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    """Serve SSH on a free port, with nobody's known_hosts but the test's."""
    monkeypatch.setattr(ssh, "KNOWN_HOSTS_FILES", (tmp_path / "known_hosts",))
    key = asyncssh.generate_private_key("ssh-ed25519")
    client_key = asyncssh.generate_private_key("ssh-ed25519")
    authorized = asyncssh.import_authorized_keys(client_key.export_public_key().decode())
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Accounts,
        server_host_keys=[key, asyncssh.generate_private_key("ecdsa-sha2-nistp256")],
        authorized_client_keys=authorized,
        process_factory=answer,
        encoding=None,
    )
    config = AgentConfig(24351, "a3f8b9c2d1e4", "t" * 32, "s" * 32)
    target = InstallTarget(
        "web1", "127.0.0.1", "alice", server.get_port(), None, PASSWORD, None, False, config
    )
    yield Host(target, key.export_public_key().decode().strip(), client_key)
    server.close()
    await server.wait_closed()


async def test_an_unknown_host_key_is_refused(host: Host) -> None:
    """Nothing is sent to a host that nobody has confirmed."""
    with pytest.raises(HostKeyUnknownError, match="--accept-new-host-key"):
        await ssh.connect(host.target)


async def test_an_accepted_host_key_is_told_for_the_record(host: Host) -> None:
    """Accepting once gives the key that the next connection is checked against."""
    async with await ssh.connect(replace(host.target, accept_new_host_key=True)) as connection:
        recorded = connection.host_key
    assert host.public_key.startswith(recorded)
    async with await ssh.connect(replace(host.target, host_key=recorded)):
        pass


async def test_a_host_key_of_known_hosts_is_enough(host: Host, tmp_path: Path) -> None:
    """Who has logged in by hand before need not accept again."""
    entry = f"[127.0.0.1]:{host.target.ssh_port} {host.public_key}\n"
    (tmp_path / "known_hosts").write_text(entry)
    async with await ssh.connect(host.target):
        pass


@pytest.mark.parametrize("recorded_where", ["database", "known_hosts"])
async def test_a_changed_host_key_is_refused_even_when_new_ones_are_accepted(
    host: Host, tmp_path: Path, recorded_where: str
) -> None:
    """Accepting is for keys that nobody knows, never for one that contradicts."""
    former = asyncssh.generate_private_key("ssh-ed25519")
    line = former.export_public_key().decode().strip()
    target = replace(host.target, accept_new_host_key=True)
    if recorded_where == "database":
        target = replace(target, host_key=line)
    else:
        entry = f"[127.0.0.1]:{target.ssh_port} {line}\n"
        (tmp_path / "known_hosts").write_text(entry)
    with pytest.raises(HostKeyChangedError) as caught:
        await ssh.connect(target)
    shown = asyncssh.import_public_key(host.public_key).get_fingerprint()
    assert shown in caught.value.message
    assert former.get_fingerprint() in caught.value.message


async def test_a_wrong_password_is_refused(host: Host) -> None:
    """The sentence names account and remedy."""
    target = replace(host.target, password="wrong", accept_new_host_key=True)
    with pytest.raises(SshAuthError, match=r"refuses alice@127\.0\.0\.1: wrong user or password"):
        await ssh.connect(target)


async def test_the_given_key_logs_in(host: Host) -> None:
    """A private key in text form is all that is needed."""
    text = host.client_key.export_private_key().decode()
    target = replace(host.target, private_key=text, password=None, accept_new_host_key=True)
    async with await ssh.connect(target):
        pass


async def test_a_wrong_key_is_refused(host: Host) -> None:
    """The sentence says that the key is not among those of the account."""
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    target = replace(host.target, private_key=other, password=None, accept_new_host_key=True)
    with pytest.raises(SshAuthError, match="does not have the given key"):
        await ssh.connect(target)


@pytest.mark.parametrize(
    ("text", "cause"), [("ssh-ed25519 AAAA", "cannot be read"), ("", "cannot be read")]
)
async def test_what_is_no_private_key_is_refused(host: Host, text: str, cause: str) -> None:
    """People who give the .pub file learn so."""
    with pytest.raises(SshKeyError, match=cause):
        await ssh.connect(replace(host.target, private_key=text))


async def test_a_protected_key_is_refused_with_a_way_out(host: Host) -> None:
    """The sentence speaks of the passphrase and of ssh-agent."""
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    protected = key.export_private_key("pkcs8-pem", passphrase="secret").decode()
    with pytest.raises(SshKeyError, match="ssh-agent"):
        await ssh.connect(replace(host.target, private_key=protected))


async def test_a_closed_port_is_unreachable(host: Host) -> None:
    """The sentence names address and port."""
    server = await asyncssh.listen("127.0.0.1", 0, server_host_keys=[host.client_key])
    port = server.get_port()
    server.close()
    await server.wait_closed()
    with pytest.raises(SshUnreachableError, match=f"port {port}.* refuses SSH connections"):
        await ssh.connect(replace(host.target, ssh_port=port))


async def test_a_name_that_does_not_resolve_is_unreachable(host: Host) -> None:
    """The sentence names the address."""
    with pytest.raises(SshUnreachableError, match=r"host\.invalid"):
        await ssh.connect(replace(host.target, address="host.invalid"))


async def test_a_program_gives_its_output_and_exit_status(host: Host) -> None:
    """Input goes in, lines come out, and standard error is kept apart."""
    target = replace(host.target, accept_new_host_key=True)
    async with await ssh.connect(target) as connection, connection.start("x") as process:
        await process.write(b"one\ntwo\n")
        process.write_eof()
        assert await process.read_line() == "ONE"
        assert await process.read_line() == "TWO"
        assert await process.read_line() is None
        assert await process.wait() == 3
        assert process.stderr == "a complaint"
