# SPDX-License-Identifier: GPL-3.0-or-later
"""Which link brings a client to an inbound?

VLESS and Trojan have URLs in the form that the makers of Xray proposed, VMess the JSON of v2rayN in
base64, Shadowsocks SIP002.
"""

from __future__ import annotations

import base64
import json
import typing as t
from urllib.parse import quote, urlencode

from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError

Options = t.Mapping[str, t.Any]

_COMMON = {
    "address",
    "port",
    "name",
    "network",
    "path",
    "host",
    "service_name",
    "mode",
    "security",
    "server_name",
    "alpn",
    "fingerprint",
    "public_key",
    "short_id",
}
NETWORKS = ("tcp", "ws", "grpc", "xhttp")
SECURITIES = ("none", "tls", "reality")
SHADOWSOCKS_METHODS = (
    "2022-blake3-aes-128-gcm",
    "2022-blake3-aes-256-gcm",
    "aes-128-gcm",
    "aes-256-gcm",
    "chacha20-ietf-poly1305",
)


def make_vless_link(options: Options) -> str:
    """Return the link of a VLESS client.

    Raises:
        OptionError: an option is missing, unknown or cannot be used.
    """
    _check(options, required={"id"}, others=_COMMON | {"flow"})
    more = {"encryption": "none", "flow": options.get("flow")}
    return _make_url("vless", str(options["id"]), options, more)


def make_trojan_link(options: Options) -> str:
    """Return the link of a Trojan client.

    Raises:
        OptionError: an option is missing, unknown or cannot be used.
    """
    _check(options, required={"password"}, others=_COMMON | {"flow"})
    return _make_url("trojan", str(options["password"]), options, {"flow": options.get("flow")})


def make_vmess_link(options: Options) -> str:
    """Return the link of a VMess client.

    Raises:
        OptionError: an option is missing, unknown or cannot be used.
    """
    _check(options, required={"id"}, others=_COMMON)
    network, security = _read_kind(options)
    if security == "reality":
        raise OptionError("security: VMess links know no REALITY; use tls or none.")
    kinds = {"grpc": "gun", "xhttp": options.get("mode") or "auto"}
    paths = {"grpc": options.get("service_name"), "tcp": ""}
    document = {
        "v": "2",
        "ps": options.get("name", ""),
        "add": options["address"],
        "port": str(_read_port(options)),
        "id": options["id"],
        "aid": "0",
        "scy": "auto",
        "net": network,
        "type": kinds.get(network, "none"),
        "host": options.get("host") or "",
        "path": paths.get(network, options.get("path") or "/") or "",
        "tls": "tls" if security == "tls" else "",
    }
    if security == "tls":
        document["sni"] = options.get("server_name") or ""
        document["alpn"] = ",".join(options.get("alpn") or [])
        document["fp"] = options.get("fingerprint") or ""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return "vmess://" + base64.b64encode(text.encode()).decode()


def make_shadowsocks_link(options: Options) -> str:
    """Return the link of a Shadowsocks client.

    Raises:
        OptionError: an option is missing, unknown or cannot be used.
    """
    _check(options, required={"method", "password"}, others={"address", "port", "name"})
    method, password = str(options["method"]), str(options["password"])
    if method not in SHADOWSOCKS_METHODS:
        raise OptionError(f"method: {method} is none of {', '.join(SHADOWSOCKS_METHODS)}.")
    if method.startswith("2022-"):  # SIP022 forbids base64 here
        user = f"{method}:{quote(password, safe='')}"
    else:
        user = base64.urlsafe_b64encode(f"{method}:{password}".encode()).rstrip(b"=").decode()
    return f"ss://{user}@{_make_place(options)}{_make_fragment(options)}"


def _check(options: Options, required: set[str], others: set[str]) -> None:
    if not isinstance(options, t.Mapping):
        raise OptionError("A link is made of a dictionary with address, port and the client's key.")
    required = required | {"address", "port"}
    for name in sorted(required):
        if options.get(name) in (None, ""):
            raise OptionError(f"{name} is missing.")
    unknown = sorted(set(options) - required - others)
    if unknown:
        known = ", ".join(sorted(required | others))
        raise OptionError(f"{unknown[0]} is no option of this link; there are {known}.")


def _read_kind(options: Options) -> tuple[str, str]:
    network, security = options.get("network") or "tcp", options.get("security") or "none"
    if network not in NETWORKS:
        raise OptionError(f"network: {network} is none of {', '.join(NETWORKS)}.")
    if security not in SECURITIES:
        raise OptionError(f"security: {security} is none of {', '.join(SECURITIES)}.")
    return network, security


def _read_port(options: Options) -> int:
    try:
        port = int(options["port"])
    except (TypeError, ValueError):
        port = 0
    if not 0 < port < 2**16:
        raise OptionError(f"port: {options['port']} is none; it is a number from 1 to 65535.")
    return port


def _make_url(scheme: str, user: str, options: Options, more: Options) -> str:
    network, security = _read_kind(options)
    query = {**more, "type": network, "security": security}
    query.update(_describe_network(network, options))
    query.update(_describe_security(security, options))
    said = {name: value for name, value in query.items() if value not in (None, "")}
    place = _make_place(options)
    return (
        f"{scheme}://{quote(user, safe='')}@{place}"
        f"?{urlencode(said, quote_via=quote, safe='')}{_make_fragment(options)}"
    )


def _describe_network(network: str, options: Options) -> Options:
    if network == "grpc":
        return {"serviceName": options.get("service_name"), "mode": "gun"}
    if network == "tcp":
        return {}
    described = {"path": options.get("path") or "/", "host": options.get("host")}
    return {**described, "mode": options.get("mode") or "auto"} if network == "xhttp" else described


def _describe_security(security: str, options: Options) -> Options:
    if security == "none":
        return {}
    described = {"sni": options.get("server_name"), "fp": options.get("fingerprint") or "chrome"}
    if security == "tls":
        return {**described, "alpn": ",".join(options.get("alpn") or [])}
    for name in ("public_key", "server_name"):
        if not options.get(name):
            raise OptionError(f"{name} is missing; REALITY needs it.")
    return {**described, "pbk": options["public_key"], "sid": options.get("short_id")}


def _make_place(options: Options) -> str:
    address = str(options["address"])
    return (
        f"[{address}]:{_read_port(options)}"
        if ":" in address
        else f"{address}:{_read_port(options)}"
    )


def _make_fragment(options: Options) -> str:
    return f"#{quote(str(options['name']), safe='')}" if options.get("name") else ""
