# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a folder of the caller's own become the content of a run?"""

import tempfile
from pathlib import Path

from api.bundles.archive import build_bundle
from api.cli.errors import ApiError, UsageError
from api.cli.remote.client import ApiClient

_NOT_FOUND = 404


def upload_content(client: ApiClient, folder: Path) -> str:
    """Pack the folder, send it where the control plane does not have it, return its digest.

    Raises:
        UsageError: it is no folder.
        MyxError: it cannot be packed.
    """
    if not folder.is_dir():
        raise UsageError(f"--content {folder} is not a folder.")
    with tempfile.TemporaryDirectory(prefix="myx-content-") as scratch:
        bundle = build_bundle(folder, Path(scratch) / "bundle.tar.gz")
        path = f"/bundles/{bundle.digest}"
        try:
            client.get(path)
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            client.put_file(path, bundle.path, "application/gzip")
    return bundle.digest
