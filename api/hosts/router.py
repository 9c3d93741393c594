# SPDX-License-Identifier: GPL-3.0-or-later
"""Which HTTP routes do hosts have? Each parses, calls one method of a service, and returns."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status

from api.agents.errors import AgentError
from api.auth.errors import GroupsOutOfReachError
from api.auth.permissions import (
    ENROLL_HOSTS,
    INSTALL_AGENTS,
    MAINTAIN_HOSTS,
    READ_HOSTS,
    WRITE_HOSTS,
)
from api.auth.requirements import RequestPrincipal, RequestScope, allow
from api.core.paging import Page, PageQuery, build_page
from api.core.problem import describe_errors
from api.dependencies import RequestComposition, RequestServices
from api.groups.errors import ChangedMeanwhileError
from api.hosts.bulk.enrollments import EnrollmentReport, Enrollments
from api.hosts.errors import (
    AgentFailedError,
    AgentNotInstalledError,
    CredentialsChangedError,
    HostExistsError,
    HostNotFoundError,
    PatternError,
    SigningKeyMismatchError,
)
from api.hosts.fields import HostName
from api.hosts.schemas import (
    Enrollment,
    Host,
    HostCreate,
    HostQuery,
    HostStateChange,
    HostStatus,
    HostUpdate,
    Maintenance,
)

router = APIRouter(prefix="/hosts", tags=["hosts"])

KnownHost = Annotated[str, Path(description="Name of the host", examples=["web1"])]
NewHost = Annotated[HostName, Path()]


@router.get(
    "",
    summary="List hosts",
    operation_id="list_hosts",
    dependencies=[allow(READ_HOSTS)],
    responses=describe_errors(PatternError),
)
async def list_hosts(
    request: Request, query: Annotated[HostQuery, Query()], services: RequestServices
) -> Page[Host]:
    """List hosts, filtered, sorted and in pages; with a pattern, who a run would go to."""
    return build_page(request.url, query, await services.host_selection.list_hosts(query))


@router.post(
    "",
    summary="Add a host",
    operation_id="create_host",
    status_code=status.HTTP_201_CREATED,
    dependencies=[allow(WRITE_HOSTS)],
    responses=describe_errors(HostExistsError, GroupsOutOfReachError),
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
    dependencies=[allow(READ_HOSTS)],
    responses=describe_errors(HostNotFoundError),
)
async def get_host(name: KnownHost, services: RequestServices) -> Host:
    """Return a host with its groups, variables and what is known of its agent."""
    return await services.hosts.get_host(name)


@router.patch(
    "/{name}",
    summary="Change a host",
    operation_id="update_host",
    dependencies=[allow(WRITE_HOSTS)],
    responses=describe_errors(HostNotFoundError, GroupsOutOfReachError, ChangedMeanwhileError),
)
async def update_host(name: KnownHost, body: HostUpdate, services: RequestServices) -> Host:
    """Change what the body names; the rest stays."""
    return await services.hosts.update_host(name, body)


@router.delete(
    "/{name}",
    summary="Forget a host",
    operation_id="delete_host",
    dependencies=[allow(WRITE_HOSTS)],
    status_code=status.HTTP_204_NO_CONTENT,
    responses=describe_errors(HostNotFoundError),
)
async def delete_host(name: KnownHost, services: RequestServices) -> None:
    """Forget a host. Its runs stay; an agent there goes on unless it is uninstalled first."""
    await services.hosts.delete_host(name)


@router.put(
    "/{name}/maintenance",
    summary="Begin or end a host's maintenance",
    operation_id="set_maintenance",
    dependencies=[allow(MAINTAIN_HOSTS)],
    responses=describe_errors(HostNotFoundError),
)
async def set_maintenance(
    name: KnownHost, body: Maintenance, scope: RequestScope, composition: RequestComposition
) -> Host:
    """Let nothing new start on a host, or let it again. What runs there goes on."""
    return await composition.host_maintenance.set(name, body, scope)


@router.get(
    "/{name}/status",
    summary="Ask a host how it is",
    operation_id="get_host_status",
    dependencies=[allow(READ_HOSTS)],
    responses=describe_errors(
        HostNotFoundError, AgentNotInstalledError, AgentError, AgentFailedError
    ),
)
async def get_host_status(
    name: KnownHost, composition: RequestComposition, scope: RequestScope
) -> HostStatus:
    """Ask the agent now: system, load, limits, running executions."""
    return await composition.host_contacts.get_status(name, scope)


@router.get(
    "/{name}/history",
    summary="Show when a host was online and offline",
    operation_id="list_host_history",
    dependencies=[allow(READ_HOSTS)],
    responses=describe_errors(HostNotFoundError),
)
async def list_host_history(
    name: KnownHost,
    request: Request,
    query: Annotated[PageQuery, Query()],
    services: RequestServices,
) -> Page[HostStateChange]:
    """List the states that a host went into, the newest first, with the reasons."""
    return build_page(request.url, query, await services.presence.list_history(name, query))


@router.post(
    "/enroll",
    summary="Take over the agents of many hosts",
    operation_id="enroll_hosts",
    dependencies=[allow(ENROLL_HOSTS)],
)
async def enroll_hosts(body: Enrollments, composition: RequestComposition) -> EnrollmentReport:
    """As for one: who answers is added or updated, who does not is named with the reason."""
    return await composition.host_contacts.enroll_all(body)


@router.post(
    "/{name}/enroll",
    summary="Take over an agent that runs already",
    operation_id="enroll_host",
    dependencies=[allow(ENROLL_HOSTS)],
    responses=describe_errors(AgentError, AgentFailedError, SigningKeyMismatchError),
)
async def enroll_host(name: NewHost, body: Enrollment, composition: RequestComposition) -> Host:
    """Check that the agent answers under that certificate, then add or update the host."""
    return await composition.host_contacts.enroll(name, body)


@router.post(
    "/{name}/rotate-credentials",
    summary="Replace an agent's token and secret key",
    operation_id="rotate_host_credentials",
    dependencies=[allow(INSTALL_AGENTS)],
    responses=describe_errors(
        HostNotFoundError,
        AgentNotInstalledError,
        AgentError,
        AgentFailedError,
        CredentialsChangedError,
    ),
)
async def rotate_credentials(
    name: KnownHost,
    principal: RequestPrincipal,
    scope: RequestScope,
    composition: RequestComposition,
) -> Host:
    """Give the agent a new token and secret key over the connection that it has.

    What runs goes on. Where it was cut off, asking again goes on from there.
    """
    return await composition.host_rotator.rotate(name, principal.name, scope)
