# SPDX-License-Identifier: GPL-3.0-or-later
"""Which templates does a bundle hold? Read once for each digest, since equal content is equal."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from api.templates.content.files import read_content
from api.templates.content.reading import (
    TemplateFacts,
    is_meant_as_playbook,
    list_playbooks,
    name_templates,
    read_template,
)
from api.templates.errors import TemplateNotFoundError


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The templates of one bundle."""

    facts: Mapping[str, TemplateFacts]
    """By name, sorted."""

    def find(self, name: str) -> tuple[str, TemplateFacts] | None:
        """Return a template by its name or its path, or None."""
        if name in self.facts:
            return name, self.facts[name]
        for known, facts in self.facts.items():
            if facts.playbook == name:
                return known, facts
        return None

    def get(self, name: str) -> tuple[str, TemplateFacts]:
        """Return a template by its name or its path.

        Raises:
            TemplateNotFoundError: there is none.
        """
        found = self.find(name)
        if found is None:
            near = difflib.get_close_matches(name, list(self.facts), n=3, cutoff=0.5)
            raise TemplateNotFoundError.of(name, near)
        return found


def read_catalogue(archive: Path) -> Catalogue:
    """Read the templates of a bundle; blocks."""
    files = read_content(archive)
    found: dict[str, TemplateFacts] = {}
    for path in list_playbooks(files):
        facts = read_template(files, path)
        if facts is not None and (facts.error is None or is_meant_as_playbook(path)):
            found[path] = facts
    names = name_templates(list(found))
    return Catalogue({name: found[names[name]] for name in sorted(names)})
