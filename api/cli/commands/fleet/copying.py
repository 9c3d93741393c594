# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb that copies files to a host: ``myx host put``."""

import hashlib
import shlex
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer

from api.cli.errors import CliError, UsageError
from api.cli.remote.channel import HostChannel
from api.cli.remote.client import open_client
from api.cli.terminal.output import say
from api.cli.watching.outcome import ExitCode

MAX_MANIFEST_BYTES = 2 * 1024 * 1024
"""The sums of about 20,000 files; of more it is not asked whether they are there."""


def put(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the host.")],
    source: Annotated[
        Path, typer.Argument(exists=True, help="A file, or a folder with all that is in it.")
    ],
    target: Annotated[str, typer.Argument(help="Absolute path on the host.")],
    user: Annotated[
        str | None, typer.Option("--user", help="Account on the host; the agent's own without.")
    ] = None,
) -> int:
    """Copy a file or a folder to a host, through its agent. What is there already is not sent.

    A file appears whole or not at all. A folder's files are added to those that are there.

    Examples:
      myx host put web1 site.tar.gz /srv/site.tar.gz
      myx host put web1 files /srv/files --user www-data
    """
    if not target.startswith("/"):
        raise UsageError(f"'{target}' is not absolute. Begin it with /.")
    channel = HostChannel(open_client(), name, user)
    if source.is_dir():
        changed = _put_folder(channel, source, target)
    else:
        with source.open("rb") as file:
            changed = channel.put(file, target, f"{source.stat().st_mode & 0o777:04o}")
    say(f"{target} on {name} is {'copied' if changed else 'as it was'}.")
    return ExitCode.SUCCESSFUL


def _put_folder(channel: HostChannel, source: Path, target: str) -> bool:
    """Send one archive of the folder, unless all its files are there."""
    paths = sorted(source.rglob("*"))
    manifest = "".join(_list_sums(source, paths)).encode()
    check = f"cd {shlex.quote(target)} 2>/dev/null && exec sha256sum --check --status"
    if manifest and len(manifest) <= MAX_MANIFEST_BYTES and not channel.run(check, manifest)[0]:
        return False
    archive_path = f"/var/tmp/.myx-{channel.make_id()}.tar"  # noqa: S108 - nobody can guess it
    with tempfile.TemporaryFile() as opened:
        archive = cast("BinaryIO", opened)
        _pack(archive, source, paths)
        channel.put(archive, archive_path, "0600")
    packed, folder = shlex.quote(archive_path), shlex.quote(target)
    unpack = f"mkdir -p {folder} && tar -x --no-same-owner -C {folder} -f {packed}"
    code, said = channel.run(f"{unpack}; code=$?; rm -f {packed}; exit $code", b"")
    if code:
        raise CliError(f"{target} was not unpacked: {said.decode(errors='replace').strip()}")
    return True


def _list_sums(source: Path, paths: list[Path]) -> Iterator[str]:
    """Yield the lines of ``sha256sum`` for plain files."""
    for path in paths:
        if path.is_symlink() or not path.is_file():
            continue
        name = path.relative_to(source).as_posix()
        if "\n" in name or "\\" in name:
            raise UsageError(f"{path!s:.200} has a name that cannot be listed. Rename it.")
        with path.open("rb") as file:
            yield f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n"


def _pack(archive: BinaryIO, source: Path, paths: list[Path]) -> None:
    """Write folders, plain files and links; all of them belong to whoever unpacks them."""
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as packing:
        for path in paths:
            about = packing.gettarinfo(path, path.relative_to(source).as_posix())
            if about.isreg():
                with path.open("rb") as file:
                    packing.addfile(about, file)
            elif about.isdir() or about.issym():
                packing.addfile(about)
