# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests would somebody send who wants the agent to fall over? As bytes, from a seed.

Values are written as JSON tokens and not made from Python's, so that they may be what no encoder
writes: 1e400, NaN, half a surrogate pair, a key twice.
"""

import json
from random import Random
from typing import Any

import msgspec

from agent_runner.rpc.methods import Method

IDS = ("1", "null", '"a"', "-0", "1e400", "9" * 40, "1.5", "[]", "{}", "true", '"\\ud800"', "NaN")

_TEXTS = (
    *('""', '"x"', '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udfff\\ud800"', '"\U0001f600"'),
    *(
        '"../../etc/passwd"',
        '"/etc/passwd"',
        '"."',
        '".."',
        '"a/../../b"',
        '"~root"',
        '"\\\\..\\\\x"',
    ),
    *('"playbooks/demo.yml"', '"no-such-id"', '"-rf"', '"--help"', '"%s%n"', '"$(reboot)"'),
    *(f'"{"0" * 64}"', f'"{"f" * 64}"', f'"{"A" * 86}=="', f'"{"x" * 70_000}"', '"eA=="', '"e"'),
)
_NUMBERS = (
    *("0", "-0", "-1", "1", "4", "0.0", "1e-400", "1e308", "1e400", "-1e400", "1.5", "0.0001"),
    *(str(2**31), str(2**53), str(2**63 - 1), str(2**63), str(2**64), "9" * 400, f"0.{'1' * 400}"),
)
_OTHERS = (
    *("null", "true", "false", "NaN", "Infinity", "-Infinity", "[]", "{}", "[[]]", '{"":{}}'),
    *(
        "[" * 300 + "]" * 300,
        '{"a":' * 300 + "1" + "}" * 300,
        "[" * 3000,
        '{"a":1,"a":2}',
        "undefined",
    ),
    *(
        '{"all":{"hosts":{"local":null}}}',
        '{"all":[]}',
        '{"name":"s","content":"exit 0"}',
        "[1,",
        '"',
    ),
    *(
        '{"name":"../s","content":"\\u0000"}',
        '["a","\\u0000"]',
        f"[{'1,' * 2000}1]",
        "01",
        "+1",
        "0x1",
    ),
)
_TOKENS = (*_TEXTS, *_NUMBERS, *_OTHERS)

_FITTING: dict[str, tuple[str, ...]] = {
    "command": ('"/bin/true"', '"true"', '"no-such-program"'),
    "command_id": ('"id-1"', '"id-2"', '"a"', '"..."', '".a"', '"a.b-c_d"'),
    "bundle": (f'"{"0" * 64}"',),
    "digest": (f'"{"0" * 64}"', f'"{"1" * 64}"'),
    "sha256": (f'"{"0" * 64}"',),
    "path": ('"/no/such/folder/a"', '"/a\\u0000"', '"relative"', f'"/{"a/" * 3000}"', '"/"'),
    "transfer_id": ('"t-1"', '"../t"', '"t-2"'),
    "mode": ("420", "4095", "-1", "null"),
    "stdin": ('""', '"eA=="', '"not base64"'),
    "inventory": ('{"all":{"hosts":{"local":null}}}',),
    "inventory_hostname": ('"local"',),
    "playbook": ('"playbooks/demo.yml"', '"a\\u0000.yml"', '"../a.yml"', '"/a.yml"'),
    "size": ("1", "9", str(2**62), str(2**63)),
    "offset": ("0", "1", str(2**62), str(2**63), str(2**64)),
    "after": ("0", str(2**63), str(2**64)),
    "limit": ("4", "1000", '"all"', '"\\u0000"'),
    "data": ('""', '"eA=="', '"not base64"', '"\\u0000"'),
    "wait_s": ("0", "0.001"),
    "args": ("[]", '["a","\\u0000"]', '["\\ud800"]', f'["{"x" * 200_000}"]'),
    "secrets": ("[]", '[""]', '["\\u0000"]', '["aaaaaaaaa"]'),
    "extra_vars": ("{}", '{"a":1e308}', f'{{"a":{"9" * 30}}}', '{"a":{"b":[null,true]}}'),
    "timeout": ("1", "1e308", "1e-300", "null"),
    "user": ("null", '"nobody"', '"no-such-account"'),
    "script": ('{"name":"s","content":"exit 0"}', '{"name":"..","content":""}', "null"),
    "agent_token": ('"short"', '"not a token with spaces"'),
}
"""What gets past the first look, by parameter. No token that fits: the fuzz shall go on."""


def make_body(random: Random, methods: dict[str, Method]) -> bytes:
    """Make one request body: a method with mutated parameters, or none at all."""
    name = random.choice([*methods, "no_such_method"])
    method = methods.get(name)
    params = _make_params(random, method) if method else random.choice(_TOKENS)
    members = ['"jsonrpc":"2.0"', f'"method":{json.dumps(name)}', f'"params":{params}']
    if random.random() < 0.9:
        members.append(f'"id":{"1" if random.random() < 0.7 else random.choice(IDS)}')
    if random.random() < 0.1:
        members.append(random.choice(members))
    if random.random() < 0.05:
        members.append(f'"more":{random.choice(_TOKENS)}')
    random.shuffle(members)
    return _break(random, "{" + ",".join(members) + "}")


def _make_params(random: Random, method: Method) -> str:
    if random.random() < 0.05:
        return random.choice(_TOKENS)
    members = [
        (field.encode_name, _make_value(random, field.encode_name))
        for field in msgspec.structs.fields(method.params)
        if field.required or random.random() < 0.4
    ]
    if random.random() < 0.1:
        members.append((random.choice(["", "timout", "__class__", "a"]), random.choice(_TOKENS)))
    if members and random.random() < 0.1:
        members.append((random.choice(members)[0], random.choice(_TOKENS)))
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members) + "}"


def _make_value(random: Random, name: str) -> str:
    if name in {"agent_token", "wait_s"} or random.random() < 0.7:
        return random.choice(_FITTING.get(name, _TEXTS))
    return random.choice(_TOKENS)


def _break(random: Random, text: str) -> bytes:
    """Leave the text as it is, mostly; or spoil it as bytes."""
    body = text.encode(errors="surrogatepass")
    kind: Any = random.random()
    if kind < 0.9:
        return body
    at = random.randrange(len(body))
    if kind < 0.93:
        return body[:at]
    if kind < 0.95:
        return body[:at] + bytes([random.randrange(256)]) + body[at:]
    if kind < 0.97:
        return b"[" + body + b"]"
    return random.choice([b"\xef\xbb\xbf", b"\xff\xfe", b" \n", b"\0"]) + body
