# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom may the control plane tell what happens? The settings of notifications."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode


def _split(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return tuple(ip_network(part.strip()) for part in given.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"{error}; write networks as 10.0.0.0/8,fd00::/8") from error


class NotificationSettings(BaseSettings):
    """What can be set about notifications; a part of ``Settings``."""

    notification_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_split)
    ] = Field(
        default=(),
        description="Networks that notifications may be sent to besides the internet, with commas "
        "between them: 10.0.0.0/8,fd00::/8. Without it no private, loopback or link-local address.",
    )
    notification_ca_file: Path | None = Field(
        default=None,
        description="File with PEM certificates of authorities that notifications' receivers may "
        "have theirs from, besides those that this machine trusts.",
    )
