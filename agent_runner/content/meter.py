# SPDX-License-Identifier: GPL-3.0-or-later
"""How much may a compressed archive expand to before it is given up?"""

import io
import tarfile
from collections.abc import Callable

from agent_runner.protocol.errors import BundleRejectedError, RpcError

MAX_HEADER_BYTES = 1024 * 1024
"""The most that describes one member: tarfile holds all of it in memory."""

MEMBER_OVERHEAD_BYTES = 4096
"""What a member may take on average beside its content: header, long names, padding."""


class MeteredReader(io.BufferedIOBase):
    """A decompressed stream that ends with an error when too much comes out of it."""

    def __init__(self, stream: io.BufferedIOBase, max_bytes: int) -> None:
        super().__init__()
        self._stream = stream
        self._left = max_bytes + MAX_HEADER_BYTES
        self._header_left: int | None = None

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._header_left is not None:
            self._header_left -= len(data)
        if self._left < 0 or (self._header_left is not None and self._header_left < 0):
            raise BundleRejectedError(
                "The bundle expands to far more than its files; build it again"
            )
        return data

    def read_header(
        self, read_next: Callable[[], tarfile.TarInfo | None]
    ) -> tarfile.TarInfo | None:
        """Return the next member, or ``None`` at the end.

        Raises:
            BundleRejectedError: its header is damaged or too large.
        """
        self._header_left = MAX_HEADER_BYTES
        try:
            return read_next()
        except (OSError, RpcError):
            raise
        except Exception as error:
            # Whatever the parser stumbles over, the archive is the cause.
            raise BundleRejectedError(
                f"The bundle is no intact tar archive ({error}); build it again"
            ) from error
        finally:
            self._header_left = None
