# SPDX-License-Identifier: GPL-3.0-or-later
"""What is the whole configuration, which links has it, and what of it may be shown?"""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._xray import links
from ansible_collections.myx.fleet.plugins.module_utils._xray.inbounds import (
    Inbound,
    find_flow,
    make_inbound,
)

Document = t.Dict[str, t.Any]

PRIVATE_NETWORKS = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
]
"""Where clients have no business: the server itself and what is behind it."""

HIDDEN = "(hidden)"

_SECRETS = {"id", "password", "pass", "privatekey", "secretkey", "presharedkey", "key", "shortids"}
"""Names, in small letters, whose values are keys."""


def make_document(options: t.Mapping[str, t.Any], inbounds: t.Sequence[Inbound]) -> Document:
    """Return the configuration for inbounds that ``Keys`` has settled."""
    blocks = options["block_private"]
    routing = copy.deepcopy(dict(options["routing"]))
    outbounds = copy.deepcopy(list(options["outbounds"])) or _make_outbounds(blocks=blocks)
    if blocks:
        routing.setdefault("domainStrategy", "IPIfNonMatch")
        rule = {"type": "field", "ip": PRIVATE_NETWORKS, "outboundTag": "block"}
        routing["rules"] = [*routing.get("rules", []), rule]
        if all(outbound.get("tag") != "block" for outbound in outbounds):
            outbounds.append({"tag": "block", "protocol": "blackhole"})
    document = {
        "log": {
            "loglevel": options["log_level"],
            "access": "" if options["access_log"] else "none",
        },
        "inbounds": [make_inbound(inbound) for inbound in inbounds],
        "outbounds": outbounds,
        "routing": routing,
    }
    return t.cast("Document", merge(document, options["extra"]))


def _make_outbounds(*, blocks: bool) -> list[Document]:
    """Return the way out, and the one that leads nowhere."""
    direct: Document = {"tag": "direct", "protocol": "freedom"}
    if not blocks:  # since 26.4 Xray itself keeps clients from private addresses
        direct["settings"] = {"finalRules": [{"action": "allow"}]}
    return [direct, {"tag": "block", "protocol": "blackhole"}]


def merge(base: t.Any, more: t.Any) -> t.Any:
    """Return both configurations in one.

    Dictionaries are merged, and so are entries of lists that have the same ``tag``. Other entries
    of lists are put after those that are there. What is neither is replaced.
    """
    if isinstance(base, dict) and isinstance(more, dict):
        merged = dict(base)
        for name, value in more.items():
            merged[name] = merge(base[name], value) if name in base else value
        return merged
    if isinstance(base, list) and isinstance(more, list):
        return _merge_lists(base, more)
    return more


def _merge_lists(base: list[t.Any], more: list[t.Any]) -> list[t.Any]:
    merged = list(base)
    places = {_find_tag(entry): place for place, entry in enumerate(base)}
    for entry in more:
        tag = _find_tag(entry)
        if tag is not None and tag in places:
            merged[places[tag]] = merge(merged[places[tag]], entry)
        else:
            merged.append(entry)
    return merged


def _find_tag(entry: t.Any) -> str | None:
    return entry.get("tag") if isinstance(entry, dict) else None


def hide_secrets(value: t.Any) -> t.Any:
    """Return a configuration, or options, without the keys in it."""
    if isinstance(value, dict):
        return {
            name: HIDDEN
            if str(name).lower().replace("_", "") in _SECRETS and inner
            else hide_secrets(inner)
            for name, inner in value.items()
        }
    return [hide_secrets(one) for one in value] if isinstance(value, list) else value


def make_links(inbounds: t.Sequence[Inbound], address: str) -> list[dict[str, str]]:
    """Return the link of each client of inbounds that ``Keys`` has settled."""
    return [
        {
            "inbound": inbound["tag"],
            "client": client["name"],
            "link": _make_link(inbound, client, address),
        }
        for inbound in inbounds
        for client in inbound["clients"]
    ]


def _make_link(inbound: Inbound, client: t.Mapping[str, t.Any], address: str) -> str:
    other = {name: value for name, value in (inbound["link"] or {}).items() if value is not None}
    options: dict[str, t.Any] = {
        "address": other.get("address", address),
        "port": other.get("port", inbound["port"]),
        "name": f"{client['name']} {inbound['tag']}",
    }
    if inbound["protocol"] == "shadowsocks":
        keys = [inbound["password"], client["key"]] if "password" in inbound else [client["key"]]
        options.update(method=inbound["method"], password=":".join(keys))
        return links.make_shadowsocks_link(options)
    options.update(_describe_way(inbound, other))
    if inbound["protocol"] == "trojan":
        return links.make_trojan_link({**options, "password": client["key"]})
    if inbound["protocol"] == "vmess":
        return links.make_vmess_link({**options, "id": client["key"]})
    return links.make_vless_link({**options, "id": client["key"], "flow": find_flow(inbound)})


def _describe_way(inbound: Inbound, other: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return how a client comes to the inbound; ``other`` is what stands before it."""
    names = ("network", "path", "host", "service_name", "mode", "fingerprint", "alpn")
    way = {name: inbound[name] for name in names}
    way["security"] = other.get("security", inbound["security"])
    way["server_name"] = other.get("server_name", next(iter(inbound["server_names"]), None))
    if inbound["security"] == "reality":
        way["public_key"] = inbound["public_key"]
        way["short_id"] = inbound["short_ids"][0]
    return way
