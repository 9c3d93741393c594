# SPDX-License-Identifier: GPL-3.0-or-later
"""What do requests and answers about content bundles look like?"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.core.paging import PageQuery

Origin = Literal["content_dir", "upload"]

BundleOrder = Literal["created_at", "-created_at", "size_bytes", "-size_bytes"]

Digest = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the tar.gz: 64 lower-case hexadecimal digits",
        examples=["3b" * 32],
    ),
]


class BundleQuery(PageQuery):
    """Which bundles to list."""

    origin: Annotated[Origin | None, Field(description="Only bundles from there")] = None
    order_by: Annotated[BundleOrder, Field(description="Column; '-' in front for descending")] = (
        "-created_at"
    )


class Bundle(BaseModel):
    """A content bundle that runs can use."""

    digest: Digest
    size_bytes: Annotated[int, Field(description="Compressed, in bytes")]
    files: Annotated[int, Field(description="Files, folders and links in it")]
    origin: Annotated[
        Origin, Field(description="The control plane's own content folder, or sent by somebody")
    ]
    created_at: datetime
