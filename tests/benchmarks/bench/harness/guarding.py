# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a ratio been lost since the figures were committed?

Only ratios of processor times in one run are guarded: a busy machine slows both sides of them.
"""

import json
from pathlib import Path
from typing import Any

LOSS = 0.3
"""Below this part of the committed ratio less, it counts as lost."""


def collect_guards(report: dict[str, Any]) -> dict[str, float]:
    """Return the guarded ratios of a report by name."""
    return {
        name: value
        for goal in report["goals"]
        for name, value in goal["guards"].items()
        if value is not None
    }


def format_guards(report: dict[str, Any]) -> str:
    """Return the content of the committed file."""
    guards = {name: float(f"{value:.3g}") for name, value in collect_guards(report).items()}
    return json.dumps({"loss": LOSS, "ratios": guards}, indent=2) + "\n"


def find_losses(report: dict[str, Any], committed: Path) -> dict[str, str]:
    """Return what was lost, a sentence for each goal; a ratio that was not measured is lost too."""
    wanted: dict[str, float] = json.loads(committed.read_text())["ratios"]
    measured = collect_guards(report)
    losses: dict[str, list[str]] = {}
    for goal in report["goals"]:
        for name in goal["guards"]:
            least = wanted.get(name, 0.0) * (1 - LOSS)
            value = measured.get(name)
            if value is None or value < least:
                shown = "not measured" if value is None else f"{value:.3g}"
                sentence = f"{name} is {shown}, committed is {wanted.get(name, 0.0):.3g}"
                losses.setdefault(goal["id"], []).append(sentence)
        if goal["reason"]:
            losses.setdefault(goal["id"], []).append(f"{goal['id']}: {goal['reason']}")
    return {goal_id: "; ".join(sentences) for goal_id, sentences in losses.items()}
