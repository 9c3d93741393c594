# SPDX-License-Identifier: GPL-3.0-or-later
"""In what do the two ways of running one playbook differ?"""

import difflib
import shutil
import tempfile
import threading
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from equality import footprints, normal_form
from equality.agent import WORK, Agent, Bundle, Played
from equality.cases import Case, Options, copy_content

MAX_LINES = 60
"""So many lines of a difference are shown."""

_RESET = f"""
rm -rf {WORK} /run/equality /tmp/ansible_* /root/.ansible/tree /home/deploy/.ansible
for home in /root /home/deploy; do rm -rf $home/.ansible_async $home/.ansible/tmp/ansible-*; done
mkdir -m 0755 {WORK} /run/equality
"""

_NOT_YET = {"starting", "out_of_date", "died"}
"""Reasons for the stock way that pass by themselves."""


@dataclass(frozen=True)
class Verdict:
    """What one case has shown."""

    case: Case
    differences: list[str]
    fallbacks: list[str] = field(default_factory=list)
    """Why what was asked to be warm went the stock way."""

    def __str__(self) -> str:
        return "\n\n".join((f"{self.case.name}: stock (-) and warm (+) differ", *self.differences))


@dataclass(frozen=True)
class Trace:
    """All that is compared of one execution: by aspect, as lines, and what it forgot to remove."""

    aspects: dict[str, list[str]]
    leftovers: set[str]


class Comparison:
    """Runs cases both ways on a host; one for all hosts, closing it removes the contents."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="equality-"))
        self._lock = threading.Lock()
        self._bundles: dict[str | None, Bundle] = {}

    def close(self) -> None:
        """Remove the contents."""
        shutil.rmtree(self._folder)

    def compare(self, case: Case, agent: Agent) -> Verdict:
        """Run a case the stock way and then the warm way on one host, in each edition."""
        digest = self._send(case.options.variant, agent)
        differences: list[str] = []
        stock_outputs: list[list[str]] = []
        reasons: list[str] = []
        for edition in case.options.editions:
            agent.host.execute("sh", "-c", edition)
            stock = self.run(case, agent, digest, warm=False)
            warm, fallbacks = self._run_warm(case, agent, digest)
            reasons += fallbacks
            differences += _list_differences(stock, warm)
            stock_outputs.append(stock.aspects["stdout"])
        assert all(one != other for one, other in pairwise(stock_outputs)), "editions are the same"
        return Verdict(case, differences, reasons)

    def _run_warm(self, case: Case, agent: Agent, digest: str) -> tuple[Trace, list[str]]:
        """Run a case the warm way, again while that is only not there yet."""
        while True:
            before = agent.count_fallbacks()
            trace = self.run(case, agent, digest, warm=True)
            reasons = list((agent.count_fallbacks() - before).elements())
            if not _NOT_YET.intersection(reasons):
                return trace, reasons
            agent.wait_until_warm()

    def run(self, case: Case, agent: Agent, digest: str, *, warm: bool) -> Trace:
        """Run a case one way and check that it shows what it is there for."""
        agent.host.execute("sh", "-c", f"{_RESET}\n{case.options.reset}")
        played = agent.play(case.playbook, digest, case.options, warm=warm)
        _check(case, played)
        return _trace(played, case.options, agent)

    def _send(self, variant: str | None, agent: Agent) -> str:
        """Send the content that a variant makes, and return its digest."""
        with self._lock:
            if variant not in self._bundles:
                folder = copy_content(variant, self._folder / (variant or "base"))
                self._bundles[variant] = Bundle.pack(folder)
        agent.send(self._bundles[variant])
        return self._bundles[variant].digest


def _trace(played: Played, options: Options, agent: Agent) -> Trace:
    order: dict[str, Any] = {"unordered": options.unordered}
    footprint = footprints.take(agent.host)
    return Trace(
        {
            "result": normal_form.list_result(played),
            "stdout": normal_form.list_lines(played.stdout, **order),
            "stderr": normal_form.list_lines(played.stderr, **order),
            "events": normal_form.list_events(played, **order),
            "gaps": normal_form.find_gaps(played.events),
            "files": footprints.list_lines(footprint),
        },
        set() if options.interrupts else footprints.list_leftovers(footprint),
    )


def _check(case: Case, played: Played) -> None:
    output = (played.stdout + played.stderr).decode(errors="replace")
    assert played.result["state"] == case.options.state, (case.name, played.result, output)
    missing = [text for text in case.options.says if text not in output]
    assert not missing, f"{case.name} does not say {missing}:\n{output}"


def _list_differences(stock: Trace, warm: Trace) -> list[str]:
    differences = [
        f"--- {aspect}\n{difference}"
        for aspect, lines in stock.aspects.items()
        if (difference := _tell_difference(lines, warm.aspects[aspect]))
    ]
    if left := warm.leftovers - stock.leftovers:
        differences.append(f"--- left behind by the warm way alone\n{sorted(left)}")
    return differences


def _tell_difference(stock: list[str], warm: list[str]) -> str:
    lines = list(difflib.unified_diff(stock, warm, "stock", "warm", n=2, lineterm=""))
    more = [f"... and {len(lines) - MAX_LINES} lines more"] if len(lines) > MAX_LINES else []
    return "\n".join(line[:400] for line in (*lines[:MAX_LINES], *more))
