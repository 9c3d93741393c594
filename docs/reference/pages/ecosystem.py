# SPDX-License-Identifier: GPL-3.0-or-later

"""What do AWX and Semaphore run of this repository? Made from playbooks and argument specs."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from api.bundles.archive import build_bundle
from api.templates.content.catalogue import read_catalogue
from api.templates.content.reading import TemplateFacts
from api.templates.surveys import Form, build_form, describe_for_awx, describe_for_semaphore

ROOT = Path(__file__).parents[3]

PROJECT = "MyX"
FLEET = "MyX fleet"
REPOSITORY_URL = "https://example.org/myx.git"

_KEYS = [
    {"name": "None", "type": "none", "owner": ""},
    {"name": "MyX hosts", "type": "ssh", "owner": ""},
]
_INVENTORIES = [
    {
        "name": FLEET,
        "type": "file",
        "inventory": "inventory/fleet.myx.yml",
        "ssh_key": "MyX hosts",
        "become_key": None,
    },
    {
        "name": "This machine",
        "type": "file",
        "inventory": "inventory/local",
        "ssh_key": "None",
        "become_key": None,
    },
]


def render_awx() -> str:
    """Return the job templates that ``awx/bootstrap.yml`` makes."""
    return _dump([_describe_job_template(*each) for each in _list_playbooks()])


def render_semaphore() -> str:
    """Return the backup of a project that Semaphore restores."""
    project: dict[str, Any] = {
        "meta": {"name": PROJECT, "alert": False, "max_parallel_tasks": 0, "type": ""},
        "keys": _KEYS,
        "repositories": [
            {
                "name": PROJECT,
                "git_url": REPOSITORY_URL,
                "git_branch": "main",
                "ssh_key": "None",
            }
        ],
        "environments": [
            {
                "name": PROJECT,
                "json": "{}",
                "env": json.dumps({"MYX_URL": "https://myx.example.org"}),
            }
        ],
        "inventories": _INVENTORIES,
        "views": [],
        "schedules": [],
        "integrations": [],
        "integration_aliases": [],
        "templates": [_describe_task_template(*each) for each in _list_playbooks()],
    }
    return _dump(project)


@cache
def _read_facts() -> tuple[TemplateFacts, ...]:
    with tempfile.TemporaryDirectory() as folder:
        bundle = build_bundle(ROOT, Path(folder, "bundle.tar.gz"))
        return tuple(read_catalogue(bundle.path).facts.values())


def _list_playbooks() -> Iterator[tuple[str, TemplateFacts]]:
    """Yield what the playbooks are called, each by its title or else by its own name too."""
    found = [each for each in _read_facts() if each.playbook.startswith("playbooks/")]
    titles = Counter(facts.title for facts in found)
    for facts in found:
        stem = Path(facts.playbook).stem
        yield (facts.title if titles[facts.title] == 1 else f"{facts.title} ({stem})"), facts


def _describe_job_template(name: str, facts: TemplateFacts) -> dict[str, Any]:
    form = build_form(facts.spec)
    return {
        "name": name,
        "description": _describe(facts, form),
        "playbook": facts.playbook,
        "survey_enabled": bool(form.questions),
        "survey_spec": describe_for_awx(form, facts.title),
    }


def _describe_task_template(name: str, facts: TemplateFacts) -> dict[str, Any]:
    form = build_form(facts.spec)
    return {
        "name": name,
        "description": _describe(facts, form),
        "playbook": facts.playbook,
        "app": "ansible",
        "type": "",
        "repository": PROJECT,
        "inventory": "This machine" if facts.playbook.endswith("/demo.yml") else FLEET,
        # Older releases read the first, newer ones the second.
        "environment": PROJECT,
        "environments": [PROJECT],
        "view": None,
        "vaults": [],
        "roles": [],
        "arguments": "[]",
        "allow_override_args_in_task": True,
        "autorun": False,
        "suppress_success_alerts": False,
        "survey_vars": describe_for_semaphore(form),
        "task_params": {
            "allow_debug": True,
            "allow_override_inventory": True,
            "allow_override_limit": True,
            "allow_override_tags": True,
            "allow_override_skip_tags": True,
        },
    }


def _describe(facts: TemplateFacts, form: Form) -> str:
    first = facts.description.split("\n", maxsplit=1)[0]
    if not form.left_out:
        return first
    return f"{first} In the inventory or as extra variables: {', '.join(form.left_out)}.".strip()


def _dump(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
