# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys have the inbounds and their clients, and how are they made once and kept?"""

from __future__ import annotations

import base64
import json
import secrets
import typing as t
import uuid

from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._xray.curve import (
    KEY_BYTES,
    encode,
    read_public_key,
)

Inbound = t.Dict[str, t.Any]

SHORT_ID_BYTES = 8
"""The most that REALITY takes."""

PASSWORD_BYTES = 24
"""Of a generated password: 32 letters."""

_METHOD_BYTES = {"2022-blake3-aes-128-gcm": 16, "2022-blake3-aes-256-gcm": 32}
"""What the methods of 2022 take as password: so many bytes in base64."""


class Keys:
    """The keys of all inbounds: those that are kept, and those that are made now.

    Attributes:
        document: what is to be kept, for ``json``.
    """

    def __init__(self, kept: t.Mapping[str, t.Any]) -> None:
        self.document: dict[str, t.Any] = {"inbounds": dict(kept.get("inbounds", {}))}

    @classmethod
    def read(cls, text: str) -> Keys:
        """Read what is kept; an empty text is nothing.

        Raises:
            OptionError: it is no file of keys.
        """
        try:
            kept = json.loads(text) if text else {}
        except ValueError as error:
            raise OptionError("keys_path: the file is damaged; put its backup there.") from error
        if not isinstance(kept, dict) or not isinstance(kept.get("inbounds", {}), dict):
            raise OptionError("keys_path: this is no file of keys; name another.")
        return cls(kept)

    def settle(self, inbound: t.Mapping[str, t.Any]) -> Inbound:
        """Return an inbound with all its keys: those given, else those kept, else new ones.

        The keys of clients that are gone are forgotten, so that nobody gets in with them later.

        Raises:
            OptionError: a key that was given cannot be used.
        """
        kept = self.document["inbounds"].get(inbound["tag"], {})
        own: dict[str, t.Any] = {}
        if inbound["security"] == "reality":
            own["private_key"] = (
                inbound.get("private_key") or kept.get("private_key") or _make_private_key()
            )
            own["short_ids"] = (
                inbound.get("short_ids")
                or kept.get("short_ids")
                or [secrets.token_hex(SHORT_ID_BYTES)]
            )
        if inbound["protocol"] == "shadowsocks":
            own["method"] = inbound["method"]
            if inbound["method"] != kept.get("method"):  # each has keys of its own length
                kept = {}
            if inbound["method"] in _METHOD_BYTES:
                own["password"] = kept.get("password") or _make_password(inbound)
        clients = kept.get("clients", {})
        own["clients"] = {
            client["name"]: _give(inbound, client) or clients.get(client["name"]) or _make(inbound)
            for client in inbound["clients"]
        }
        self.document["inbounds"][inbound["tag"]] = own
        return _complete(inbound, own)

    def forget_clients(self, tags: t.Collection[str]) -> None:
        """Forget the clients of all inbounds but these; what the server itself has is kept."""
        for tag, kept in self.document["inbounds"].items():
            if tag not in tags:
                kept.pop("clients", None)


def _complete(inbound: t.Mapping[str, t.Any], own: t.Mapping[str, t.Any]) -> Inbound:
    clients = [{**client, "key": own["clients"][client["name"]]} for client in inbound["clients"]]
    settled = {**inbound, **own, "clients": clients}
    if "private_key" in own:
        try:
            settled["public_key"] = read_public_key(own["private_key"])
        except OptionError as error:
            raise OptionError(f"inbounds.private_key of {inbound['tag']}: {error}") from error
    return settled


def _give(inbound: t.Mapping[str, t.Any], client: t.Mapping[str, t.Any]) -> str | None:
    """Return the key that was given for a client."""
    if inbound["protocol"] not in ("vless", "vmess"):
        return client.get("password")
    given = client.get("id")
    try:
        return str(uuid.UUID(given)) if given else None
    except ValueError as error:
        where = f"inbounds.clients.id of {client['name']} in {inbound['tag']}"
        raise OptionError(f"{where}: it is no UUID; leave it out to have one made.") from error


def _make(inbound: t.Mapping[str, t.Any]) -> str:
    """Return a new key for a client."""
    if inbound["protocol"] in ("vless", "vmess"):
        return str(uuid.uuid4())
    return _make_password(inbound)


def _make_password(inbound: t.Mapping[str, t.Any]) -> str:
    size = _METHOD_BYTES.get(inbound.get("method") or "")
    if inbound["protocol"] == "shadowsocks" and size:
        return base64.b64encode(secrets.token_bytes(size)).decode()
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _make_private_key() -> str:
    return encode(secrets.token_bytes(KEY_BYTES))
