# SPDX-License-Identifier: GPL-3.0-or-later
"""What is a valid name, address or account of a host, and what is said where it is not?"""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from api.groups.fields import GroupName, sort_names

MAX_SSH_SECRET_CHARS = 64 * 1024
"""The longest SSH key or password; the largest keys in use are a quarter of it."""

MAX_GROUPS = 100
"""The most groups that one host is in."""

RESERVED_HOST_NAMES = frozenset({"all", "ungrouped", "localhost", "127.0.0.1"})
"""Ansible gives these a meaning of their own."""

_HOST_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9_])?")
_DNS_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_SSH_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@\\$-]{0,127}")
_MAX_DNS_NAME_CHARS = 253


def check_host_name(name: str) -> str:
    """Refuse what an Ansible pattern could not name."""
    if name.lower() in RESERVED_HOST_NAMES:
        raise ValueError(f"'{name}' means something else to Ansible; choose another name")
    if not _HOST_NAME.fullmatch(name):
        raise ValueError(
            f"'{name}' is no host name; use up to 128 letters, digits, '.', '_' and '-', "
            "with a letter, digit or '_' at both ends"
        )
    return name


def check_address(address: str) -> str:
    """Refuse what is neither an IP address nor a DNS name."""
    try:
        return str(ipaddress.ip_address(address.strip("[]")))
    except ValueError:
        pass
    labels = address.removesuffix(".").split(".")
    is_name = all(_DNS_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdecimal()
    if not is_name or len(address) > _MAX_DNS_NAME_CHARS:
        raise ValueError(
            f"'{address}' is neither an IP address nor a DNS name, "
            "for example 192.0.2.10 or web1.example.org; the port is a field of its own"
        )
    return address


def check_ssh_user(user: str) -> str:
    """Refuse what is no account name."""
    if not _SSH_USER.fullmatch(user):
        raise ValueError(f"'{user}' is no user name")
    return user


def check_private_key(key: SecretStr) -> SecretStr:
    """Refuse what is not a private key, without repeating it."""
    if "PRIVATE KEY-----" not in key.get_secret_value():
        raise ValueError(
            "not a private key; send the content of a file such as ~/.ssh/id_ed25519, "
            "not its name and not the .pub file"
        )
    return key


HostName = Annotated[
    str,
    AfterValidator(check_host_name),
    Field(description="Name in the inventory, unique", examples=["web1"]),
]
Groups = Annotated[
    list[GroupName],
    AfterValidator(sort_names),
    Field(
        max_length=MAX_GROUPS,
        description="Groups that the host is directly in; who does not exist yet is created",
        examples=[["web", "eu"]],
    ),
]
Address = Annotated[
    str,
    AfterValidator(check_address),
    Field(description="IP address or DNS name", examples=["192.0.2.10"]),
]
Port = Annotated[int, Field(ge=1, le=65535)]
SshUser = Annotated[
    str,
    AfterValidator(check_ssh_user),
    Field(description="SSH account: root, or one that may sudo", examples=["root"]),
]
PrivateKey = Annotated[
    SecretStr,
    AfterValidator(check_private_key),
    Field(
        max_length=MAX_SSH_SECRET_CHARS,
        description="SSH private key in OpenSSH or PEM form, without passphrase; kept sealed",
    ),
]
ShortText = Annotated[str, Field(max_length=200)]
Password = Annotated[
    SecretStr,
    Field(
        min_length=1,
        max_length=MAX_SSH_SECRET_CHARS,
        description="Password of the SSH account, for login and sudo; kept sealed",
    ),
]
Fingerprint = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the agent's certificate (DER): 64 lower-case hexadecimal digits",
        examples=["9f" * 32],
    ),
]
RpcPath = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9]{12,64}$",
        description="Random path that the agent answers at",
        examples=["a3f8b9c2d1e4a3f8b9c2d1e4"],
    ),
]
AgentSecret = Annotated[SecretStr, Field(min_length=16, max_length=1024)]
