# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with content bundles?

``MyxError``
├── ``NotFoundError``
│   └── ``BundleNotFoundError``    no bundle has that digest
├── ``InvalidInputError``
│   ├── ``ContentError``           the content folder cannot be made a bundle
│   └── ``BundleRejectedError``    what was sent is not a safe bundle, or not the one announced
└── ``TooLargeError``
    └── ``BundleTooLargeError``    more bytes or files than allowed
"""

from api.core.errors import InvalidInputError, NotFoundError, TooLargeError


class BundleNotFoundError(NotFoundError):
    """There is no such content bundle."""

    code = "bundle_not_found"

    @classmethod
    def of(cls, digest: str) -> "BundleNotFoundError":
        """Make the error that names the bundle."""
        return cls(
            f"There is no content bundle {digest}. Send it with PUT /api/v1/bundles/{digest}, "
            "or run without a bundle to use the control plane's own content."
        )


class ContentError(InvalidInputError):
    """The content folder cannot be made a bundle."""

    code = "content_unusable"


class BundleRejectedError(InvalidInputError):
    """What was sent is not a safe content bundle."""

    code = "bundle_rejected"


class BundleTooLargeError(TooLargeError):
    """The content bundle has more bytes or files than allowed."""

    code = "bundle_too_large"
