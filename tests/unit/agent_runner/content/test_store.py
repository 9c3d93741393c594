# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from agent_runner.config import Limits
from agent_runner.content import ContentStore
from agent_runner.content.incoming import KEEP_PARTIAL_S
from agent_runner.protocol.errors import (
    BundleMissingError,
    BundleRejectedError,
    DiskFullError,
    InvalidParamsError,
)
from agent_runner.protocol.methods import MAX_PIECE_BYTES, PutBundleParams, PutBundleResult

Build = Callable[..., bytes]
Digest = Callable[[bytes], str]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ContentStore]:
    """Return an open store."""
    store = ContentStore(tmp_path / "content", Limits(min_free_disk_bytes=0))
    await store.open()
    yield store
    store.close()


@pytest.fixture
def bundle(build: Build) -> bytes:
    """Return a bundle of several pieces."""
    return build(("playbooks/demo.yml", b"- hosts: all\n", {}), ("big", os.urandom(600_000), {}))


async def _put(
    store: ContentStore, digest: str, data: bytes, offset: int, length: int
) -> PutBundleResult:
    piece = base64.b64encode(data[offset : offset + length]).decode()
    return await store.receive(
        PutBundleParams(digest=digest, size=len(data), offset=offset, data=piece)
    )


async def _send(store: ContentStore, digest: str, data: bytes) -> PutBundleResult:
    """Send a bundle as the control plane does: ask, then go on where the answer says."""
    answer = await _put(store, digest, data, 0, 0)
    while not answer.complete:
        answer = await _put(store, digest, data, answer.received, MAX_PIECE_BYTES)
    return answer


async def test_bundle_arrives_in_pieces(
    store: ContentStore, bundle: bytes, digest: Digest, tmp_path: Path
) -> None:
    """A bundle sent in pieces is unpacked under its digest, and nothing else remains."""
    name = digest(bundle)
    answer = await _send(store, name, bundle)
    assert answer == PutBundleResult(digest=name, received=len(bundle), complete=True)
    assert (store.path_of(name) / "playbooks/demo.yml").read_bytes() == b"- hosts: all\n"
    assert list((tmp_path / "content/.incoming").iterdir()) == []


async def test_sending_goes_on_where_it_stopped(
    store: ContentStore, bundle: bytes, digest: Digest, tmp_path: Path
) -> None:
    """What arrived before an interruption, also of the agent, need not be sent again."""
    name = digest(bundle)
    await _put(store, name, bundle, 0, MAX_PIECE_BYTES)
    store.close()
    restarted = ContentStore(tmp_path / "content", Limits(min_free_disk_bytes=0))
    await restarted.open()
    assert (await _put(restarted, name, bundle, 0, 0)).received == MAX_PIECE_BYTES
    assert (await _send(restarted, name, bundle)).complete
    restarted.close()


async def test_pieces_that_do_not_fit_change_nothing(
    store: ContentStore, bundle: bytes, digest: Digest
) -> None:
    """A gap is not filled and a repetition not appended; overlaps are cut; asking is free."""
    name = digest(bundle)
    assert (await _put(store, name, bundle, 1000, 1000)).received == 0
    assert (await _put(store, name, bundle, 0, 1000)).received == 1000
    assert (await _put(store, name, bundle, 0, 1000)).received == 1000
    assert (await _put(store, name, bundle, 500, 1000)).received == 1500
    assert (await _put(store, name, bundle, 0, 0)).received == 1500
    assert (await _send(store, name, bundle)).complete


async def test_many_senders_of_one_bundle_help_each_other(
    store: ContentStore, bundle: bytes, digest: Digest
) -> None:
    """Concurrent senders of one bundle all end with the complete one."""
    name = digest(bundle)
    answers = await asyncio.gather(*[_send(store, name, bundle) for _ in range(8)])
    assert all(answer.complete for answer in answers)


async def test_sending_again_changes_nothing(
    store: ContentStore, bundle: bytes, digest: Digest
) -> None:
    """A bundle that is here is answered as complete at once, whatever is sent."""
    name = digest(bundle)
    await _send(store, name, bundle)
    before = store.path_of(name).stat()
    assert (await _put(store, name, bundle, 7, 7)).complete
    assert store.path_of(name).stat() == before


async def test_damaged_bundle_is_refused_and_can_be_sent_again(
    store: ContentStore, bundle: bytes, digest: Digest
) -> None:
    """Other bytes than the digest promises are dropped; the right ones are taken after that."""
    name = digest(bundle)
    with pytest.raises(BundleRejectedError, match="damaged on its way"):
        await _send(store, name, bundle[:-1] + b"!")
    with pytest.raises(BundleMissingError):
        store.path_of(name)
    assert (await _send(store, name, bundle)).complete


