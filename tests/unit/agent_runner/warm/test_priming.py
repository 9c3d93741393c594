# SPDX-License-Identifier: GPL-3.0-or-later

from typing import Any

from agent_runner.warm.priming import Memory


class Parser:
    """Counts what it parses."""

    def __init__(self) -> None:
        self.parsed: list[str] = []

    def parse(self, text: str) -> dict[str, Any]:
        """Return something that can be changed."""
        self.parsed.append(text)
        return {"text": text}


def _name(text: str) -> str:
    return text


def test_a_text_is_parsed_once_and_given_away_once() -> None:
    """Who asks first gets what was remembered, who asks again gets a new one to change."""
    parser, memory = Parser(), Memory()
    recorded = memory.record(parser.parse, _name)("known")
    recorded["text"] = "changed"
    parser.parsed.clear()
    recall = memory.wrap(parser.parse, _name)
    first = recall("known")
    assert (first, parser.parsed) == ({"text": "known"}, [])
    first["text"] = "changed"
    assert recall("known") == {"text": "known"}
    assert parser.parsed == ["known"]


def test_another_text_is_parsed() -> None:
    """What was not remembered is parsed as ever."""
    parser, memory = Parser(), Memory()
    memory.record(parser.parse, _name)("known")
    assert memory.wrap(parser.parse, _name)("other") == {"text": "other"}
