# SPDX-License-Identifier: GPL-3.0-or-later

import pickle
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


def test_what_is_known_is_not_parsed() -> None:
    """Who asks gets what came of it before, and may change it; another text is parsed."""
    parser = Parser()
    recall = Memory({"known": pickle.dumps({"text": "known"})}).wrap(parser.parse, str)
    first = recall("known")
    assert (first, parser.parsed) == ({"text": "known"}, [])
    first["text"] = "changed"
    assert (recall("known"), recall("other")) == ({"text": "known"}, {"text": "other"})
    assert parser.parsed == ["other"]
