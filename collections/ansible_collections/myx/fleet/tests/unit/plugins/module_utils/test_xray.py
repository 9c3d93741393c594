# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._xray import document, inbounds
from ansible_collections.myx.fleet.plugins.module_utils._xray.curve import read_public_key
from ansible_collections.myx.fleet.plugins.module_utils._xray.keys import Keys

REALITY = {
    "tag": "main",
    "protocol": "vless",
    "port": "443",
    "security": "reality",
    "target": "www.example.com:443",
    "server_names": ["www.example.com"],
    "clients": [{"name": "alice"}, {"name": "bob"}],
}
TLS = {
    "tag": "tls",
    "protocol": "trojan",
    "port": 8443,
    "security": "tls",
    "certificate_file": "/etc/ssl/a.crt",
    "key_file": "/etc/ssl/a.key",
    "clients": [{"name": "alice"}],
    "fallbacks": [{"dest": "127.0.0.1:8080"}],
}
PLAIN = {"tag": "ws", "protocol": "vmess", "port": 81, "network": "ws", "clients": [{"name": "a"}]}
SHADOWSOCKS = {
    "tag": "ss",
    "protocol": "shadowsocks",
    "port": 8388,
    "clients": [{"name": "alice"}],
}
OPTIONS = {
    "outbounds": [],
    "routing": {},
    "block_private": True,
    "log_level": "warning",
    "access_log": False,
    "extra": {},
}


