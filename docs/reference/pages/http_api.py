# SPDX-License-Identifier: GPL-3.0-or-later
"""What does the HTTP API answer? From the application's own OpenAPI document."""

import json
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from api.core.settings import Settings
from api.main import create_app
from pages.markdown import unwrap, write_code, write_table

METHODS = ("get", "post", "put", "patch", "delete")

_INTRODUCTION = """# HTTP API

The machine-readable form is [openapi.json](openapi.json); a running control plane shows it at
`/docs`. Everything under `/api/v1` wants `Authorization: Bearer TOKEN`. Errors are problem+json
(RFC 9457): `code` is for programs, `detail` names the cause and the remedy. Lists answer
`{"count", "next", "previous", "results"}` and take `page`, `page_size` and `order_by`."""

Document = dict[str, Any]


@cache
def load_document() -> Document:
    """Return the OpenAPI document of the application."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder, ".data")  # hidden, for it lies in the content
        return create_app(Settings(data_dir=data_dir, content_dir=folder)).openapi()


def render_openapi() -> str:
    """Return the document as JSON."""
    return json.dumps(load_document(), indent=2, ensure_ascii=False, sort_keys=True)


def render() -> str:
    """Return the page: every operation, then every schema."""
    document = load_document()
    operations = [_write_operation(*operation) for operation in _list_operations(document)]
    schemas = document.get("components", {}).get("schemas", {})
    tables = [_write_schema(name, schemas[name]) for name in sorted(schemas)]
    return "\n\n".join([_INTRODUCTION, *operations, "# Schemas", *tables])


def _list_operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield method.upper(), path, methods[method]


def _write_operation(method: str, path: str, operation: Document) -> str:
    parts = [f"## {method} {path}", operation.get("summary", "")]
    parts.append(unwrap(operation.get("description")))
    parameters = [_tell_parameter(p) for p in operation.get("parameters", [])]
    if parameters:
        parts.append(write_table(["parameter", "in", "type", "meaning"], parameters))
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        parts.append(f"Body: {_tell_content(body)}")
    answers = [_tell_answer(*answer) for answer in sorted(operation["responses"].items())]
    parts.append(write_table(["status", "answers", "meaning"], answers))
    return "\n\n".join(part for part in parts if part)


def _tell_parameter(parameter: Document) -> tuple[str, str, str, str]:
    schema = parameter["schema"]
    name = write_code(parameter["name"]) + (" (required)" if parameter.get("required") else "")
    return name, parameter["in"], _tell_type(schema), parameter.get("description", "")


def _tell_answer(status: str, answer: Document) -> tuple[str, str, str]:
    return status, _tell_content(answer.get("content", {})), answer.get("description", "")


def _tell_content(content: Document) -> str:
    return ", ".join(
        f"{kind} {_tell_type(body.get('schema', {}))}".strip() for kind, body in content.items()
    )


def _write_schema(name: str, schema: Document) -> str:
    required = set(schema.get("required", []))
    rows = [
        (
            write_code(field) + (" (required)" if field in required else ""),
            _tell_type(kind),
            write_code(json.dumps(kind["default"])) if "default" in kind else "",
            unwrap(kind.get("description")),
        )
        for field, kind in schema.get("properties", {}).items()
    ]
    table = (
        write_table(["field", "type", "default", "meaning"], rows) if rows else _tell_type(schema)
    )
    return "\n\n".join(
        part for part in (f"## {name}", unwrap(schema.get("description")), table) if part
    )


def _tell_type(schema: Document) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema or "oneOf" in schema:
        members = schema.get("anyOf") or schema["oneOf"]
        return " or ".join(dict.fromkeys(_tell_type(member) for member in members))
    if "enum" in schema or "const" in schema:
        return ", ".join(write_code(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_tell_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "any"))
