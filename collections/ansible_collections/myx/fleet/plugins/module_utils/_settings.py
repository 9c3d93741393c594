# SPDX-License-Identifier: GPL-3.0-or-later
"""Where is the control plane, and how is it talked to?"""

from __future__ import annotations

import os
import re
import typing as t
from urllib.parse import SplitResult, urlsplit

from ansible.module_utils.basic import env_fallback
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError

CONNECTION_SPEC: dict[str, dict[str, t.Any]] = {
    "myx_url": {"type": "str", "fallback": (env_fallback, ["MYX_URL"])},
    "myx_token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["MYX_TOKEN"])},
    "myx_ca_file": {"type": "path", "fallback": (env_fallback, ["MYX_CA_FILE"])},
    "myx_fingerprint": {"type": "str", "fallback": (env_fallback, ["MYX_FINGERPRINT"])},
    "myx_timeout": {"type": "float", "default": 30.0, "fallback": (env_fallback, ["MYX_TIMEOUT"])},
    "myx_retries": {"type": "int", "default": 3, "fallback": (env_fallback, ["MYX_RETRIES"])},
}
"""The options that all modules share; the doc fragment ``api`` describes them."""

MAX_RETRIES = 10
"""The waits double each time: ten are 17 minutes."""


class Settings(t.NamedTuple):
    """How the control plane is reached. ``fingerprint`` is lower case without colons, or empty."""

    url: str
    token: str
    ca_file: str | None = None
    fingerprint: str = ""
    timeout_s: float = 30.0
    retries: int = 3

    @classmethod
    def from_options(cls, options: t.Mapping[str, t.Any]) -> Settings:
        """Check the options of a module or plugin.

        Raises:
            OptionError: one is missing or cannot be used.
        """
        url = (options.get("myx_url") or "").strip().rstrip("/")
        _check_url(url)
        settings = cls(
            url=url,
            token=_check_token((options.get("myx_token") or "").strip()),
            ca_file=_read_path(options.get("myx_ca_file") or ""),
            fingerprint=_read_fingerprint(options.get("myx_fingerprint") or ""),
            timeout_s=options["myx_timeout"],
            retries=options["myx_retries"],
        )
        settings._check()
        return settings

    def _check(self) -> None:
        if self.ca_file and not os.path.isfile(self.ca_file):
            raise OptionError(
                f"myx_ca_file: {self.ca_file} is not a file on the machine where this runs. Name "
                "the CA's PEM file, or pin the certificate with myx_fingerprint."
            )
        if self.timeout_s <= 0:
            raise OptionError("myx_timeout: must be more than 0 seconds.")
        if not 0 <= self.retries <= MAX_RETRIES:
            raise OptionError(f"myx_retries: must be 0 to {MAX_RETRIES}.")


def _check_url(url: str) -> None:
    if not url:
        raise OptionError(
            "myx_url: not set. Name the control plane with this option or with the environment "
            "variable MYX_URL, for example https://myx.example.org."
        )
    parts = _split(url)
    if parts is None:
        raise OptionError(
            f"myx_url: '{url}' is not a URL of a control plane. Begin it with https:// or http:// "
            "and a host name, for example https://myx.example.org:8443."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise OptionError(
            "myx_url: takes scheme, host, port and path only. Pass the token with myx_token."
        )
    if parts.path.endswith("/api/v1"):
        raise OptionError("myx_url: leave out '/api/v1', it is added to each request.")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if known else None


def _check_token(token: str) -> str:
    if not token:
        raise OptionError(
            "myx_token: not set. Pass an API token with this option or with the environment "
            "variable MYX_TOKEN; 'myx token create' makes one."
        )
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise OptionError(
            "myx_token: holds characters that no API token has; was it cut or wrapped?"
        )
    return token


def _read_path(text: str) -> str | None:
    """Expand it here: of an empty text, plugins' type ``path`` makes the folder they run in."""
    return os.path.expanduser(os.path.expandvars(text.strip())) or None


def _read_fingerprint(text: str) -> str:
    digits = text.strip().lower().replace(":", "")
    if digits.startswith("sha256="):
        digits = digits[len("sha256=") :]
    if digits and not re.match(r"^[0-9a-f]{64}$", digits):
        raise OptionError(
            "myx_fingerprint: not a SHA-256 fingerprint of 64 hexadecimal digits. 'openssl x509 "
            "-in CERTIFICATE -noout -fingerprint -sha256' prints it."
        )
    return digits
