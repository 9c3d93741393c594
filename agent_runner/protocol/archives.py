# SPDX-License-Identifier: GPL-3.0-or-later
"""Which members may an archive describe, and how long may the description be?

``tarfile`` reads a member's description whole into memory and takes extended (pax) ones apart by
regular expressions whose time grows with the square of their length. Bundles need neither: they
hold files, folders and symbolic links in ustar or GNU form, so every 512-byte header is looked
at before ``tarfile`` acts on it.
"""

import gzip
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, Self

from agent_runner.protocol.errors import BundleRejectedError, RpcError

MAX_LONG_NAME_BYTES = 8192
"""The longest name or link target: twice what the kernel takes."""

FILE_TYPES = (tarfile.REGTYPE, tarfile.AREGTYPE)

_LONG_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_TAKEN = (*FILE_TYPES, *_LONG_NAMES, tarfile.DIRTYPE, tarfile.SYMTYPE)


class PlainHeader(tarfile.TarInfo):
    """The header of a member that a bundle may hold."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read a header.

        Raises:
            BundleRejectedError: a bundle holds no such thing.
        """
        header = super().frombuf(buf, encoding, errors)
        if header.type not in _TAKEN:
            raise BundleRejectedError(
                f"The bundle's {header.name!r} is no plain file, folder or symbolic link (type"
                f" {header.type!r}); leave it out, and pack in GNU format"
            )
        if header.size < 0 or (header.type in _LONG_NAMES and header.size > MAX_LONG_NAME_BYTES):
            raise BundleRejectedError("The bundle holds a name without end; build it again")
        return header


def read_members(
    stream: gzip.GzipFile | BinaryIO,
) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Read an uncompressed archive by members; each must be used before the next is asked for.

    Raises:
        BundleRejectedError: the archive is damaged, or a member is not wanted.
    """
    with ExitStack() as stack:
        with _blaming_the_archive():
            archive = stack.enter_context(
                tarfile.open(fileobj=stream, mode="r|", tarinfo=PlainHeader)
            )
        while True:
            with _blaming_the_archive():
                member = archive.next()
            if member is None:
                return
            yield archive, member
            # tarfile would keep every header in memory.
            archive.members.clear()  # type: ignore[attr-defined]  # unknown to typeshed


@contextmanager
def _blaming_the_archive() -> Iterator[None]:
    try:
        yield
    except (OSError, RpcError):
        raise
    except Exception as error:
        # Whatever the parser stumbles over, the archive is the cause.
        raise BundleRejectedError(
            f"The bundle is no intact tar archive ({error}); build it again"
        ) from error
