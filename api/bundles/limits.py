# SPDX-License-Identifier: GPL-3.0-or-later
"""How large may a content bundle be? Agents have the same limits by default."""

from dataclasses import dataclass

from api.bundles.errors import BundleTooLargeError
from api.core.settings import Settings

_MIB = 1024 * 1024
_REMEDY = "Leave files out with .myxignore"


@dataclass(frozen=True, slots=True)
class BundleLimits:
    """The most that a bundle may hold."""

    max_bytes: int = 256 * _MIB
    """Compressed, in bytes."""

    unpacked_max_bytes: int = 1024 * _MIB
    """Unpacked, in bytes."""

    max_files: int = 50_000
    """Files, folders and links."""

    def check_packed(self, size_bytes: int) -> None:
        """Refuse a larger archive."""
        if size_bytes > self.max_bytes:
            raise BundleTooLargeError(
                f"The content bundle is larger than {self.max_bytes} bytes. {_REMEDY}, "
                "or raise MYX_BUNDLE_MAX_BYTES and the agents' limits.bundle_max_bytes."
            )

    def check_unpacked(self, size_bytes: int) -> None:
        """Refuse more content."""
        if size_bytes > self.unpacked_max_bytes:
            raise BundleTooLargeError(
                f"The content is larger than {self.unpacked_max_bytes} bytes. {_REMEDY}, or raise "
                "MYX_BUNDLE_UNPACKED_MAX_BYTES and the agents' limits.bundle_unpacked_max_bytes."
            )

    def check_files(self, files: int) -> None:
        """Refuse more files."""
        if files > self.max_files:
            raise BundleTooLargeError(
                f"The content has more than {self.max_files} files and folders. {_REMEDY}, "
                "or raise MYX_BUNDLE_MAX_FILES and the agents' limits.bundle_max_files."
            )


def read_limits(settings: Settings) -> BundleLimits:
    """Return the limits as they are set."""
    return BundleLimits(
        max_bytes=settings.bundle_max_bytes,
        unpacked_max_bytes=settings.bundle_unpacked_max_bytes,
        max_files=settings.bundle_max_files,
    )
