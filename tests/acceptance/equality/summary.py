# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told at the end: how many cases, differences and fallbacks, by reason?"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from equality.comparison import Verdict


@dataclass(frozen=True)
class Summary:
    """What came of all cases, and the agents' own counts at the end."""

    verdicts: list[Verdict]
    statuses: list[dict[str, Any]]

    def __str__(self) -> str:
        different = [verdict.case.name for verdict in self.verdicts if verdict.differences]
        lines = [f"{len(self.verdicts)} cases compared, {len(different)} with differences"]
        lines += [f"  differs: {name}" for name in different]
        reasons = Counter(reason for verdict in self.verdicts for reason in verdict.fallbacks)
        lines += [f"  fell back to the stock way, {reason}: {n}" for reason, n in reasons.items()]
        lines += [f"  {words}: {count}" for words, count in sorted(self._count().items())]
        return "\n".join(lines)

    def _count(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        for status in self.statuses:
            counted.update(_flatten(status.get("warm") or {}))
        return counted


def _flatten(value: dict[str, Any], prefix: str = "") -> dict[str, int]:
    """Return the numbers of nested counts under the names that lead to them."""
    flat: dict[str, int] = {}
    for name, each in value.items():
        if isinstance(each, dict):
            flat |= _flatten(each, f"{prefix}{name} ")
        elif isinstance(each, int) and not isinstance(each, bool):
            flat[f"{prefix}{name}"] = each
    return flat
