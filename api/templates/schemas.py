# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form do templates cross the API?"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from agent_runner.protocol.methods import DIGEST_PATTERN
from api.core.paging import PageQuery

BundleDigest = Annotated[
    str | None,
    Field(
        pattern=DIGEST_PATTERN,
        description="Content that was sent with PUT /bundles; else the server's own folder",
    ),
]


class TemplateQuery(PageQuery):
    """Which templates are listed."""

    search: Annotated[
        str | None,
        Field(min_length=1, max_length=200, description="Part of name, title or description"),
    ] = None
    bundle_digest: BundleDigest = None


class ContentQuery(BaseModel):
    """Of which content a template is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bundle_digest: BundleDigest = None


class Template(BaseModel):
    """A playbook of the content."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, Field(description="What runs may call it", examples=["deploy_caddy"])]
    playbook: Annotated[
        str,
        Field(
            description="Path below the content folder, or full name in a collection; so runs and "
            "limits of access call it",
            examples=["playbooks/deploy_caddy.yml"],
        ),
    ]
    title: Annotated[str, Field(description="One line: what it does")]
    description: Annotated[str, Field(description="More about it; may be empty")]
    hosts: Annotated[list[str], Field(description="The patterns of its plays, as written")]
    tags: Annotated[list[str], Field(description="Tags of its plays, roles and tasks")]
    bundle_digest: Annotated[str, Field(description="The content that was looked at")]
    error: Annotated[
        str | None, Field(description="Why it cannot be read; then nothing else is known of it")
    ]


class Argument(BaseModel):
    """A variable that a template takes."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: Annotated[str, Field(description="Ansible's word for it")]
    elements: Annotated[str | None, Field(description="The type of a list's elements")]
    required: Annotated[
        bool, Field(description="It must be given, unless each host has it in its variables")
    ]
    default: Annotated[Any, Field(description="What holds otherwise; never of a secret")]
    choices: list[Any] | None
    description: str
    secret: Annotated[bool, Field(description="It is masked in logs")]
    aliases: list[str]
    version_added: str
    roles: Annotated[list[str], Field(description="Which roles ask for it; none: the playbook")]


class Surveys(BaseModel):
    """Forms for the arguments, as AWX and Semaphore have them."""

    model_config = ConfigDict(frozen=True)

    awx: Annotated[dict[str, Any], Field(description="The survey_spec of a job template")]
    semaphore: Annotated[
        list[dict[str, Any]], Field(description="The survey_vars of a task template")
    ]
    left_out: Annotated[list[str], Field(description="Arguments that no form can ask for")]


class TemplateDetail(Template):
    """A template with what it takes."""

    arguments: list[Argument]
    arguments_schema: Annotated[
        dict[str, Any], Field(description="JSON Schema (2020-12) of the variables of a run")
    ]
    surveys: Surveys
    warnings: Annotated[list[str], Field(description="What could not be found out, and why")]
