# SPDX-License-Identifier: GPL-3.0-or-later
"""Which content bundles leave the host."""

import base64
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent_runner.config import Limits
from agent_runner.content import ContentStore
from agent_runner.content.retention import REST_S
from agent_runner.protocol.errors import BundleMissingError
from agent_runner.protocol.methods import PutBundleParams


async def test_the_last_used_bundles_stay(
    tmp_path: Path, build: Callable[..., bytes], digest: Callable[[bytes], str]
) -> None:
    """What is in use or was used last stays; the rest is gone, can be sent again, and runs then."""
    now = time.time()
    limits = Limits(min_free_disk_bytes=0, bundle_keep=1)
    store = ContentStore(tmp_path, limits, clock=lambda: now)
    await store.open()
    archives = {name: build((f"{name}.yml", b"x", {})) for name in ("idle", "living", "recent")}
    digests = {name: digest(archive) for name, archive in archives.items()}

    async def send(name: str) -> None:
        data = base64.b64encode(archives[name]).decode()
        size = len(archives[name])
        await store.receive(PutBundleParams(digest=digests[name], size=size, offset=0, data=data))

    for name in archives:
        await send(name)
        store.path_of(digests[name])
        now += 1
    store.remove_unused({digests["living"]})
    assert store.path_of(digests["recent"]).is_dir()
    now += REST_S
    store.remove_unused({digests["living"]})
    assert store.path_of(digests["living"]).is_dir()
    assert store.path_of(digests["recent"]).is_dir()
    with pytest.raises(BundleMissingError):
        store.path_of(digests["idle"])
    assert not (tmp_path / digests["idle"]).exists()
    assert list((tmp_path / ".incoming").iterdir()) == []
    await send("idle")
    assert (store.path_of(digests["idle"]) / "idle.yml").read_bytes() == b"x"
    store.close()
