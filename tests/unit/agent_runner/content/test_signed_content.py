# SPDX-License-Identifier: GPL-3.0-or-later
import base64
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent_runner.config import Limits
from agent_runner.content import ContentStore, SignatureRule
from agent_runner.protocol.errors import BundleMissingError, BundleRejectedError
from agent_runner.protocol.methods import PutBundleParams, PutBundleResult
from agent_runner.protocol.signing import build_signed_message

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC_KEY = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


def _sign(digest: str, key: Ed25519PrivateKey = KEY) -> str:
    return base64.b64encode(key.sign(build_signed_message(digest))).decode()


class Host:
    """A store that asks for signatures, and one bundle for it."""

    def __init__(self, content_dir: Path, bundle: bytes, digest: str) -> None:
        self.content_dir = content_dir
        self.bundle = bundle
        self.digest = digest
        self.changes: list[tuple[str, str]] = []
        self.store = self.make(SignatureRule(PUBLIC_KEY))

    def make(self, rule: SignatureRule) -> ContentStore:
        """Return a store over the same folder."""
        limits = Limits(min_free_disk_bytes=0)
        return ContentStore(
            self.content_dir,
            limits,
            signatures=rule,
            on_change=lambda digest, change: self.changes.append((digest, change)),
        )

    async def send(self, signature: str | None) -> PutBundleResult:
        """Send the bundle in one piece."""
        data = base64.b64encode(self.bundle).decode()
        return await self.store.receive(
            PutBundleParams(
                digest=self.digest,
                size=len(self.bundle),
                offset=0,
                data=data,
                signature=signature,
            )
        )

    @property
    def tree(self) -> Path:
        """Where the bundle is unpacked."""
        return self.content_dir / self.digest


@pytest.fixture
async def host(
    tmp_path: Path, build: Callable[..., bytes], digest: Callable[[bytes], str]
) -> AsyncIterator[Host]:
    """Return a host whose store is open."""
    bundle = build(
        ("roles/web/tasks.yml", b"[]\n", {}),
        ("run.sh", b"#!/bin/sh\n", {"mode": 0o755}),
        ("link", None, {"type": b"2", "linkname": "run.sh"}),
    )
    host = Host(tmp_path / "content", bundle, digest(bundle))
    await host.store.open()
    yield host
    host.store.close()


async def test_signed_content_runs(host: Host) -> None:
    """What the control plane has signed is taken, and found again, also after a restart."""
    assert (await host.send(_sign(host.digest))).complete
    assert host.store.path_of(host.digest) == host.tree
    assert host.make(SignatureRule(PUBLIC_KEY)).path_of(host.digest) == host.tree


@pytest.mark.parametrize("wrong", ["missing", "of another bundle", "of another key"])
async def test_unsigned_content_is_refused(host: Host, wrong: str) -> None:
    """Without the right signature not a byte is stored."""
    signatures = {
        "missing": None,
        "of another bundle": _sign("00" * 32),
        "of another key": _sign(host.digest, OTHER_KEY),
    }
    with pytest.raises(BundleRejectedError, match="sign"):
        await host.send(signatures[wrong])
    assert [path.name for path in host.content_dir.rglob("*")] == [".incoming"]


async def test_a_host_without_a_key_takes_everything(host: Host) -> None:
    """Without a key nothing can be asked for, and the status says so."""
    host.store = host.make(SignatureRule())
    assert (await host.send(None)).complete
    assert SignatureRule().name == "no_key"


async def test_content_of_before_the_key_is_asked_for_again(host: Host) -> None:
    """What was taken unsigned does not run once the host has a key; sent signed, it does."""
    host.store = host.make(SignatureRule(PUBLIC_KEY, is_required=False))
    assert (await host.send(None)).complete
    host.store = host.make(SignatureRule(PUBLIC_KEY))
    with pytest.raises(BundleMissingError):
        host.store.path_of(host.digest)
    assert (await host.send(_sign(host.digest))).complete
    assert host.store.path_of(host.digest) == host.tree


def _change(tree: Path) -> None:
    (tree / "roles/web/tasks.yml").write_text("[evil]\n")


def _add(tree: Path) -> None:
    (tree / "roles/web/library").mkdir()


def _remove(tree: Path) -> None:
    (tree / "run.sh").unlink()


def _redirect(tree: Path) -> None:
    (tree / "link").unlink()
    (tree / "link").symlink_to("roles")


def _forbid(tree: Path) -> None:
    (tree / "run.sh").chmod(0o600)


def _replace(tree: Path) -> None:
    (tree / "run.sh").unlink()
    (tree / "run.sh").symlink_to("/bin/sh")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_change, "roles/web/tasks.yml"),
        (_add, "roles/web/library"),
        (_remove, "run.sh"),
        (_redirect, "link"),
        (_forbid, "run.sh"),
        (_replace, "run.sh"),
    ],
)
async def test_changed_content_does_not_run(
    host: Host, change: Callable[[Path], None], named: str
) -> None:
    """Any change of the unpacked tree is told, and the content is asked for and unpacked anew."""
    await host.send(_sign(host.digest))
    before = host.store.path_of(host.digest) / "run.sh"
    change(host.tree)
    with pytest.raises(BundleMissingError):
        host.store.path_of(host.digest)
    assert host.changes == [(host.digest, named)]
    assert host.tree.is_dir(), "what runs from the tree keeps it until the new one takes its place"
    assert (await host.send(_sign(host.digest))).complete
    assert host.store.path_of(host.digest) == host.tree
    assert before.read_bytes() == b"#!/bin/sh\n"


async def test_what_python_leaves_is_removed(host: Host) -> None:
    """Compiled plugins that a run has left are neither a change nor believed."""
    await host.send(_sign(host.digest))
    cache = host.tree / "roles/web/__pycache__"
    cache.mkdir()
    (cache / "plugin.cpython-311.pyc").write_bytes(b"evil")
    assert host.store.path_of(host.digest) == host.tree
    assert not cache.exists()
    assert host.changes == []


async def test_a_damaged_manifest_is_no_permission(host: Host) -> None:
    """A manifest that cannot be read, or names another bundle, makes the content missing."""
    await host.send(_sign(host.digest))
    [manifest] = (host.content_dir / ".manifests").iterdir()
    text = manifest.read_text()
    for damaged in ("{", text.replace(host.digest, "00" * 32)):
        manifest.write_text(damaged)
        with pytest.raises(BundleMissingError):
            host.store.path_of(host.digest)
