# SPDX-License-Identifier: GPL-3.0-or-later
"""What are labels, and which hosts does a requirement on them name? Kubernetes' syntax.

``env=prod``, ``env!=prod``, ``env in (prod,test)``, ``env notin (dev)``, ``env`` (there is such a
label), ``!env`` (there is none). A host without the label fulfils ``!=`` and ``notin``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

MAX_LABELS = 64
"""The most labels of one host."""

MAX_REQUIREMENTS = 20
"""The most requirements in one request."""

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_KEY = rf"(?:[a-z0-9](?:[a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}"
_key = re.compile(_KEY)
_value = re.compile(rf"(?:{_NAME})?")
_requirement = re.compile(
    rf"(?:(?P<absent>!)\s*)?(?P<key>{_KEY})"
    rf"(?:\s*(?P<operator>==?|!=)\s*(?P<value>{_NAME}|)"
    rf"|\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?"
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on the labels of a host."""

    key: str
    values: frozenset[str] | None
    """What the label may be; None where it is enough that it is there."""
    negated: bool

    def is_met(self, labels: Mapping[str, str]) -> bool:
        """Say whether labels meet it; ``api.hosts.filters`` says the same in SQL."""
        found = labels.get(self.key)
        held = found is not None if self.values is None else found in self.values
        return held != self.negated


def match_labels(requirements: Iterable[str], labels: Mapping[str, str]) -> bool:
    """Say whether labels meet all requirements, which were checked before."""
    return all(parse_requirement(requirement).is_met(labels) for requirement in requirements)


def check_requirement(text: str) -> str:
    """Refuse what is no requirement."""
    parse_requirement(text)
    return text


def check_labels(labels: dict[str, str]) -> dict[str, str]:
    """Refuse keys and values that Kubernetes would refuse too."""
    for key, value in labels.items():
        if not _key.fullmatch(key):
            raise ValueError(
                f"'{key}' is no key of a label; use up to 63 letters, digits, '-', '_' and '.', "
                "with a letter or digit at both ends, and 'example.org/' in front if you like"
            )
        if not _value.fullmatch(value):
            raise ValueError(
                f"'{value}' is no value of the label '{key}'; use up to 63 letters, digits, '-', "
                "'_' and '.', with a letter or digit at both ends"
            )
    return labels


@lru_cache(maxsize=256)
def parse_requirement(text: str) -> Requirement:
    """Read a requirement; raises ``ValueError`` with an example where it is none."""
    found = _requirement.fullmatch(text.strip())
    if found is None or (found["absent"] and (found["operator"] or found["set"])):
        raise ValueError(
            f"'{text}' is no requirement on labels; for example env=prod, env!=prod, "
            "'env in (prod,test)', 'env notin (dev)', env, '!env'"
        )
    if found["set"]:
        values = frozenset(value.strip() for value in found["values"].split(","))
        if not all(_value.fullmatch(value) for value in values):
            raise ValueError(f"'{text}': what stands in the brackets are no values of labels")
        return Requirement(found["key"], values, found["set"] == "notin")
    if found["operator"]:
        return Requirement(found["key"], frozenset({found["value"]}), found["operator"] == "!=")
    return Requirement(found["key"], None, found["absent"] is not None)


Labels = Annotated[
    dict[str, str],
    AfterValidator(check_labels),
    Field(
        max_length=MAX_LABELS,
        description="Texts by key, to select hosts by; Ansible does not see them",
        examples=[{"env": "prod"}],
    ),
]
LabelRequirement = Annotated[
    str,
    AfterValidator(check_requirement),
    Field(
        max_length=1000, description="As in Kubernetes", examples=["env=prod", "tier in (web,db)"]
    ),
]
LabelRequirements = Annotated[
    tuple[LabelRequirement, ...],
    Field(max_length=MAX_REQUIREMENTS, description="Only hosts with these labels, all of them"),
]
