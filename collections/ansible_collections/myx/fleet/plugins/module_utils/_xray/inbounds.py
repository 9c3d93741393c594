# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be said of an inbound, what fits together, and how does Xray want it?"""

from __future__ import annotations

import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._xray.links import (
    NETWORKS,
    SECURITIES,
    SHADOWSOCKS_METHODS,
)
from ansible_collections.myx.fleet.plugins.module_utils._xray.streams import make_stream

Inbound = t.Mapping[str, t.Any]

PROTOCOLS = ("vless", "vmess", "trojan", "shadowsocks")
MODES = ("auto", "packet-up", "stream-up", "stream-one")
VISION = "xtls-rprx-vision"

SPEC: dict[str, t.Any] = {
    "tag": {"type": "str", "required": True},
    "protocol": {"type": "str", "required": True, "choices": list(PROTOCOLS)},
    "listen": {"type": "str", "default": "0.0.0.0"},  # noqa: S104 - clients come from everywhere
    "port": {"type": "int", "required": True},
    "network": {"type": "str", "choices": list(NETWORKS), "default": "tcp"},
    "path": {"type": "str", "default": "/"},
    "host": {"type": "str"},
    "service_name": {"type": "str"},
    "mode": {"type": "str", "choices": list(MODES), "default": "auto"},
    "security": {"type": "str", "choices": list(SECURITIES), "default": "none"},
    "server_names": {"type": "list", "elements": "str", "default": []},
    "alpn": {"type": "list", "elements": "str", "default": []},
    "certificate_file": {"type": "path"},
    "key_file": {"type": "path", "no_log": False},
    "target": {"type": "str"},
    "private_key": {"type": "str", "no_log": True},
    "short_ids": {"type": "list", "elements": "str", "default": []},
    "fingerprint": {"type": "str", "default": "chrome"},
    "vision": {"type": "bool", "default": True},
    "method": {
        "type": "str",
        "choices": list(SHADOWSOCKS_METHODS),
        "default": SHADOWSOCKS_METHODS[0],
    },
    "sniffing": {"type": "bool", "default": True},
    "clients": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "id": {"type": "str", "no_log": True},
            "password": {"type": "str", "no_log": True},
        },
    },
    "fallbacks": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "dest": {"type": "str", "required": True},
            "path": {"type": "str"},
            "alpn": {"type": "str"},
            "name": {"type": "str"},
            "xver": {"type": "int", "choices": [0, 1, 2], "default": 0},
        },
    },
    "link": {
        "type": "dict",
        "options": {
            "address": {"type": "str"},
            "port": {"type": "int"},
            "security": {"type": "str", "choices": ["none", "tls"]},
            "server_name": {"type": "str"},
        },
    },
}
"""The options of an inbound, for a module."""


def check_inbounds(inbounds: t.Sequence[Inbound]) -> None:
    """See that the inbounds can be served together.

    Raises:
        OptionError: they cannot; the message names inbound and option.
    """
    _check_single("tag", [inbound["tag"] for inbound in inbounds])
    _check_single("port", [f"{inbound['listen']} {inbound['port']}" for inbound in inbounds])
    for inbound in inbounds:
        for applies, option, sentence in _list_rules(inbound):
            if applies:
                raise OptionError(f"inbounds.{option} of {inbound['tag']}: {sentence}")
        where = f"clients.name of {inbound['tag']}"
        _check_single(where, [client["name"] for client in inbound["clients"]])


