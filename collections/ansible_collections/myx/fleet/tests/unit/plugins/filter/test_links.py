# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.myx.fleet.plugins.filter.reality_public_key import reality_public_key
from ansible_collections.myx.fleet.plugins.filter.shadowsocks_link import shadowsocks_link
from ansible_collections.myx.fleet.plugins.filter.trojan_link import trojan_link
from ansible_collections.myx.fleet.plugins.filter.vless_link import vless_link
from ansible_collections.myx.fleet.plugins.filter.vmess_link import vmess_link

UUID = "6f1d9a1e-8f1c-4a43-9a3e-3a0f4d0b7a11"
WAY = {"address": "vpn.example.org", "port": 443, "name": "Alice & co"}


def read_query(link: str) -> dict[str, str]:
    """Return what a link's query says."""
    return {name: value for name, [value] in parse_qs(urlsplit(link).query).items()}


def test_a_reality_link_has_what_the_client_needs() -> None:
    """Key, short id, name, flow and browser are in the query, the client's name after it."""
    client = {
        **WAY,
        "id": UUID,
        "security": "reality",
        "server_name": "www.example.com",
        "public_key": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo",
        "short_id": "6ba85179e30d4fc2",
        "flow": "xtls-rprx-vision",
    }
    link = vless_link(client)
    parts = urlsplit(link)
    assert (parts.scheme, parts.username, parts.hostname) == ("vless", UUID, "vpn.example.org")
    assert (parts.port, unquote(parts.fragment)) == (443, "Alice & co")
    assert read_query(link) == {
        "encryption": "none",
        "flow": "xtls-rprx-vision",
        "type": "tcp",
        "security": "reality",
        "sni": "www.example.com",
        "fp": "chrome",
        "pbk": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo",
        "sid": "6ba85179e30d4fc2",
    }


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (
            {"network": "ws", "path": "/a b", "host": "h"},
            {"type": "ws", "path": "/a b", "host": "h"},
        ),
        ({"network": "xhttp"}, {"type": "xhttp", "path": "/", "mode": "auto"}),
        (
            {"network": "grpc", "service_name": "chat"},
            {"type": "grpc", "serviceName": "chat", "mode": "gun"},
        ),
    ],
)
def test_a_link_says_what_carries_it(network: dict[str, str], said: dict[str, str]) -> None:
    """Path, host, mode and service are named as clients read them."""
    query = read_query(trojan_link({**WAY, "password": "a/b?c", "security": "tls", **network}))
    assert said.items() <= query.items()


def test_what_is_special_in_a_password_is_quoted() -> None:
    """A password with a slash is still one user name."""
    assert "://a%2Fb%3Fc%40d@vpn." in trojan_link({**WAY, "password": "a/b?c@d"})


def test_an_ipv6_address_stands_in_brackets() -> None:
    """The port cannot be mistaken for a part of the address."""
    assert "@[2001:db8::1]:443?" in vless_link({**WAY, "id": UUID, "address": "2001:db8::1"})


def test_a_vmess_link_is_json_in_base64() -> None:
    """It is what v2rayN writes, with texts as numbers."""
    link = vmess_link(
        {**WAY, "id": UUID, "network": "ws", "path": "/w", "security": "tls", "alpn": ["h2"]}
    )
    document = json.loads(base64.b64decode(link[len("vmess://") :]))
    assert document == {
        "v": "2",
        "ps": "Alice & co",
        "add": "vpn.example.org",
        "port": "443",
        "id": UUID,
        "aid": "0",
        "scy": "auto",
        "net": "ws",
        "type": "none",
        "host": "",
        "path": "/w",
        "tls": "tls",
        "sni": "",
        "alpn": "h2",
        "fp": "",
    }


def test_shadowsocks_links_follow_their_standard() -> None:
    """The user is base64, but with the methods of 2022 it is plain and quoted."""
    old = shadowsocks_link({**WAY, "method": "aes-256-gcm", "password": "secret"})
    assert old.startswith("ss://YWVzLTI1Ni1nY206c2VjcmV0@vpn.example.org:443#")
    new = shadowsocks_link({**WAY, "method": "2022-blake3-aes-128-gcm", "password": "a+/=:b=="})
    assert new.startswith("ss://2022-blake3-aes-128-gcm:a%2B%2F%3D%3Ab%3D%3D@vpn.example.org:443#")


@pytest.mark.parametrize(
    ("client", "word"),
    [
        ({**WAY}, "id is missing"),
        ({**WAY, "id": UUID, "sni": "x"}, "sni is no option"),
        ({**WAY, "id": UUID, "port": "https"}, "port: https"),
        ({**WAY, "id": UUID, "port": 70000}, "port: 70000"),
        ({**WAY, "id": UUID, "network": "kcp"}, "network: kcp"),
        ({**WAY, "id": UUID, "security": "xtls"}, "security: xtls"),
        ({**WAY, "id": UUID, "security": "reality"}, "public_key is missing"),
        ("text", "dictionary"),
    ],
)
def test_what_cannot_be_used_is_named(client: dict[str, str], word: str) -> None:
    """No link is made that a client could not use."""
    with pytest.raises(AnsibleFilterError, match=word):
        vless_link(client)


def test_vmess_has_no_reality() -> None:
    """The JSON has no place for its keys."""
    with pytest.raises(AnsibleFilterError, match="security"):
        vmess_link({**WAY, "id": UUID, "security": "reality", "public_key": "x"})


def test_shadowsocks_knows_its_methods() -> None:
    """A method that the server does not have is refused."""
    with pytest.raises(AnsibleFilterError, match="method: rc4"):
        shadowsocks_link({**WAY, "method": "rc4", "password": "x"})


@pytest.mark.parametrize(
    ("private", "public"),
    [
        (  # Bob's pair in RFC 7748
            "XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os",
            "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08",
        ),
        (  # all bits set, of which the standard clears and sets some
            "__________________________________________8",
            "hHwNLDdSNPNl5mCVUYejc1oPdhPRYJ06ak2MU66qWiI",
        ),
    ],
)
def test_a_public_key_is_that_of_the_standard(private: str, public: str) -> None:
    """Keys that others computed come out."""
    assert reality_public_key(private) == public


@pytest.mark.parametrize("key", ["", "AAAA", "no base64 at all!", 5])
def test_what_is_no_private_key_is_refused_untold(key: str) -> None:
    """The error says what a key is, and does not repeat what may be a secret."""
    with pytest.raises(AnsibleFilterError) as caught:
        reality_public_key(key)
    assert not key or str(key) not in str(caught.value)
