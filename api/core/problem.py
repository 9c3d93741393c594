# SPDX-License-Identifier: GPL-3.0-or-later
"""In which shape does every error leave? As problem+json (RFC 9457), whatever went wrong."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from api.core.errors import (
    AuthenticationError,
    FieldError,
    MyxError,
    NotFoundError,
    TooLargeError,
    TooManyRequestsError,
)

MEDIA_TYPE = "application/problem+json"

_CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.NOT_FOUND: NotFoundError.code,
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLargeError.code,
}
"""What the framework refuses by itself; the words for a status differ between Pythons."""

_HINTS = {
    HTTPStatus.NOT_FOUND: "There is nothing at {path}. /docs lists every route.",
    HTTPStatus.METHOD_NOT_ALLOWED: "{path} does not answer {method}. /docs lists every route.",
}


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: Annotated[str, Field(description="Where: 'name', 'groups.0', 'query.page'")]
    message: Annotated[str, Field(description="What is wrong, and what would be right")]


class Problem(BaseModel):
    """An error, as application/problem+json."""

    type: Annotated[str, Field(description="Always about:blank: `code` is what programs read")] = (
        "about:blank"
    )
    title: Annotated[str, Field(description="The HTTP status in words")]
    status: Annotated[int, Field(description="The HTTP status")]
    detail: Annotated[str, Field(description="The cause and the remedy, for people")]
    code: Annotated[str, Field(description="A constant name for programs")]
    retryable: Annotated[bool, Field(description="Asking the same again may help")] = False
    errors: Annotated[
        list[FieldProblem] | None, Field(description="For each field that does not fit")
    ] = None
    request_id: Annotated[
        str | None, Field(description="The id of the log lines that say more (with status 500)")
    ] = None


def describe_errors(*kinds: type[MyxError]) -> dict[int | str, dict[str, Any]]:
    """Document errors that a route answers, for its ``responses``."""
    documented: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        sentence = (kind.__doc__ or "").splitlines()[0]
        known = documented.setdefault(kind.status, {"model": Problem, "description": ""})
        known["description"] = f"{known['description']} `{kind.code}`: {sentence}".strip()
    return documented


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of the application a problem; faults (500) are the middleware's."""
    app.add_exception_handler(MyxError, _answer_myx_error)
    app.add_exception_handler(RequestValidationError, _answer_validation_error)
    app.add_exception_handler(HTTPException, _answer_http_exception)


def make_problem_response(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    """Turn a problem into the answer."""
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=problem.status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def answer_error(error: MyxError) -> JSONResponse:
    """Turn an error of ours into the answer."""
    problem = Problem(
        title=_title(error.status),
        status=error.status,
        detail=error.message,
        code=error.code,
        retryable=error.retryable,
        errors=_field_problems(error.errors),
    )
    return make_problem_response(problem, _list_headers(error))


async def _answer_myx_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MyxError)  # noqa: S101 - Starlette's signature is wider than its call
    return answer_error(error)


async def _answer_validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    problems = [
        FieldProblem(field=_field_name(item["loc"]), message=_sentence(item))
        for item in error.errors()
    ]
    first = problems[0]
    return make_problem_response(
        Problem(
            title=_title(422),
            status=422,
            detail=f"{first.field}: {first.message}" if first.field else first.message,
            code="invalid_input",
            errors=problems,
        )
    )


async def _answer_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    hint = _HINTS.get(HTTPStatus(error.status_code))
    detail = (
        hint.format(path=request.url.path, method=request.method) if hint else str(error.detail)
    )
    problem = Problem(
        title=_title(error.status_code),
        status=error.status_code,
        detail=detail,
        code=_CODES.get(HTTPStatus(error.status_code), "http_error"),
    )
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_list_methods(request))
    return make_problem_response(problem, headers)


def _list_methods(request: Request) -> list[str]:
    """List the methods of a path; the framework names those of the first route alone."""
    methods: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        pattern, _, _ = compile_path(getattr(context, "path", ""))
        if pattern.match(request.url.path):
            methods |= getattr(context, "methods", None) or set()
    return sorted(methods)


def _list_headers(error: MyxError) -> dict[str, str]:
    if isinstance(error, AuthenticationError):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, TooManyRequestsError):
        return {"Retry-After": str(error.retry_after_s)}
    return {}


def _title(status: int) -> str:
    return HTTPStatus(status).phrase


def _field_problems(errors: Sequence[FieldError]) -> list[FieldProblem] | None:
    return [FieldProblem(field=e.field, message=e.message) for e in errors] or None


def _field_name(location: Sequence[str | int]) -> str:
    parts = list(location)
    if parts and parts[0] == "body":
        parts = parts[1:]
    return ".".join(str(part) for part in parts)


def _sentence(item: dict[str, Any]) -> str:
    if item["type"] == "json_invalid":
        return f"the body is not JSON: {item.get('ctx', {}).get('error', 'it cannot be read')}"
    if item["type"] == "extra_forbidden":
        return "unknown; leave it out or correct its name"
    if item["type"] in {"model_attributes_type", "missing"} and tuple(item["loc"]) == ("body",):
        return "the body must be a JSON object, sent with 'Content-Type: application/json'"
    message: str = item["msg"]
    return message.removeprefix("Value error, ")