async def test_wrong_size_spoils_nothing(
    store: ContentStore, bundle: bytes, digest: Digest
) -> None:
    """A sender that is wrong about the size does not get in the way of one that is right."""
    name = digest(bundle)
    await _put(store, name, bundle + b"more", 0, MAX_PIECE_BYTES)
    assert (await _send(store, name, bundle)).complete


async def test_unsafe_bundle_is_refused(store: ContentStore, build: Build, digest: Digest) -> None:
    """A bundle whose digest is right and whose content is not safe leaves nothing."""
    bundle = build(("../evil", b"x", {}))
    with pytest.raises(BundleRejectedError, match="leads out"):
        await _send(store, digest(bundle), bundle)
    with pytest.raises(BundleMissingError):
        store.path_of(digest(bundle))


async def test_too_large_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    """The first piece of a bundle above the limit is refused with the limit and the remedy."""
    store = ContentStore(tmp_path, Limits(bundle_max_bytes=10))
    params = PutBundleParams(digest="0" * 64, size=11, offset=0, data="")
    with pytest.raises(BundleRejectedError, match="bundle_max_bytes"):
        await store.receive(params)
    store.close()


@pytest.mark.parametrize(
    ("data", "size", "reason"),
    [
        ("***", 100, "must be base64"),
        ("é", 100, "must be base64"),
        (base64.b64encode(b"x" * 11).decode(), 10, "beyond `size`"),
        (base64.b64encode(b"x" * (MAX_PIECE_BYTES + 1)).decode(), 10**6, "pieces of at most"),
    ],
)
async def test_wrong_pieces_are_refused(
    store: ContentStore, data: str, size: int, reason: str
) -> None:
    """A piece that cannot be one is refused as a wrong parameter."""
    with pytest.raises(InvalidParamsError, match=reason):
        await store.receive(PutBundleParams(digest="0" * 64, size=size, offset=0, data=data))


async def test_full_disk_refuses_pieces(tmp_path: Path, bundle: bytes, digest: Digest) -> None:
    """Below the free space that must stay, no piece is taken and nothing is left."""
    store = ContentStore(tmp_path, Limits(min_free_disk_bytes=2**62))
    await store.open()
    with pytest.raises(DiskFullError, match="free some room"):
        await _put(store, digest(bundle), bundle, 0, 1000)
    assert list((tmp_path / ".incoming").iterdir()) == []
    store.close()


async def test_full_disk_gets_back_what_was_received(
    store: ContentStore, tmp_path: Path, bundle: bytes, digest: Digest
) -> None:
    """A partial bundle that does not fit any more is removed, not left in the way."""
    await _put(store, digest(bundle), bundle, 0, 1000)
    crowded = ContentStore(tmp_path / "content", Limits(min_free_disk_bytes=2**62))
    with pytest.raises(DiskFullError):
        await _put(crowded, digest(bundle), bundle, 1000, 1000)
    assert list((tmp_path / "content/.incoming").iterdir()) == []
    crowded.close()


async def test_new_senders_clear_away_old_ones(
    tmp_path: Path, bundle: bytes, digest: Digest
) -> None:
    """An agent that runs for years does not collect partial bundles either."""
    now = KEEP_PARTIAL_S * 2
    store = ContentStore(tmp_path, Limits(min_free_disk_bytes=0), clock=lambda: now)
    await store.open()
    old = tmp_path / ".incoming" / f"{'0' * 64}.5.partial"
    old.write_bytes(b"x")
    os.utime(old, (0, 0))
    await _put(store, digest(bundle), bundle, 0, 10)
    assert not old.exists()
    store.close()


async def test_start_cleans_up(tmp_path: Path) -> None:
    """Half unpacked folders and partial bundles that nobody sends any more go; others stay."""
    incoming = tmp_path / ".incoming"
    (incoming / "tmpabc/deep").mkdir(parents=True)
    old, fresh = incoming / f"{'0' * 64}.5.partial", incoming / f"{'1' * 64}.5.partial"
    for path in (old, fresh, incoming / "other"):
        path.write_bytes(b"x")
    now = fresh.stat().st_mtime
    os.utime(old, (0, now - KEEP_PARTIAL_S - 1))
    store = ContentStore(tmp_path, Limits(), clock=lambda: now)
    await store.open()
    assert list(incoming.iterdir()) == [fresh]
    store.close()


@pytest.mark.parametrize("digest_", ["", "..", ".incoming", "0" * 64, "/etc", "x" * 64])
async def test_only_whole_bundles_are_found(store: ContentStore, digest_: str) -> None:
    """What is not a digest, or not here, is missing."""
    with pytest.raises(BundleMissingError, match="put_bundle"):
        store.path_of(digest_)