def _list_rules(inbound: Inbound) -> t.Iterator[tuple[bool, str, str]]:
    """Tell each combination that does not fit: whether it is there, its option, what to do."""
    protocol, network, security = inbound["protocol"], inbound["network"], inbound["security"]
    plain = network == "tcp" and security == "none"
    yield not 0 < inbound["port"] < 2**16, "port", "it is a number from 1 to 65535."
    yield not inbound["clients"], "clients", "give it at least one."
    yield (
        protocol == "shadowsocks" and not plain,
        "network",
        "Shadowsocks seals by itself; use tcp with security none.",
    )
    yield network == "grpc" and not inbound["service_name"], "service_name", "gRPC needs one."
    for option in ("certificate_file", "key_file"):
        yield security == "tls" and not inbound[option], option, "TLS needs it."
    if security == "reality":
        yield network == "ws", "network", "REALITY carries tcp, grpc and xhttp."
        yield protocol == "vmess", "protocol", "use VLESS or Trojan with REALITY."
        yield not inbound["target"], "target", "name the site to look like, as example.org:443."
        yield not inbound["server_names"], "server_names", "list the names of that site."
        yield bool(inbound["link"]), "link", "REALITY is reached where it listens; leave it out."
    yield (
        bool(inbound["fallbacks"])
        and not (protocol in ("vless", "trojan") and network == "tcp" and security == "tls"),
        "fallbacks",
        "only VLESS and Trojan over tcp with TLS have them.",
    )


def _check_single(what: str, values: t.Sequence[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise OptionError(f"inbounds.{what}: {value} is there twice; give each its own.")


def find_flow(inbound: Inbound) -> str:
    """Return the flow of the clients of an inbound, or nothing."""
    possible = inbound["protocol"] == "vless" and inbound["network"] == "tcp"
    return VISION if possible and inbound["vision"] and inbound["security"] != "none" else ""


def make_inbound(inbound: Inbound) -> dict[str, t.Any]:
    """Return an inbound, settled by ``Keys``, as Xray's configuration has it."""
    made: dict[str, t.Any] = {
        "tag": inbound["tag"],
        "listen": inbound["listen"],
        "port": inbound["port"],
        "protocol": inbound["protocol"],
        "settings": _MAKERS[inbound["protocol"]](inbound),
    }
    if inbound["protocol"] != "shadowsocks":
        made["streamSettings"] = make_stream(inbound)
    if inbound["sniffing"]:
        made["sniffing"] = {"enabled": True, "destOverride": ["http", "tls", "quic"]}
    return made


def _make_vless(inbound: Inbound) -> dict[str, t.Any]:
    flow = find_flow(inbound)
    clients = [
        {"id": client["key"], "email": client["name"], **({"flow": flow} if flow else {})}
        for client in inbound["clients"]
    ]
    return {"clients": clients, "decryption": "none", **_make_fallbacks(inbound)}


def _make_vmess(inbound: Inbound) -> dict[str, t.Any]:
    return {
        "clients": [{"id": client["key"], "email": client["name"]} for client in inbound["clients"]]
    }


def _make_trojan(inbound: Inbound) -> dict[str, t.Any]:
    clients = [
        {"password": client["key"], "email": client["name"]} for client in inbound["clients"]
    ]
    return {"clients": clients, **_make_fallbacks(inbound)}


def _make_shadowsocks(inbound: Inbound) -> dict[str, t.Any]:
    made: dict[str, t.Any] = {"network": "tcp,udp"}
    shared = {}
    if "password" in inbound:  # the methods of 2022 have one of the server, too
        made.update(method=inbound["method"], password=inbound["password"])
    else:
        shared = {"method": inbound["method"]}
    made["clients"] = [
        {"password": client["key"], "email": client["name"], **shared}
        for client in inbound["clients"]
    ]
    return made


def _make_fallbacks(inbound: Inbound) -> dict[str, t.Any]:
    if not inbound["fallbacks"]:
        return {}
    return {
        "fallbacks": [
            {name: value for name, value in fallback.items() if value is not None}
            for fallback in inbound["fallbacks"]
        ]
    }


_MAKERS: dict[str, t.Callable[[Inbound], dict[str, t.Any]]] = {
    "vless": _make_vless,
    "vmess": _make_vmess,
    "trojan": _make_trojan,
    "shadowsocks": _make_shadowsocks,
}
