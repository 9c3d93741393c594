# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the file that Ansible makes of a module, and is it as all of them are?

It is a program of Ansible's (the wrapper) that ends by calling itself with the module's archive
and arguments. Here these are taken apart without compiling half a megabyte of text.
"""

from __future__ import annotations

import ast
import base64
import binascii
import datetime as dt
import hashlib
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from types import CodeType

_CALL = b'\n\n\nif __name__ == "__main__":\n    _ansiballz_main(\n'
_ZIP = b"\nzip_data='"
_ZIP_END = b"',\n)\n"
_ARGUMENTS = {
    "ansible_module", "module_fqn", "profile", "date_time",
    "rlimit_nofile", "params", "extensions", "zip_data",
}  # fmt: skip
_TRACEBACKS = re.compile(r'(?<!\\)"_ansible_tracebacks_for": \["')
_ENTRY = b"PK\x01\x02"
_ENTRY_HEAD = 46


class DeclinedError(Exception):
    """This module has to run the stock way; the text is the reason."""


class Payload(NamedTuple):
    """A module as it travels: the wrapper's text, and what it is called with."""

    wrapper: bytes
    arguments: dict[str, Any]
    archive: bytes


class Compiled(NamedTuple):
    """The code of a payload: the wrapper's, and by name its modules' with their places."""

    wrapper: CodeType
    modules: dict[str, tuple[CodeType, str]]


def open_payload(text: bytes) -> Payload:
    """Take apart what Ansible has made of a module.

    Raises:
        DeclinedError: it has another form, or asks for what only a new interpreter can do.
    """
    call_at = text.rfind(_CALL)
    zip_at = text.find(_ZIP, call_at)
    if call_at < 0 or zip_at < 0 or not text.endswith(_ZIP_END):
        raise DeclinedError("payload")
    wrapper, others = text[:call_at], text[call_at + len(_CALL) : zip_at]
    zip_data = text[zip_at + len(_ZIP) : -len(_ZIP_END)]  # most of it all, so copied once
    try:
        arguments = dict(map(_read_argument, others.split(b"\n")))
        archive = base64.b64decode(zip_data, validate=True)
        arguments["zip_data"] = zip_data.decode("ascii")
    except (ValueError, SyntaxError, KeyError, TypeError, NameError, binascii.Error) as error:
        raise DeclinedError("payload") from error
    if arguments.keys() != _ARGUMENTS:
        raise DeclinedError("payload")
    if arguments["extensions"]:
        raise DeclinedError("extensions")
    if _TRACEBACKS.search(arguments["params"]):
        raise DeclinedError("tracebacks")
    return Payload(wrapper, arguments, archive)


def name_payload(payload: Payload) -> str:
    """Return the digest of a payload's code: its archive, but for the times in it, and wrapper."""
    archive = bytearray(payload.archive)
    at = archive.find(_ENTRY)
    while at >= 0 and archive[at : at + 4] == _ENTRY:
        local = int.from_bytes(archive[at + 42 : at + 46], "little")
        archive[at + 12 : at + 16] = archive[local + 10 : local + 14] = bytes(4)
        lengths = [int.from_bytes(archive[at + n : at + n + 2], "little") for n in (28, 30, 32)]
        at += _ENTRY_HEAD + sum(lengths)
    digest = hashlib.sha256(hashlib.sha256(payload.wrapper).digest())
    digest.update(archive)
    return digest.hexdigest()


def compile_payload(payload: Payload, known: dict[str, bytes]) -> Compiled:
    """Compile what is in a payload beyond what is known.

    Args:
        payload: the module.
        known: the digests of what is loaded already, by their places in the payload.

    Raises:
        DeclinedError: something of what is loaded is not the same in the payload.
    """
    sources = _unpack(payload.archive)
    for place, digest in known.items():
        if hashlib.sha256(sources.pop(place, b"")).digest() != digest:
            raise DeclinedError("module_utils")
    modules = {}
    for place, source in sources.items():
        code = _compile(source, place)
        if code is not None:
            name = place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            modules[name] = (code, place)
    wrapper = compile(payload.wrapper, "<stdin>", "exec", dont_inherit=True)
    return Compiled(wrapper, modules)


def _read_argument(line: bytes) -> tuple[str, Any]:
    name, _, value = line.decode().partition("=")
    text = value.removesuffix(",")
    if name == "date_time":
        return name, eval(text, {"datetime": dt, "__builtins__": {}})  # noqa: S307 - Ansible's repr
    return name, ast.literal_eval(text)


def _unpack(archive: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return {name: opened.read(name) for name in opened.namelist() if name.endswith(".py")}
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError) as error:
        raise DeclinedError("payload") from error


def _compile(source: bytes, place: str) -> CodeType | None:
    """Compile as ``zipimport`` does; what cannot be is left for it to complain about."""
    text = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        code: CodeType = compile(text, place, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return code
