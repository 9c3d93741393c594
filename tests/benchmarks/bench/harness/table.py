# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a report read by people? As tables in Markdown, on the terminal and in the page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEGIN = "<!-- figures: written by `make bench PAGE=1` -->"
END = "<!-- end of figures -->"


def render(report: dict[str, Any]) -> str:
    """Return the whole report as Markdown."""
    lines = [
        _render_about(report["about"]),
        "",
        *_render_summary(report["goals"]),
    ]
    for goal in report["goals"]:
        lines += ["", *_render_goal(goal)]
    return "\n".join(lines) + "\n"


def write_page(page: Path, report: dict[str, Any]) -> None:
    """Put the report between the marks of a page."""
    text = page.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    page.write_text(f"{head}{BEGIN}\n\n{render(report)}\n{END}{tail}")


def _render_about(about: dict[str, Any]) -> str:
    peers = ", ".join(f"{name} {version}" for name, version in about["peers"].items())
    return (
        f"Measured {about['at']} at {about['commit']} with {about['rounds']} rounds:"
        f" {about['cores']} cores, {about['memory_mb'] // 1024} GiB, {about['system']}; load at the"
        f" end {about['load_1m']:.1f}. Peers: {peers}. Medians, in brackets least to most."
    )


def _render_summary(goals: list[dict[str, Any]]) -> Iterator[str]:
    yield "| # | work | goal | reached | met |"
    yield "|---|---|---|---|---|"
    for goal in goals:
        head = f"| {goal['id'].upper()} | {goal['work']} |"
        if goal["reason"]:
            yield f"{head} {goal['wanted']} | not run: {_escape(goal['reason'])} | no |"
        for verdict in goal["verdicts"]:
            sense = "at least" if verdict["sense"] == "least" else "at most"
            wanted = f"{verdict['what']}: {sense} {_show(verdict['wanted'], verdict['unit'])}"
            reached = _show(verdict["reached"], verdict["unit"])
            met = {None: "not measured", True: "yes", False: "**no**"}[verdict["met"]]
            yield f"{head} {wanted} | {reached} | {met} |"
            head = "| | |"


def _render_goal(goal: dict[str, Any]) -> Iterator[str]:
    yield f"### {goal['id'].upper()}: {goal['work']}"
    yield ""
    yield f"Goal: {goal['wanted']}. Took {goal['took_s']:.0f} s."
    figures = list(dict.fromkeys(name for way in goal["ways"] for name in way["figures"]))
    if figures:
        yield ""
        yield f"| way | {' | '.join(map(_label, figures))} |"
        yield f"|---|{'---|' * len(figures)}"
        for way in goal["ways"]:
            yield _render_way(way, figures)
    for series in goal["series"]:
        yield ""
        points = ", ".join(f"{x:g}: {y:.4g}" for x, y in series["points"])
        cost = series["slope"]
        slope = "" if cost is None else f"; each more costs {cost:.4g} {series['unit']}"
        yield f"{series['name']} by {series['x']} ({series['unit']}): {points}{slope}."
    for note in goal["notes"]:
        yield ""
        yield note


def _render_way(way: dict[str, Any], figures: list[str]) -> str:
    if way["reason"]:
        return f"| {way['name']} | not run: {_escape(way['reason'])} |{' |' * (len(figures) - 1)}"
    cells = []
    for name in figures:
        figure = way["figures"].get(name)
        cells.append("" if figure is None else _show_spread(figure))
    return f"| {way['name']} | {' | '.join(cells)} |"


def _show_spread(figure: dict[str, Any]) -> str:
    if figure["min"] == figure["max"]:
        return f"{figure['median']:.4g}"
    return f"{figure['median']:.3g} ({figure['min']:.3g} to {figure['max']:.3g})"


def _label(figure: str) -> str:
    return figure.replace("_", " ")


def _show(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.3g} {unit}".strip()


def _escape(text: str) -> str:
    return text.replace("|", "\\|")