def read(*wanted: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return inbounds as a module has them, with types and defaults."""
    spec = {"inbounds": {"type": "list", "elements": "dict", "options": inbounds.SPEC}}
    result = ArgumentSpecValidator(spec).validate({"inbounds": [dict(one) for one in wanted]})
    assert not result.error_messages
    return t.cast("list[dict[str, t.Any]]", result.validated_parameters["inbounds"])


def settle(*wanted: t.Mapping[str, t.Any], keys: Keys | None = None) -> list[dict[str, t.Any]]:
    """Return inbounds with keys."""
    keys = keys or Keys.read("")
    return [keys.settle(one) for one in read(*wanted)]


def make(*wanted: t.Mapping[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    """Return a configuration."""
    return document.make_document({**OPTIONS, **options}, settle(*wanted))


def test_reality_has_its_keys_site_and_vision() -> None:
    """The server's part is in the stream, the flow at each client."""
    [made] = make(REALITY)["inbounds"]
    settings = made["streamSettings"]["realitySettings"]
    assert settings["target"] == "www.example.com:443"
    assert settings["serverNames"] == ["www.example.com"]
    assert [len(short_id) for short_id in settings["shortIds"]] == [16]
    assert read_public_key(settings["privateKey"])
    assert [client["flow"] for client in made["settings"]["clients"]] == ["xtls-rprx-vision"] * 2
    assert (made["port"], made["settings"]["decryption"]) == (443, "none")


def test_without_vision_no_client_has_a_flow() -> None:
    """Old clients can be served."""
    [made] = make({**REALITY, "vision": "no"})["inbounds"]
    assert all("flow" not in client for client in made["settings"]["clients"])


def test_what_carries_an_inbound_is_described() -> None:
    """Each network has its own settings."""
    common = {"protocol": "vless", "clients": [{"name": "a"}]}
    made = make(
        {**common, "tag": "ws", "port": 1, "network": "ws", "path": "/w", "host": "h"},
        {**common, "tag": "grpc", "port": 2, "network": "grpc", "service_name": "s"},
        {**common, "tag": "xhttp", "port": 3, "network": "xhttp", "mode": "packet-up"},
    )
    streams = [inbound["streamSettings"] for inbound in made["inbounds"]]
    assert streams[0]["wsSettings"] == {"path": "/w", "host": "h"}
    assert streams[1]["grpcSettings"] == {"serviceName": "s"}
    assert streams[2]["xhttpSettings"] == {"path": "/", "mode": "packet-up"}


def test_trojan_has_certificate_and_fallback() -> None:
    """Those who are no clients see a web server."""
    [made] = make(TLS)["inbounds"]
    certificate = {"certificateFile": "/etc/ssl/a.crt", "keyFile": "/etc/ssl/a.key"}
    assert made["streamSettings"]["tlsSettings"]["certificates"] == [certificate]
    assert made["settings"]["fallbacks"] == [{"dest": "127.0.0.1:8080", "xver": 0}]


def test_shadowsocks_of_2022_has_a_key_of_the_server_too() -> None:
    """Server and client have keys of the method's length; older methods have the client's alone."""
    [new, old] = make(
        SHADOWSOCKS, {**SHADOWSOCKS, "tag": "old", "port": 1, "method": "aes-256-gcm"}
    )["inbounds"]
    assert len(new["settings"]["password"]) == len(new["settings"]["clients"][0]["password"]) == 24
    assert "password" not in old["settings"]
    assert old["settings"]["clients"][0]["method"] == "aes-256-gcm"


def test_another_method_makes_keys_of_its_length() -> None:
    """16 bytes do not fit where 32 are wanted."""
    keys = Keys.read("")
    settle(SHADOWSOCKS, keys=keys)
    [after] = settle({**SHADOWSOCKS, "method": "2022-blake3-aes-256-gcm"}, keys=keys)
    assert len(after["password"]) == len(after["clients"][0]["key"]) == 44


def test_keys_are_made_once() -> None:
    """What is kept is taken again, wherever it is used."""
    keys = Keys.read("")
    first = settle(REALITY, TLS, SHADOWSOCKS, keys=keys)
    again = Keys.read(json.dumps(keys.document))
    assert settle(REALITY, TLS, SHADOWSOCKS, keys=again) == first
    assert again.document == keys.document


def test_a_given_key_wins() -> None:
    """A server that is moved keeps its identity."""
    uuid = "6F1D9A1E-8F1C-4A43-9A3E-3A0F4D0B7A11"
    private_key = "XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os"
    given = {
        **REALITY,
        "private_key": private_key,
        "short_ids": ["ab"],
        "clients": [{"name": "alice", "id": uuid}],
    }
    [settled] = settle(given)
    assert settled["public_key"] == "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"
    assert (settled["short_ids"], settled["clients"][0]["key"]) == (["ab"], uuid.lower())


def test_a_client_that_was_removed_gets_new_keys() -> None:
    """Who was locked out does not get in again with the old key, and others keep theirs."""
    keys = Keys.read("")
    [first] = settle(REALITY, keys=keys)
    settle({**REALITY, "clients": [{"name": "bob"}]}, keys=keys)
    [later] = settle(REALITY, keys=keys)
    before = {client["name"]: client["key"] for client in first["clients"]}
    after = {client["name"]: client["key"] for client in later["clients"]}
    assert before["bob"] == after["bob"]
    assert before["alice"] != after["alice"]


def test_clients_of_an_inbound_that_was_removed_get_new_keys() -> None:
    """They were locked out like those that are left out; the server's own key comes back."""
    keys = Keys.read("")
    [first] = settle(REALITY, keys=keys)
    keys.forget_clients({"other"})
    [later] = settle(REALITY, keys=Keys.read(json.dumps(keys.document)))
    assert first["private_key"] == later["private_key"]
    before, after = ({client["key"] for client in one["clients"]} for one in (first, later))
    assert not before & after


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([REALITY, {**TLS, "tag": "main"}], "inbounds.tag: main"),
        ([REALITY, {**TLS, "port": 443}], "inbounds.port: 0.0.0.0 443"),
        ([{**REALITY, "port": 0}], "inbounds.port of main"),
        ([{**REALITY, "clients": []}], "inbounds.clients of main"),
        ([{**REALITY, "clients": [{"name": "a"}, {"name": "a"}]}], "clients.name of main: a"),
        ([{**REALITY, "network": "ws"}], "inbounds.network of main"),
        ([{**REALITY, "protocol": "vmess"}], "inbounds.protocol of main"),
        ([{**REALITY, "target": None}], "inbounds.target of main"),
        ([{**REALITY, "server_names": []}], "inbounds.server_names of main"),
        ([{**TLS, "key_file": None}], "inbounds.key_file of tls"),
        ([{**PLAIN, "network": "grpc"}], "inbounds.service_name of ws"),
        ([{**PLAIN, "fallbacks": [{"dest": "80"}]}], "inbounds.fallbacks of ws"),
        ([{**SHADOWSOCKS, "network": "ws"}], "inbounds.network of ss"),
    ],
)
def test_what_does_not_fit_is_named(wrong: list[dict[str, t.Any]], words: str) -> None:
    """The message has the inbound and its option."""
    with pytest.raises(OptionError, match=words):
        inbounds.check_inbounds(read(*wrong))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({**REALITY, "private_key": "short"}, "inbounds.private_key of main"),
        ({**REALITY, "clients": [{"name": "a", "id": "b"}]}, "inbounds.clients.id of a in main"),
    ],
)
def test_a_key_that_is_none_is_named(wrong: dict[str, t.Any], words: str) -> None:
    """The message has the place, and not what may be a secret."""
    with pytest.raises(OptionError, match=words):
        settle(wrong)


