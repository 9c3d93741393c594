# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a msgspec structure told as a table: names, types, limits, defaults, meanings?"""

import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect as types

from pages.markdown import write_code, write_table

_NAMES: dict[type[types.Type], str] = {
    types.AnyType: "any",
    types.NoneType: "null",
    types.BoolType: "boolean",
    types.IntType: "integer",
    types.FloatType: "number",
    types.StrType: "string",
    types.BytesType: "bytes",
}

_LIMITS = {
    "gt": "> {}",
    "ge": ">= {}",
    "lt": "< {}",
    "le": "<= {}",
    "min_length": "length >= {}",
    "max_length": "length <= {}",
    "pattern": "matches {}",
}

_ATTRIBUTE = re.compile(r"^    (?:    )?(\w+): (.*)$")


def write_fields(struct: type[msgspec.Struct]) -> str:
    """Return the table of a structure's fields."""
    info = types.type_info(struct)
    assert isinstance(info, types.StructType)  # noqa: S101 - the type says so, mypy cannot know
    meanings = read_attributes(struct.__doc__ or "")
    rows = [
        (write_code(f.encode_name), *_tell_type(f.type), _tell_default(f), meanings.get(f.name, ""))
        for f in info.fields
    ]
    head = ["name", "type", "limits", "default", "meaning"]
    used = [i for i in range(len(head)) if i < 2 or any(row[i] for row in rows)]  # noqa: PLR2004 - name and type always
    return write_table([head[i] for i in used], [[row[i] for i in used] for row in rows])


def read_attributes(docstring: str) -> dict[str, str]:
    """Return what the ``Attributes:`` section of a docstring says of each name."""
    section = docstring.partition("Attributes:\n")[2]
    meanings: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        found = _ATTRIBUTE.match(line)
        if found:
            name, meanings[found[1]] = found[1], found[2]
        elif name and line.strip():
            meanings[name] += f" {line.strip()}"
    return {name: meaning.replace("``", "`") for name, meaning in meanings.items()}


def _tell_type(kind: types.Type) -> tuple[str, str]:
    """Return the type's name and its limits."""
    if isinstance(kind, types.Metadata):
        return _tell_type(kind.type)
    if isinstance(kind, types.UnionType):
        told = [_tell_type(member) for member in kind.types]
        return " or ".join(name for name, _ in told), ", ".join(limit for _, limit in told if limit)
    if isinstance(kind, types.ListType):
        name, limits = _tell_type(kind.item_type)
        return f"list of {name}", limits
    if isinstance(kind, types.DictType):
        return "object", ""
    if isinstance(kind, types.StructType):
        return f"[{kind.cls.__name__}](#{kind.cls.__name__.lower()})", ""
    if isinstance(kind, types.LiteralType):
        return ", ".join(write_code(value) for value in kind.values), ""
    if isinstance(kind, types.CustomType) and kind.cls is Path:
        return "path", "absolute"
    return _NAMES[type(kind)], _tell_limits(kind)


def _tell_limits(kind: types.Type) -> str:
    set_limits = ((text, getattr(kind, name, None)) for name, text in _LIMITS.items())
    return ", ".join(
        text.format(f"`{limit}`" if isinstance(limit, str) else f"{limit:g}")
        for text, limit in set_limits
        if limit is not None
    )


def _tell_default(field: types.Field) -> str:
    default: Any = field.default
    if default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    if default is msgspec.NODEFAULT:
        return "required"
    if isinstance(default, msgspec.Struct):
        return "see there"
    return write_code(msgspec.json.encode(default, enc_hook=str).decode().strip('"'))
