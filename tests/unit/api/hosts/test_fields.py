# SPDX-License-Identifier: GPL-3.0-or-later
import math
from typing import Any

import pytest
from pydantic import SecretStr

from api.hosts.fields import (
    check_address,
    check_group_name,
    check_host_name,
    check_private_key,
    check_ssh_user,
    check_variables,
    sort_groups,
)


@pytest.mark.parametrize("name", ["web1", "a", "db-1.eu.example.org", "_x_", "1", "W" * 128])
def test_a_host_name_is_usable_in_patterns(name: str) -> None:
    """Letters, digits, dots, dashes and underscores make a name."""
    assert check_host_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-x",
        "x-",
        "a:b",
        "a,b",
        "!a",
        "&a",
        "~a",
        "a*",
        "a[1]",
        "a b",
        "a/b",
        "a@b",
        "ü",
        "a\n",
        "W" * 129,
        "all",
        "ALL",
        "ungrouped",
        "localhost",
        "127.0.0.1",
    ],
)
def test_a_host_name_means_nothing_else(name: str) -> None:
    """What an Ansible pattern could read differently, or Ansible itself uses, is refused."""
    with pytest.raises(ValueError, match=r"host name|means something else"):
        check_host_name(name)


@pytest.mark.parametrize("name", ["web", "_x", "eu_1"])
def test_a_group_name_is_an_identifier(name: str) -> None:
    """Ansible's own rule for groups holds."""
    assert check_group_name(name) == name


@pytest.mark.parametrize("name", ["", "a-b", "1a", "a.b", "all", "Ungrouped", "a b", "a:b", "ä"])
def test_other_group_names_are_refused(name: str) -> None:
    """Names that Ansible would warn about, and its own groups, are refused."""
    with pytest.raises(ValueError, match=r"group name|own group"):
        check_group_name(name)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("192.0.2.10", "192.0.2.10"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("web1", "web1"),
        ("web1.example.org.", "web1.example.org."),
        ("my_host.local", "my_host.local"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_an_address_is_an_ip_or_a_name(address: str, kept: str) -> None:
    """IP addresses of both kinds and DNS names are addresses."""
    assert check_address(address) == kept


@pytest.mark.parametrize(
    "address",
    [
        "",
        "1.2.3",
        "1.2.3.999",
        "host:22",
        "https://host",
        "a b",
        "-a",
        "a..b",
        "a" * 64,
        "ä.example",
        "user@host",
        ".".join(["a" * 60] * 5),
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    """A mistyped IP address is no name, and a URL or a port is no address."""
    with pytest.raises(ValueError, match=r"neither an IP address nor a DNS name"):
        check_address(address)


@pytest.mark.parametrize("user", ["root", "deploy", "first.last", "DOMAIN\\user", "svc$"])
def test_an_ssh_user_is_an_account(user: str) -> None:
    """Account names of Unix and of directories pass."""
    assert check_ssh_user(user) == user


@pytest.mark.parametrize("user", ["", "-oProxyCommand=x", "a b", "a\n", "x" * 129])
def test_an_ssh_user_is_no_option(user: str) -> None:
    """What a program could take for an option is refused."""
    with pytest.raises(ValueError, match=r"no user name"):
        check_ssh_user(user)


def test_a_private_key_is_not_its_file_name() -> None:
    """A path or a public key in place of a key is refused without repeating it."""
    with pytest.raises(ValueError, match=r"content of a file") as caught:
        check_private_key(SecretStr("ssh-ed25519 AAAAhunter2"))
    assert "hunter2" not in str(caught.value)


def test_variables_are_json_with_usable_names() -> None:
    """Names that a template can use, with any JSON value, pass."""
    variables: dict[str, Any] = {"http_port": 80, "_x": None, "deep": {"any key": [1, "ü"]}}
    assert check_variables(variables) == variables


@pytest.mark.parametrize("name", ["", "a b", "1a", "a-b", "class", "ä", "a.b"])
def test_other_variable_names_are_refused(name: str) -> None:
    """Names that Ansible cannot use are refused."""
    with pytest.raises(ValueError, match=r"no variable name"):
        check_variables({name: 1})


@pytest.mark.parametrize("value", [math.nan, math.inf, [math.nan]])
def test_values_are_json(value: object) -> None:
    """What JSON does not have is refused, though Python's parser would let it in."""
    with pytest.raises(ValueError, match=r"NaN and Infinity"):
        check_variables({"a": value})


def test_variables_have_a_limit() -> None:
    """Large data belongs into files."""
    with pytest.raises(ValueError, match=r"too many"):
        check_variables({"a": "x" * 300_000})


def test_groups_are_a_set() -> None:
    """A group named twice counts once, and the order is the alphabet's."""
    assert sort_groups(["web", "eu", "web"]) == ["eu", "web"]
