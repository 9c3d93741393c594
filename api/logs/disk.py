# SPDX-License-Identifier: GPL-3.0-or-later
"""How is one log on the disk opened, written and read, and what if the disk refuses?"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent_runner.protocol.segments import SegmentWriter
from api.core.private_files import PRIVATE_DIR_MODE
from api.logs.errors import LogGapError, LogStorageError
from api.logs.tails import Piece


def make_writer(paths: tuple[str, str]) -> SegmentWriter:
    """Open a log and its index for writing; its folder is made where there is none."""
    log_path, index_path = map(Path, paths)
    try:
        return SegmentWriter(log_path, index_path)
    except FileNotFoundError:
        log_path.parent.mkdir(PRIVATE_DIR_MODE, parents=True, exist_ok=True)
        return SegmentWriter(log_path, index_path)


def write_pieces(
    writer: SegmentWriter, execution_id: str, start: int, pieces: Sequence[Piece]
) -> None:
    """Append pieces that begin at ``start``, the end of the file.

    Raises:
        LogGapError: the file ends elsewhere.
    """
    if writer.size != start:
        raise LogGapError(
            f"The file of the log of execution {execution_id} has {writer.size} bytes and not "
            f"{start}: somebody else has changed it."
        )
    for log_type, data in pieces:
        writer.append(log_type, data)


def read_at(path: str, offset: int, length: int) -> bytes:
    """Read at most so many bytes of a file."""
    with Path(path).open("rb", buffering=0) as file:
        return os.pread(file.fileno(), length, offset)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the disk refuses into an error of ours; a missing file stays what it is."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LogStorageError(
            f"The log cannot be stored or read: {error.strerror}. "
            "Check the space and the rights in the logs folder of MYX_DATA_DIR."
        ) from error
