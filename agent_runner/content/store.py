# SPDX-License-Identifier: GPL-3.0-or-later
"""Which content bundles does this host have, and how do new ones get in?

A bundle lies unpacked in ``content_dir/<digest>/`` and is never changed again. What is on its way
lies in ``content_dir/.incoming/``: pieces are appended to one file a bundle, so that a sender can
go on where it was interrupted and several senders of one bundle help each other. The folder
appears under its name by one rename, when everything in it is verified and on disk; then its
manifest is written, against which it is compared before each start.
"""

import asyncio
import base64
import binascii
import logging
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from weakref import WeakValueDictionary

from agent_runner.config import Limits
from agent_runner.content.incoming import Upload, clean_incoming, remove_stale_partials
from agent_runner.content.manifests import Manifest, Manifests, find_change
from agent_runner.content.retention import has_rested, list_removable, note_use
from agent_runner.content.signatures import SignatureRule
from agent_runner.content.unpack import UnpackLimits, unpack_bundle
from agent_runner.protocol.errors import (
    BundleMissingError,
    BundleRejectedError,
    InvalidParamsError,
)
from agent_runner.protocol.methods import (
    DIGEST_PATTERN,
    MAX_PIECE_BYTES,
    PutBundleParams,
    PutBundleResult,
)

_logger = logging.getLogger(__name__)

WORKERS = 2
"""Threads for writing and unpacking: their own, so that they hold up no reader of a log."""


class ContentStore:
    """The content bundles of one host."""

    def __init__(
        self,
        content_dir: Path,
        limits: Limits,
        *,
        signatures: SignatureRule | None = None,
        on_change: Callable[[str, str], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the folder, and whom to tell the digest of a changed bundle and what changed."""
        self._dir = content_dir
        self._incoming = content_dir / ".incoming"
        self._manifests = Manifests(content_dir / ".manifests")
        self._limits = limits
        self._signatures = signatures or SignatureRule()
        self._on_change = on_change
        self._clock = clock
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._closing = threading.Event()
        self._choosing = threading.Lock()
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="content")

    async def open(self) -> None:
        """Remove what was left half-done and what nobody has been sending for long."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._workers, clean_incoming, self._incoming, self._clock())

    def close(self) -> None:
        """Stop unpacking; the sender completes the bundle again after the restart."""
        self._closing.set()
        self._workers.shutdown(wait=False)

    def path_of(self, digest: str) -> Path:
        """Return the folder of a bundle that is whole, unchanged, and signed; reads all of it.

        One that is not is given up, so that it can be sent again.

        Raises:
            BundleMissingError: it is not here (yet, or any more).
        """
        known = re.fullmatch(DIGEST_PATTERN, digest) is not None
        with self._choosing:
            manifest = self._manifests.find(digest) if known else None
            if manifest is not None and (self._dir / digest).is_dir():
                note_use(self._dir / digest, self._clock())
        if manifest is None or not self._is_fit(manifest):
            raise BundleMissingError(
                f"This host does not have the bundle {digest[:64]}; send it with put_bundle",
                {"digest": digest[:64]},
            )
        return self._dir / digest

    def remove_unused(self, in_use: Collection[str]) -> None:
        """Remove what is not ``in_use`` (digests) but the ``bundle_keep`` last used; it blocks.

        Raises:
            OSError: something could not be removed.
        """
        now = self._clock()
        keep = self._limits.bundle_keep
        for path in list_removable(self._dir, in_use=in_use, keep=keep, now=now):
            with self._choosing:
                if not has_rested(path, now):
                    continue
                self._manifests.remove(path.name)
                leaving = path.rename(self._incoming / uuid.uuid4().hex)
            shutil.rmtree(leaving)

    def _is_fit(self, manifest: Manifest) -> bool:
        digest = manifest.digest
        try:
            self._signatures.check(digest, manifest.signature)
            change = find_change(self._dir / digest, manifest, self._incoming)
        except BundleRejectedError as error:
            change = error.message
        if change is None:
            return True
        self._manifests.remove(digest)
        _logger.warning("content_changed", extra={"digest": digest, "change": change})
        if self._on_change is not None:
            self._on_change(digest, change)
        return False

    async def receive(self, params: PutBundleParams) -> PutBundleResult:
        """Store a piece of a bundle, and unpack the bundle when this piece completes it.

        A piece that does not fit behind what is here changes nothing: the answer tells where to
        go on.

        Raises:
            InvalidParamsError: the piece is not base64, too long, or longer than the bundle.
            BundleRejectedError: too large, not signed, damaged, or unsafe; what was received is
                removed.
            DiskFullError: no room; what was received is removed.
        """
        if params.size > self._limits.bundle_max_bytes:
            raise BundleRejectedError(
                f"The bundle is {params.size} bytes and this host takes at most"
                f" {self._limits.bundle_max_bytes}; leave files out with .myxignore, or raise"
                " limits.bundle_max_bytes in the agent's configuration"
            )
        self._signatures.check(params.digest, params.signature)
        piece = _decode(params)
        lock = self._locks.setdefault(params.digest, asyncio.Lock())
        async with lock:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._workers, self._store, params, piece)

    def _store(self, params: PutBundleParams, piece: bytes) -> PutBundleResult:
        target = self._dir / params.digest
        if target.is_dir() and self._manifests.has(params.digest):
            return _answer(params, params.size, complete=True)
        if params.offset == 0:
            remove_stale_partials(self._incoming, self._clock())
        upload = Upload(self._incoming, params.digest, params.size)
        received = upload.append(params.offset, piece, self._limits.min_free_disk_bytes)
        if received < params.size:
            return _answer(params, received, complete=False)
        limits = UnpackLimits(
            max_bytes=self._limits.bundle_unpacked_max_bytes,
            max_members=self._limits.bundle_max_files,
            min_free_disk_bytes=self._limits.min_free_disk_bytes,
        )
        try:
            upload.verify()
            tree = unpack_bundle(upload.path, target, self._incoming, limits, self._closing)
            self._manifests.write(Manifest(params.digest, params.signature, tree))
        finally:
            if not self._closing.is_set():
                upload.discard()
        return _answer(params, received, complete=True)


def _answer(params: PutBundleParams, received: int, *, complete: bool) -> PutBundleResult:
    return PutBundleResult(digest=params.digest, received=received, complete=complete)


def _decode(params: PutBundleParams) -> bytes:
    try:
        piece = base64.b64decode(params.data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidParamsError("put_bundle: `data` must be base64") from error
    if len(piece) > MAX_PIECE_BYTES:
        raise InvalidParamsError(
            f"put_bundle: `data` holds {len(piece)} bytes; send pieces of at most {MAX_PIECE_BYTES}"
        )
    if params.offset + len(piece) > params.size:
        raise InvalidParamsError("put_bundle: the piece reaches beyond `size`; correct `size`")
    return piece
