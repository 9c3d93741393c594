# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a client make of a link? Outbounds of Xray, read from links as their standards say.

Run as a program it reads links from its standard input, JSON as the role ``xray`` writes them, and
prints a configuration with a SOCKS proxy for each, at 1080 and the following ports. Its argument is
the file of a certificate that the client trusts.
"""

import base64
import json
import sys
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Outbound = dict[str, Any]

FIRST_PORT = 1080
"""Of the proxies."""


def read_link(link: str, tag: str) -> Outbound:
    """Return the outbound that a link describes."""
    scheme = link.partition(":")[0]
    return {"tag": tag, "protocol": _NAMES.get(scheme, scheme), **_READERS[scheme](link)}


def _read_vless(link: str) -> Outbound:
    parts, query = _split(link)
    user = {"id": parts.username, "encryption": query["encryption"], "flow": query.get("flow", "")}
    server = {"address": parts.hostname, "port": parts.port, "users": [user]}
    return {"settings": {"vnext": [server]}, "streamSettings": _read_stream(query)}


def _read_trojan(link: str) -> Outbound:
    parts, query = _split(link)
    password = unquote(parts.username or "")
    server = {"address": parts.hostname, "port": parts.port, "password": password}
    return {"settings": {"servers": [server]}, "streamSettings": _read_stream(query)}


def _read_vmess(link: str) -> Outbound:
    document = json.loads(base64.b64decode(link.partition("://")[2]))
    user = {"id": document["id"], "security": document["scy"]}
    server = {"address": document["add"], "port": int(document["port"]), "users": [user]}
    query = {
        "type": document["net"],
        "security": document["tls"] or "none",
        "path": document["path"],
        "serviceName": document["path"],
        "host": document["host"],
        "mode": document["type"],
        "sni": document.get("sni", ""),
    }
    return {"settings": {"vnext": [server]}, "streamSettings": _read_stream(query)}


def _read_shadowsocks(link: str) -> Outbound:
    parts, _ = _split(link)
    user = parts.netloc.rpartition("@")[0]
    if ":" not in user:
        user = base64.urlsafe_b64decode(user + "=" * (-len(user) % 4)).decode()
    method, _, password = unquote(user).partition(":")
    server = {
        "address": parts.hostname,
        "port": parts.port,
        "method": method,
        "password": password,
    }
    return {"settings": {"servers": [server]}}


def _split(link: str) -> tuple[Any, dict[str, str]]:
    parts = urlsplit(link)
    return parts, {name: values[0] for name, values in parse_qs(parts.query).items()}


def _read_stream(query: dict[str, str]) -> Outbound:
    network, security = query["type"], query["security"]
    stream: Outbound = {"network": network, "security": security}
    if network == "grpc":
        stream["grpcSettings"] = {"serviceName": query["serviceName"]}
    elif network != "tcp":
        stream[f"{network}Settings"] = {"path": query["path"], "host": query.get("host", "")}
    if security == "tls":
        stream["tlsSettings"] = {"serverName": query["sni"]}
    elif security == "reality":
        stream["realitySettings"] = {
            "serverName": query["sni"],
            "fingerprint": query["fp"],
            "publicKey": query["pbk"],
            "shortId": query["sid"],
        }
    return stream


_NAMES = {"ss": "shadowsocks"}
_READERS = {
    "vless": _read_vless,
    "trojan": _read_trojan,
    "vmess": _read_vmess,
    "ss": _read_shadowsocks,
}


def make_client(rows: list[dict[str, str]], ca_file: str = "") -> dict[str, Any]:
    """Return the configuration of a client that has a proxy for each link."""
    outbounds = [read_link(row["link"], f"{row['inbound']}/{row['client']}") for row in rows]
    for outbound in outbounds:
        tls = outbound.get("streamSettings", {}).get("tlsSettings")
        if tls and ca_file:
            tls["certificates"] = [{"usage": "verify", "certificateFile": ca_file}]
    proxies = [
        {"tag": f"proxy {place}", "protocol": "socks", "listen": "127.0.0.1", "port": port}
        for place, port in enumerate(range(FIRST_PORT, FIRST_PORT + len(rows)))
    ]
    rules = [
        {"type": "field", "inboundTag": [proxy["tag"]], "outboundTag": outbound["tag"]}
        for proxy, outbound in zip(proxies, outbounds, strict=True)
    ]
    return {"inbounds": proxies, "outbounds": outbounds, "routing": {"rules": rules}}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(make_client(json.load(sys.stdin), *sys.argv[1:])))
