# SPDX-License-Identifier: GPL-3.0-or-later
"""How do content bundles come in? Sent by somebody, or packed from the control plane's folder.

Both take as long as the network and the disk do, so they happen outside of units of work; a
short one at the end writes down what came.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from api.bundles import schemas
from api.bundles.archive import BuiltBundle, pack_scan
from api.bundles.limits import BundleLimits
from api.bundles.scan import Scan, scan_folder
from api.bundles.service import BundleService
from api.bundles.store import BundleStore, IncomingFile
from api.bundles.verify import verify_archive

WRITE_BYTES = 1024 * 1024
"""An upload goes to disk in blocks of at least that."""

SETTLED_NS = 100_000_000
"""A file system's clock is coarse: within 0.1 s a second change may leave no trace."""


class BundleWork(Protocol):
    """A unit of work that has the bundles in it."""

    @property
    def bundles(self) -> BundleService:
        """The content bundles."""
        ...


class OpenBundleWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool = False) -> AbstractAsyncContextManager[BundleWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class BundleIntake:
    """Takes bundles in; lives as long as the process."""

    def __init__(
        self,
        open_work: OpenBundleWork,
        store: BundleStore,
        content_dir: Path,
        limits: BundleLimits,
    ) -> None:
        self._open_work = open_work
        self._store = store
        self._content_dir = content_dir
        self._limits = limits
        self._one_build = asyncio.Lock()
        self._known: tuple[str, str] | None = None
        """Signature and digest of the content folder when it was packed last."""

    async def receive(
        self, digest: str, pieces: AsyncIterator[bytes]
    ) -> tuple[schemas.Bundle, bool]:
        """Take a bundle that is sent, and say whether it was unknown.

        Raises:
            BundleTooLargeError: it is more than the limits allow.
            BundleRejectedError: it is damaged, unsafe, or has another digest.
        """
        with self._store.reserve() as path:
            size_bytes = await self._write(path, digest, pieces)
            files = await asyncio.to_thread(verify_archive, path, self._limits)
            await asyncio.to_thread(self._store.keep, path, digest)
        async with self._open_work() as work:
            return await work.bundles.record_bundle(digest, size_bytes, files, "upload")

    async def ensure_content_bundle(self) -> str:
        """Return the digest of the content folder as it is now; it is packed if it has changed.

        Raises:
            ContentError: the folder cannot be packed as it is.
            BundleTooLargeError: it is more than the limits allow.
        """
        async with self._one_build:
            started_ns = time.time_ns()
            scan = await asyncio.to_thread(scan_folder, self._content_dir)
            signature = scan.signature
            if self._known is not None and self._known[0] == signature:
                digest = self._known[1]
                if self._store.has(digest):
                    return digest
            built = await asyncio.to_thread(self._pack, scan)
            async with self._open_work() as work:
                await work.bundles.record_bundle(
                    built.digest, built.size_bytes, built.files, "content_dir"
                )
            is_settled = scan.newest_change_ns + SETTLED_NS < started_ns
            self._known = (signature, built.digest) if is_settled else None
            return built.digest

    async def _write(self, path: Path, digest: str, pieces: AsyncIterator[bytes]) -> int:
        incoming = IncomingFile(path, self._limits)
        try:
            block = bytearray()
            async for piece in pieces:
                block += piece
                if len(block) >= WRITE_BYTES:
                    await asyncio.to_thread(incoming.write, bytes(block))
                    block.clear()
            await asyncio.to_thread(incoming.write, bytes(block))
            await asyncio.to_thread(incoming.finish, digest)
        finally:
            incoming.close()
        return incoming.size_bytes

    def _pack(self, scan: Scan) -> BuiltBundle:
        with self._store.reserve() as path:
            built = pack_scan(scan, path, self._limits)
            self._store.keep(path, built.digest)
        return built
