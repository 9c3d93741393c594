# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from pydantic import SecretStr

from api.hosts.fields import (
    check_address,
    check_host_name,
    check_private_key,
    check_ssh_user,
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