@pytest.mark.parametrize("text", ["{", "[]", '{"inbounds": []}'])
def test_a_damaged_file_of_keys_is_not_overwritten(text: str) -> None:
    """New keys would lock all clients out."""
    with pytest.raises(OptionError, match="keys_path"):
        Keys.read(text)


def test_clients_are_kept_from_private_addresses() -> None:
    """The rule comes after those of the user, who may allow some; its outbound is there."""
    allowed = {"type": "field", "ip": ["10.1.2.3"], "outboundTag": "direct"}
    own = [{"tag": "direct", "protocol": "freedom"}]
    made = make(REALITY, routing={"rules": [allowed]}, outbounds=own)
    assert made["routing"]["rules"][0] == allowed
    assert "127.0.0.0/8" in made["routing"]["rules"][1]["ip"]
    assert made["routing"]["rules"][1]["outboundTag"] == "block"
    assert [outbound["tag"] for outbound in made["outbounds"]] == ["direct", "block"]


def test_private_addresses_can_be_reached_where_that_is_wanted() -> None:
    """Neither a rule of ours nor Xray's own stands in the way."""
    made = make(REALITY, block_private=False)
    assert made["routing"] == {}
    assert made["outbounds"][0]["settings"] == {"finalRules": [{"action": "allow"}]}


def test_extra_configuration_is_merged() -> None:
    """Dictionaries grow, what has a tag is found by it, other entries are added."""
    extra = {
        "log": {"dnsLog": True},
        "inbounds": [{"tag": "main", "sniffing": {"routeOnly": True}}, {"tag": "api", "port": 1}],
        "dns": {"servers": ["1.1.1.1"]},
    }
    made = make(REALITY, extra=extra)
    assert made["log"] == {"loglevel": "warning", "access": "none", "dnsLog": True}
    assert [inbound["tag"] for inbound in made["inbounds"]] == ["main", "api"]
    assert made["inbounds"][0]["sniffing"]["routeOnly"] is True
    assert made["inbounds"][0]["port"] == 443
    assert made["dns"] == {"servers": ["1.1.1.1"]}


def test_what_is_shown_has_no_keys() -> None:
    """Neither a configuration nor options show what would let somebody in."""
    keys = Keys.read("")
    settled = settle(REALITY, TLS, SHADOWSOCKS, PLAIN, keys=keys)
    shown = json.dumps(document.hide_secrets(document.make_document(OPTIONS, settled)))
    for own in keys.document["inbounds"].values():
        secrets = [own.get("private_key"), own.get("password"), *own["clients"].values()]
        assert not [secret for secret in secrets if secret and secret in shown]
    assert "www.example.com" in shown
    options = document.hide_secrets({"inbounds": [{"private_key": "abc", "clients": None}]})
    assert options == {"inbounds": [{"private_key": document.HIDDEN, "clients": None}]}


def test_links_lead_to_where_clients_come_in() -> None:
    """A proxy before the inbound is named in its stead, and no link has the private key."""
    proxy = {**PLAIN, "link": {"port": 443, "security": "tls", "server_name": "cdn.example.org"}}
    settled = settle(REALITY, TLS, SHADOWSOCKS, {**proxy, "protocol": "vless"})
    links = {
        (one["inbound"], one["client"]): one["link"]
        for one in document.make_links(settled, "vpn.example.org")
    }
    assert set(links) == {
        ("main", "alice"),
        ("main", "bob"),
        ("tls", "alice"),
        ("ss", "alice"),
        ("ws", "a"),
    }
    assert f"pbk={settled[0]['public_key']}" in links["main", "bob"]
    assert "@vpn.example.org:443?" in links["ws", "a"]
    assert "security=tls&" in links["ws", "a"]
    assert links["ss", "alice"].startswith("ss://2022-blake3-aes-128-gcm:")
    assert links["tls", "alice"].startswith("trojan://")
    assert settled[0]["private_key"] not in "".join(links.values())
