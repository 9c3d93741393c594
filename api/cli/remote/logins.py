# SPDX-License-Identifier: GPL-3.0-or-later
"""Where does ``myx login`` keep tokens? In one file that only this account can read."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from api.cli.errors import UsageError
from api.core.private_files import ensure_private_dir, write_private_file

FILE_NAME = "logins.json"

_OTHERS = 0o077
"""The permissions of everybody but the owner."""


@dataclass(frozen=True, slots=True)
class Login:
    """A control plane and the token that it gave."""

    url: str
    user: str
    token: str = field(repr=False)
    token_id: int
    ca_file: str | None = None


class Logins:
    """The control planes that this account has signed in to."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        home = environ.get("HOME")
        base = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else None)
        self._path = Path(base) / "myx" / FILE_NAME if base else None

    def find(self, url: str | None = None) -> Login | None:
        """Return the login at a control plane, by default at the one signed in to last.

        Raises:
            UsageError: the file is damaged, or others can read it.
        """
        kept = self._read()
        fields = kept["logins"].get(kept["current"] if url is None else url)
        return None if fields is None else Login(**fields)

    def keep(self, login: Login) -> Path:
        """Keep a login, which is the present one from now on; return the file."""
        kept = self._read()
        kept["logins"][login.url] = asdict(login)
        kept["current"] = login.url
        return self._write(kept)

    def forget(self, url: str) -> None:
        """Forget a login."""
        kept = self._read()
        kept["logins"].pop(url, None)
        if kept["current"] == url:
            kept["current"] = next(iter(kept["logins"]), None)
        self._write(kept)

    def _read(self) -> dict[str, Any]:
        if self._path is None or not self._path.exists():
            return {"current": None, "logins": {}}
        if self._path.stat().st_mode & _OTHERS:
            raise UsageError(f"{self._path} holds tokens and others can read it. chmod 600 it.")
        try:
            kept = json.loads(self._path.read_bytes())
            return {"current": kept["current"], "logins": dict(kept["logins"])}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{self._path} is damaged. Remove it and sign in again.") from error

    def _write(self, kept: dict[str, Any]) -> Path:
        if self._path is None:
            raise UsageError("HOME is not set, so there is no place for the token.")
        ensure_private_dir(self._path.parent)
        write_private_file(self._path, json.dumps(kept, indent=2).encode())
        return self._path
