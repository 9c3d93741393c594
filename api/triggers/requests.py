# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the run kept that a trigger asks for? Sealed, and shown without its variables' values."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from api.core.sealing import Sealer
from api.runs.schemas import CommandRunCreate, PlaybookRunCreate, RunCreate, ScriptRunCreate
from api.triggers.errors import RequestRefusedError

RunRequest = PlaybookRunCreate | CommandRunCreate | ScriptRunCreate

_ADAPTER: TypeAdapter[RunRequest] = TypeAdapter(RunCreate)

_HIDDEN = {"extra_vars", "command", "script", "args"}
"""What may hold secrets; of it only names are shown."""


class KeptRequest(BaseModel):
    """The run that is asked for, without what may be secret."""

    kind: str
    name: Annotated[str, Field(description="Playbook, program or script")]
    limit: str | None
    variables: Annotated[list[str], Field(description="Names of the variables that are set")]
    options: Annotated[dict[str, Any], Field(description="What else was asked for")]


def seal_request(sealer: Sealer, request: RunRequest, context: str) -> bytes:
    """Seal a request for its place."""
    return sealer.seal_json(request.model_dump(mode="json", exclude_unset=True), context)


def unseal_request(sealer: Sealer, sealed: bytes, context: str) -> RunRequest:
    """Return what was sealed.

    Raises:
        SealingError: it does not open with the key of this data directory.
        RequestRefusedError: an older version kept what this one does not know.
    """
    return validate_request(sealer.unseal_json(sealed, context))


def validate_request(body: Any) -> RunRequest:
    """Return a request as an object.

    Raises:
        RequestRefusedError: it does not fit; names the field.
    """
    try:
        return _ADAPTER.validate_python(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RequestRefusedError(f"run.{place}: {first['msg']}") from error


def find_bundles(requests: Iterable[RunRequest]) -> set[str]:
    """Return the content bundles that these requests bring."""
    return {
        request.bundle_digest
        for request in requests
        if isinstance(request, PlaybookRunCreate) and request.bundle_digest is not None
    }


def describe_request(request: RunRequest) -> KeptRequest:
    """Show a request."""
    options = request.model_dump(
        mode="json", exclude_defaults=True, exclude={*_HIDDEN, "kind", "playbook", "limit"}
    )
    variables = request.extra_vars if isinstance(request, PlaybookRunCreate) else {}
    return KeptRequest(
        kind=request.kind,
        name=_name(request),
        limit=request.limit,
        variables=sorted(variables),
        options=options,
    )


def _name(request: RunRequest) -> str:
    if isinstance(request, PlaybookRunCreate):
        return request.playbook
    return request.command[0] if isinstance(request, CommandRunCreate) else request.script.name
