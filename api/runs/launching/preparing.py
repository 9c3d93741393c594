# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a request for a run become once its content was read? Nothing is written down yet."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from api.auth.asking import Asker
from api.bundles.intake import BundleIntake
from api.bundles.store import BundleStore
from api.core.errors import NotFoundError
from api.executions.service import Target
from api.hosts.selection.service import HostSelectionService
from api.runs.content.reading import RunContent, read_content
from api.runs.errors import BundleUnknownError
from api.runs.schemas import CommandRunCreate, PlaybookRunCreate, ScriptRunCreate
from api.templates.arguments import CheckedArguments, describe_missing
from api.templates.errors import ArgumentsInvalidError
from api.templates.service import TemplateService


class PreparingWork(Protocol):
    """A unit of work as far as preparing needs it."""

    @property
    def host_selection(self) -> HostSelectionService:
        """Choices among the hosts."""
        ...


class OpenPreparingWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool = False) -> AbstractAsyncContextManager[PreparingWork]:
        """Open one transaction that commits at the end of the block."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request with all that its content says of it."""

    playbook: str
    content: RunContent
    arguments: CheckedArguments


class RunPreparer:
    """Prepares runs; one for the whole process."""

    def __init__(
        self,
        open_work: OpenPreparingWork,
        bundle_intake: BundleIntake,
        bundle_store: BundleStore,
        templates: TemplateService,
    ) -> None:
        self._open_work = open_work
        self._bundle_intake = bundle_intake
        self._bundle_store = bundle_store
        self._templates = templates

    async def settle_content(
        self, request: PlaybookRunCreate | CommandRunCreate | ScriptRunCreate
    ) -> tuple[PlaybookRunCreate | CommandRunCreate | ScriptRunCreate, str | None]:
        """Return the request with the path of its playbook, and the digest of its content.

        Raises:
            BundleUnknownError: the content was never sent.
            ContentError, BundleTooLargeError: the content folder cannot be packed.
        """
        if not isinstance(request, PlaybookRunCreate):
            return request, None
        digest = request.bundle_digest or await self._bundle_intake.ensure_content_bundle()
        try:
            playbook = await self._templates.find_playbook(request.playbook, digest)
        except NotFoundError as error:
            raise BundleUnknownError(error.message, "bundle_digest") from error
        return request.model_copy(update={"playbook": playbook}), digest

    async def prepare(
        self,
        request: PlaybookRunCreate | CommandRunCreate | ScriptRunCreate,
        digest: str | None,
    ) -> Prepared:
        """Read the playbook, and convert the variables as its arguments say.

        Raises:
            PlaybookNotFoundError, PlaybookInvalidError: there is no such playbook.
            LimitRequiredError, HostsNotKnownYetError: it does not say on which hosts.
        """
        if not isinstance(request, PlaybookRunCreate) or digest is None:
            return Prepared("", RunContent(), CheckedArguments({}))
        archive = self._bundle_store.get_archive(digest)
        content = await asyncio.to_thread(read_content, archive, digest, request)
        arguments = await self._templates.check_arguments(
            request.playbook, digest, request.extra_vars
        )
        return Prepared(request.playbook, content, arguments)

    async def require_arguments(
        self, prepared: Prepared, targets: Sequence[Target], asker: Asker
    ) -> None:
        """Let pass what fits, where required variables may also be those of the hosts.

        Raises:
            ArgumentsInvalidError: names everything that does not fit.
            PermissionDeniedError: names the hosts that are out of the principal's reach.
        """
        arguments = prepared.arguments
        errors = list(arguments.errors)
        if arguments.missing:
            host_ids = [target.host_id for target in targets]
            async with self._open_work(read_only=True) as work:
                # What is missing on which host is for those who may run there.
                await work.host_selection.check_reach(asker, host_ids)
                lacking = await work.host_selection.find_lacking(arguments.missing, host_ids)
            errors += [
                describe_missing(name, hosts, len(targets)) for name, hosts in lacking.items()
            ]
        if errors:
            raise ArgumentsInvalidError.of(prepared.playbook, errors)
