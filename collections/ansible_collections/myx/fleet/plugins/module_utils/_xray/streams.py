# SPDX-License-Identifier: GPL-3.0-or-later
"""What carries an inbound, and how is it sealed, in the words of Xray's configuration?"""

from __future__ import annotations

import typing as t

Inbound = t.Mapping[str, t.Any]


def make_stream(inbound: Inbound) -> dict[str, t.Any]:
    """Return the ``streamSettings`` of an inbound."""
    network, security = inbound["network"], inbound["security"]
    made: dict[str, t.Any] = {"network": network, "security": security}
    if network != "tcp":
        made[f"{network}Settings"] = _make_network(inbound)
    if security == "tls":
        made["tlsSettings"] = _make_tls(inbound)
    elif security == "reality":
        made["realitySettings"] = {
            "target": inbound["target"],
            "serverNames": inbound["server_names"],
            "privateKey": inbound["private_key"],
            "shortIds": inbound["short_ids"],
        }
    return made


def _make_network(inbound: Inbound) -> dict[str, t.Any]:
    if inbound["network"] == "grpc":
        return {"serviceName": inbound["service_name"]}
    made = {"path": inbound["path"]}
    if inbound["host"]:
        made["host"] = inbound["host"]
    if inbound["network"] == "xhttp":
        made["mode"] = inbound["mode"]
    return made


def _make_tls(inbound: Inbound) -> dict[str, t.Any]:
    certificate = {
        "certificateFile": inbound["certificate_file"],
        "keyFile": inbound["key_file"],
    }
    made: dict[str, t.Any] = {"certificates": [certificate]}
    if inbound["alpn"]:
        made["alpn"] = inbound["alpn"]
    return made
