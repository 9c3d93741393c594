# SPDX-License-Identifier: GPL-3.0-or-later
"""What are the rules of templates? Found in content, seen within a scope, checked before runs."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from api.auth.scopes import Scope
from api.bundles.intake import BundleIntake
from api.bundles.store import BundleStore
from api.core.paging import Slice
from api.templates.arguments import CheckedArguments, check_arguments, must_be_given
from api.templates.content.catalogue import Catalogue, read_catalogue
from api.templates.content.reading import TemplateFacts
from api.templates.errors import TemplateNotFoundError
from api.templates.json_schema import build_schema
from api.templates.options import Option
from api.templates.schemas import Argument, Surveys, Template, TemplateDetail, TemplateQuery
from api.templates.surveys import build_form, describe_for_awx, describe_for_semaphore

KEPT_CATALOGUES = 8
"""As many bundles are remembered; another one is read again when it is asked for."""


class TemplateService:
    """The templates of all content; one for the whole process."""

    def __init__(self, bundle_intake: BundleIntake, bundle_store: BundleStore) -> None:
        self._bundle_intake = bundle_intake
        self._bundle_store = bundle_store
        self._known: OrderedDict[str, Catalogue] = OrderedDict()
        self._one_read = asyncio.Lock()

    async def list_templates(self, query: TemplateQuery, scope: Scope) -> Slice[Template]:
        """List one page of the templates within a scope, by name.

        Raises:
            BundleNotFoundError: there is no such content.
            ContentError, BundleTooLargeError: the content folder cannot be packed.
        """
        digest, catalogue = await self._read(query.bundle_digest)
        found = [
            (name, facts)
            for name, facts in catalogue.facts.items()
            if _is_within(scope, name, facts) and _matches(query.search, name, facts)
        ]
        page = found[query.offset : query.offset + query.page_size]
        return Slice([_describe(digest, *each) for each in page], len(found))

    async def get_template(
        self, name: str, bundle_digest: str | None, scope: Scope
    ) -> TemplateDetail:
        """Return a template by its name or its path.

        Raises:
            TemplateNotFoundError: there is none within the scope.
            BundleNotFoundError, ContentError, BundleTooLargeError: as ``list_templates``.
        """
        digest, catalogue = await self._read(bundle_digest)
        own_name, facts = catalogue.get(name)
        if not _is_within(scope, own_name, facts):
            raise TemplateNotFoundError.of(name, [])
        return await asyncio.to_thread(_describe_fully, digest, own_name, facts)

    async def find_playbook(self, name: str, digest: str) -> str:
        """Return what a run names: the playbook of a template; other names as they are."""
        found = (await self._get_catalogue(digest)).find(name)
        if found is None:
            return name
        return _name_for_runs(*found)

    async def check_arguments(
        self, playbook: str, digest: str, variables: Mapping[str, Any]
    ) -> CheckedArguments:
        """Check the variables of a run, and convert them as the template's arguments say."""
        found = (await self._get_catalogue(digest)).find(playbook)
        if found is None:
            return CheckedArguments(variables)
        return await asyncio.to_thread(check_arguments, found[1].spec, variables)

    async def _read(self, bundle_digest: str | None) -> tuple[str, Catalogue]:
        digest = bundle_digest or await self._bundle_intake.ensure_content_bundle()
        return digest, await self._get_catalogue(digest)

    async def _get_catalogue(self, digest: str) -> Catalogue:
        async with self._one_read:
            if digest not in self._known:
                archive = self._bundle_store.get_archive(digest)
                self._known[digest] = await asyncio.to_thread(read_catalogue, archive)
            self._known.move_to_end(digest)
            while len(self._known) > KEPT_CATALOGUES:
                self._known.popitem(last=False)
            return self._known[digest]


def _name_for_runs(name: str, facts: TemplateFacts) -> str:
    """Return the one name under which runs and limits of access know a template."""
    is_in_collection = facts.playbook.startswith("collections/")
    return name if is_in_collection else facts.playbook


def _is_within(scope: Scope, name: str, facts: TemplateFacts) -> bool:
    return bool(scope.narrow(_name_for_runs(name, facts)).reaches)


def _matches(search: str | None, name: str, facts: TemplateFacts) -> bool:
    texts = (name, facts.playbook, facts.title, facts.description)
    return search is None or any(search.lower() in text.lower() for text in texts)


def _describe(digest: str, name: str, facts: TemplateFacts) -> Template:
    return Template.model_validate(_list_fields(digest, name, facts))


def _describe_fully(digest: str, name: str, facts: TemplateFacts) -> TemplateDetail:
    return TemplateDetail(
        **_list_fields(digest, name, facts),
        arguments=[
            _describe_argument(argument, option, facts)
            for argument, option in facts.spec.options.items()
        ],
        arguments_schema=build_schema(facts.spec, facts.title or name),
        surveys=_describe_surveys(name, facts),
        warnings=list(facts.warnings),
    )


def _describe_surveys(name: str, facts: TemplateFacts) -> Surveys:
    form = build_form(facts.spec)
    return Surveys(
        awx=describe_for_awx(form, facts.title or name),
        semaphore=describe_for_semaphore(form),
        left_out=list(form.left_out),
    )


def _list_fields(digest: str, name: str, facts: TemplateFacts) -> dict[str, Any]:
    return {
        "name": name,
        "playbook": _name_for_runs(name, facts),
        "title": facts.title,
        "description": facts.description,
        "hosts": list(facts.hosts),
        "tags": list(facts.tags),
        "bundle_digest": digest,
        "error": facts.error,
    }


def _describe_argument(name: str, option: Option, facts: TemplateFacts) -> Argument:
    return Argument(
        name=name,
        type=option.type,
        elements=option.elements,
        required=must_be_given(option),
        default=None if option.is_secret else option.default,
        choices=None if option.choices is None else list(option.choices),
        description=option.description,
        secret=option.is_secret,
        aliases=list(option.aliases),
        version_added=option.version_added,
        roles=[role for role in facts.sources.get(name, ()) if role],
    )
