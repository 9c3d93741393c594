# SPDX-License-Identifier: GPL-3.0-or-later
"""Which HTTP routes do hosts have? Each parses, calls one method of a service, and returns."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status

from api.agents.errors import AgentError
from api.core.paging import Page, build_page
from api.core.problem import describe_errors
from api.dependencies import RequestComposition, RequestServices
from api.hosts.errors import (
    AgentFailedError,
    AgentNotInstalledError,
    HostExistsError,
    HostNotFoundError,
)
from api.hosts.fields import HostName
from api.hosts.schemas import Enrollment, Host, HostCreate, HostQuery, HostStatus, HostUpdate

router = APIRouter(prefix="/hosts", tags=["hosts"])

KnownHost = Annotated[str, Path(description="Name of the host", examples=["web1"])]
NewHost = Annotated[HostName, Path()]


@router.get("", summary="List hosts", operation_id="list_hosts")
async def list_hosts(
    request: Request, query: Annotated[HostQuery, Query()], services: RequestServices
) -> Page[Host]:
    """List hosts, filtered, sorted and in pages."""
    return build_page(request.url, query, await services.hosts.list_hosts(query))


@router.post(
    "",
    summary="Add a host",
    operation_id="create_host",
    status_code=status.HTTP_201_CREATED,
    responses=describe_errors(HostExistsError),
)
async def create_host(body: HostCreate, services: RequestServices, response: Response) -> Host:
    """Add a host. Nothing is contacted: `POST /hosts/install` brings the agent there."""
    host = await services.hosts.create_host(body)
    response.headers["Location"] = f"/api/v1/hosts/{host.name}"
    return host


@router.get(
    "/{name}",
    summary="Show a host",
    operation_id="get_host",
    responses=describe_errors(HostNotFoundError),
)
async def get_host(name: KnownHost, services: RequestServices) -> Host:
    """Return a host with its groups, variables and what is known of its agent."""
    return await services.hosts.get_host(name)


@router.patch(
    "/{name}",
    summary="Change a host",
    operation_id="update_host",
    responses=describe_errors(HostNotFoundError),
)
async def update_host(name: KnownHost, body: HostUpdate, services: RequestServices) -> Host:
    """Change what the body names; the rest stays."""
    return await services.hosts.update_host(name, body)


@router.delete(
    "/{name}",
    summary="Forget a host",
    operation_id="delete_host",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=describe_errors(HostNotFoundError),
)
async def delete_host(name: KnownHost, services: RequestServices) -> None:
    """Forget a host. Its runs stay; an agent there goes on unless it is uninstalled first."""
    await services.hosts.delete_host(name)


@router.get(
    "/{name}/status",
    summary="Ask a host how it is",
    operation_id="get_host_status",
    responses=describe_errors(
        HostNotFoundError, AgentNotInstalledError, AgentError, AgentFailedError
    ),
)
async def get_host_status(name: KnownHost, composition: RequestComposition) -> HostStatus:
    """Ask the agent now: system, load, limits, running executions."""
    return await composition.host_contacts.get_status(name)


@router.post(
    "/{name}/enroll",
    summary="Take over an agent that runs already",
    operation_id="enroll_host",
    responses=describe_errors(AgentError, AgentFailedError),
)
async def enroll_host(name: NewHost, body: Enrollment, composition: RequestComposition) -> Host:
    """Check that the agent answers under that certificate, then add or update the host."""
    return await composition.host_contacts.enroll(name, body)
