# SPDX-License-Identifier: GPL-3.0-or-later
"""What does an agent answer on the wire? From its methods, its errors and its limits."""

import ast
import inspect
import itertools
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import msgspec
from msgspec import inspect as types

from agent_runner.protocol import credentials, errors, files, framing, methods
from agent_runner.rpc.methods import Method, Services, build_methods
from pages.markdown import unwrap, write_code, write_table
from pages.structs import write_fields

_INTRODUCTION = f"""# Agent protocol

JSON-RPC 2.0 over HTTPS, protocol version {methods.PROTOCOL_VERSION}:
`POST https://HOST:RPC_PORT/RPC_PATH/rpc` with the header `{methods.TOKEN_HEADER}`. HTTP itself
answers 401 to a wrong token, 404 to a wrong path, and 413 to a body above
{methods.MAX_REQUEST_BYTES} bytes; everything else is 200 with a JSON-RPC result or error. Callers
pin the agent's certificate.

Every method takes one object of named parameters; unknown names are refused. Offsets and sizes are
bytes, durations seconds, times Unix seconds. Bytes are base64, but where a request is sent as
`{framing.FRAMED_TYPE}`: then one line of JSON comes first, and behind its line feed, raw, the field
`stdin` or `data` of the request and of the answer. Why the log is read as it is:
[the log contract](../decisions/0001-log-contract.md)."""


class _NoService:
    """Stands where a service would: the methods are listed here, never called."""

    def __getattr__(self, name: str) -> None:
        """Have every handler, as nothing."""


def render() -> str:
    """Return the page."""
    nothing: Any = _NoService()
    services = Services(
        executions=nothing,
        content=nothing,
        files=nothing,
        credentials=nothing,
        host=nothing,
        rpc_port=0,
        limits={},
        bundle_signatures="no_key",
        bundle_public_key=None,
    )
    listed = list(build_methods(services).values())
    return "\n\n".join(
        [
            _INTRODUCTION,
            "## Methods",
            *(_write_method(method) for method in listed),
            "## Structures",
            *(_write_struct(struct) for struct in _list_nested(listed)),
            "## Errors",
            _write_errors(),
            "## Limits",
            _write_limits(),
        ]
    )


def _write_method(method: Method) -> str:
    parts = [f"### {method.name}"]
    if method.params is methods.NoParams:
        parts.append("Takes no parameters.")
    else:
        parts += [_tell_more(method.params), write_fields(method.params)]
    parts += [f"Answers `{method.result.__name__}`. {_tell_more(method.result)}".strip()]
    return "\n\n".join(part for part in [*parts, write_fields(method.result)] if part)


def _tell_more(struct: type[msgspec.Struct]) -> str:
    """Return what the docstring says beyond "Parameters of ..." and "Answer of ..."."""
    text = unwrap(inspect.getdoc(struct))
    first, _, rest = text.partition("\n\n")
    beyond = first.partition(": ")[2]
    told = beyond[:1].upper() + beyond[1:]
    return "\n\n".join(part for part in (told, rest) if part)


def _write_struct(struct: type[msgspec.Struct]) -> str:
    return f"### {struct.__name__}\n\n{unwrap(inspect.getdoc(struct))}\n\n{write_fields(struct)}"


def _list_nested(listed: list[Method]) -> list[type[msgspec.Struct]]:
    """Return the structures that stand inside parameters and results, in order of their names."""
    found: dict[str, type[msgspec.Struct]] = {}
    waiting = [
        types.type_info(kind) for method in listed for kind in (method.params, method.result)
    ]
    while waiting:
        for kind in _list_inner(waiting.pop()):
            if isinstance(kind, types.StructType) and kind.cls.__name__ not in found:
                found[kind.cls.__name__] = kind.cls
            waiting.append(kind)
    return [found[name] for name in sorted(found)]


def _list_inner(kind: types.Type) -> Iterator[types.Type]:
    if isinstance(kind, types.StructType):
        yield from (field.type for field in kind.fields)
    elif isinstance(kind, types.UnionType):
        yield from kind.types
    elif isinstance(kind, types.ListType):
        yield kind.item_type
    elif isinstance(kind, types.Metadata):
        yield kind.type


def _write_errors() -> str:
    rows = [
        (str(code), kind.__name__, "yes" if kind.retryable else "", unwrap(kind.__doc__))
        for code, kind in sorted(errors.ERRORS_BY_CODE.items(), reverse=True)
    ]
    return write_table(["code", "name", "retry", "meaning"], rows)


def _write_limits() -> str:
    """Return the named constants of the contract with the sentence below each."""
    rows = [
        row for module in (methods, files, framing, credentials) for row in _list_constants(module)
    ]
    return write_table(["name", "value", "meaning"], rows)


def _list_constants(module: ModuleType) -> Iterator[tuple[str, str, str]]:
    body = ast.parse(inspect.getsource(module)).body
    for statement, following in itertools.pairwise(body):
        if isinstance(statement, ast.Assign) and isinstance(following, ast.Expr):
            name = ast.unparse(statement.targets[0])
            value = getattr(module, name)
            if isinstance(value, int | float | str):
                yield write_code(name), write_code(value), unwrap(_read_text(following))


def _read_text(statement: ast.Expr) -> str:
    return str(ast.literal_eval(statement.value))
