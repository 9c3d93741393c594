# SPDX-License-Identifier: GPL-3.0-or-later
"""Which control plane is spoken to, and with which token?

``MYX_URL``, ``MYX_TOKEN`` and ``MYX_CA_FILE`` say it, or ``myx login`` has said it. Without them
it is the one on this machine: its address from ``MYX_LISTEN``, its token from the data directory.
The token of this machine is never sent to another one.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from api.cli.errors import NoServerError, UsageError
from api.cli.remote.logins import Login, Logins
from api.core.places import (
    ADMIN_TOKEN_NAME,
    DEFAULT_LISTEN,
    default_data_dir,
    is_loopback,
    split_listen,
)

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound: translated


@dataclass(frozen=True, slots=True)
class Server:
    """A control plane as a client sees it.

    Attributes:
        url: without a slash at the end.
        token: what authenticates the caller.
        token_source: where the token came from, for error messages.
        ca_file: certificates to trust instead of the system's.
        pinned_certificate: the one file to trust whatever name it holds: the server is here.
        is_local: whether ``myx serve`` on this machine is the remedy when nothing answers.
    """

    url: str
    token: str = field(repr=False)
    token_source: str
    ca_file: Path | None = None
    pinned_certificate: Path | None = None
    is_local: bool = False


def find_server(environ: Mapping[str, str] = os.environ) -> Server:
    """Find the control plane to speak to.

    Raises:
        UsageError: a variable does not fit.
        NoServerError: there is no token; says where it was looked for.
    """
    url = environ.get("MYX_URL", "").rstrip("/")
    ca_file = Path(environ["MYX_CA_FILE"]) if environ.get("MYX_CA_FILE") else None
    if ca_file is not None and not ca_file.is_file():
        raise UsageError(f"MYX_CA_FILE={ca_file} is not a file. Name the CA's PEM file.")
    if not url:
        login = None if _names_local(environ) else Logins(environ).find()
        return _use_login(login, ca_file) if login else _find_local(environ, ca_file)
    parts = _split_url(url)
    if environ.get("MYX_TOKEN"):
        return Server(url, _clean(environ["MYX_TOKEN"]), "MYX_TOKEN", ca_file)
    login = Logins(environ).find(url)
    if login is not None:
        return _use_login(login, ca_file)
    if not is_loopback(parts.hostname or ""):
        raise NoServerError(
            f"MYX_URL is {url}, but MYX_TOKEN is not set.\n"
            f"Sign in with 'myx login {url} --user NAME', or set MYX_TOKEN to a token of that "
            "control plane."
        )
    token, source = _read_local_token(environ)
    return Server(url, token, source, ca_file)


def check_url(url: str) -> str:
    """Return the URL of a control plane in the form that it is kept in.

    Raises:
        UsageError: it is none.
    """
    url = url.rstrip("/")
    _split_url(url, "URL")
    return url


def _names_local(environ: Mapping[str, str]) -> bool:
    return any(environ.get(name) for name in ("MYX_TOKEN", "MYX_LISTEN", "MYX_DATA_DIR"))


def _use_login(login: Login, ca_file: Path | None) -> Server:
    kept = Path(login.ca_file) if login.ca_file else None
    return Server(login.url, login.token, "myx login", ca_file or kept)


def _find_local(environ: Mapping[str, str], ca_file: Path | None) -> Server:
    listen = environ.get("MYX_LISTEN") or DEFAULT_LISTEN
    try:
        host, port = split_listen(listen)
    except ValueError as error:
        raise UsageError(f"MYX_LISTEN does not fit: {error}.") from error
    host = _WILDCARDS.get(host, host)
    certificate = environ.get("MYX_TLS_CERT")
    token, source = _read_local_token(environ)
    return Server(
        url=f"{'https' if certificate else 'http'}://{f'[{host}]' if ':' in host else host}:{port}",
        token=token,
        token_source=source,
        ca_file=ca_file,
        pinned_certificate=Path(certificate) if certificate and not ca_file else None,
        is_local=True,
    )


def _read_local_token(environ: Mapping[str, str]) -> tuple[str, str]:
    if environ.get("MYX_TOKEN"):
        return _clean(environ["MYX_TOKEN"]), "MYX_TOKEN"
    data_dir = Path(environ.get("MYX_DATA_DIR") or default_data_dir())
    path = data_dir.expanduser().absolute() / ADMIN_TOKEN_NAME
    try:
        return _clean(path.read_text()), str(path)
    except FileNotFoundError as error:
        raise NoServerError(
            f"No token: {path} does not exist and MYX_TOKEN is not set.\nStart the control plane "
            "with 'myx serve', or name another with MYX_URL and MYX_TOKEN."
        ) from error
    except OSError as error:
        raise NoServerError(
            f"The token in {path} cannot be read: {error.strerror}.\n"
            "Run this as the user of 'myx serve', or set MYX_TOKEN."
        ) from error


def _clean(token: str) -> str:
    token = token.strip()
    if not token.isascii() or not token.isprintable():
        raise UsageError("The token holds characters that no token has. Copy it again.")
    return token


def _split_url(url: str, name: str = "MYX_URL") -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass  # the port is no number
    raise UsageError(f"{name}={url} is not a URL like https://myx.example.org:8000.")
