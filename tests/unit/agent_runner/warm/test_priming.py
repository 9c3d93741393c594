# SPDX-License-Identifier: GPL-3.0-or-later

import os
import pickle
import select
import subprocess
import sys
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


KILLED = """
import os, sys
from agent_runner.warm import priming

def parse(kinds):
    print(os.getpid(), flush=True)
    sys.stdin.read(1)
    return {"text": b"x" * 1_000_000}

priming._parse = parse
priming._ask_a_fork([])
"""


def test_the_fork_ends_when_nobody_waits_for_it() -> None:
    """What it has parsed fits in no pipe: where its reader was killed, it must not wait for one."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", KILLED], stdin=pipe, stdout=pipe) as asking:
        assert asking.stdin
        assert asking.stdout
        fork = os.pidfd_open(int(asking.stdout.readline()))
        asking.kill()
        asking.wait()
        asking.stdin.write(b"\n")
        asking.stdin.flush()
        has_ended, _, _ = select.select([fork], [], [], 60)
        os.close(fork)
    assert has_ended
