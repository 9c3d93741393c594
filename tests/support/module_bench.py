# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks that run twice: the stock way, and with ready interpreters for their modules."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_runner.warm.modules.counts import read_counts
from agent_runner.warm.modules.settings import (
    CONNECTION_FOLDER,
    allow_warm_modules,
    locate_scratch,
)

CONTENT = Path(__file__).parents[1] / "integration/agent_runner/warm_modules/content"
PATIENCE_S = 300.0

_VOLATILE = re.compile(
    r"(ansible-tmp-[\d.]+-\d+-\d+|payload_\w{8}|ansible-local-\w+|(?<=/)tmp\w{8}|\bj\d+\.\d+)"
)
_TIMES = {
    "start", "end", "version", "delta", "atime", "mtime", "ctime", "inode", "elapsed",
    "date_time", "ansible_date_time", "ansible_job_id", "results_file", "src",
}  # fmt: skip


@dataclass
class Played:
    """What is left of one ``ansible-playbook``."""

    status: int
    stdout: str
    stderr: str
    counts: Counter[str]
    results: dict[str, list[Any]] = field(default_factory=dict)


class Bench:
    """A folder with content, played the one way or the other."""

    def __init__(self, folder: Path) -> None:
        self.content = folder / "content"
        self.execution = folder / "state" / "executions" / "one"
        shutil.copytree(CONTENT, self.content, ignore=shutil.ignore_patterns("__pycache__"))
        self.inventory = folder / "hosts.json"
        hosts = {"web1": {"ansible_connection": "local"}}
        self.inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
        self.results = folder / "results"

    def begin_execution(self) -> None:
        """Have the folder of a new execution, and nothing of the one before."""
        shutil.rmtree(self.execution, ignore_errors=True)
        shutil.rmtree(self.content / "target", ignore_errors=True)
        (self.execution / "tmp").mkdir(parents=True, mode=0o700)
        self.results.write_text("")

    def start(self, playbook: str, *, warm: bool, **env: str) -> subprocess.Popen[str]:
        """Start a playbook of the content."""
        program = Path(sys.executable).parent / "ansible-playbook"
        if warm:
            allow_warm_modules(self.execution)
        return subprocess.Popen(
            [program, "-i", self.inventory, playbook],
            cwd=self.content,
            env={**self._describe(), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def play(self, playbook: str = "site.yml", *, warm: bool, **env: str) -> Played:
        """Run a playbook of the content to its end."""
        self.begin_execution()
        process = self.start(playbook, warm=warm, **env)
        stdout, stderr = process.communicate(timeout=PATIENCE_S)
        results: dict[str, list[Any]] = {}
        for name, kind, result in map(json.loads, self.results.read_text().splitlines()):
            results.setdefault(name, []).append([kind, _normalize(result)])
        return Played(process.returncode, stdout, stderr, read_counts(self.execution), results)

    def play_text(self, text: str, *, warm: bool = True, **env: str) -> Played:
        """Run a playbook that is given as its text."""
        (self.content / "text.yml").write_text(text)
        return self.play("text.yml", warm=warm, **env)

    def read_errors(self) -> str:
        """Return what ready interpreters have complained about."""
        path = locate_scratch(self.execution) / ".errors"
        return path.read_text() if path.exists() else ""

    def _describe(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": os.environ.get("HOME", "/"),
            "USER": "root" if os.geteuid() == 0 else os.environ.get("USER", ""),
            "LANG": "C.UTF-8",
            "MYX_EXECUTION_FOLDER": str(self.execution),
            "MYX_TEST_RESULTS": str(self.results),
            "ANSIBLE_CALLBACK_PLUGINS": str(self.content / "collectors"),
            "ANSIBLE_CALLBACKS_ENABLED": "collect_results",
            "ANSIBLE_LOCAL_TEMP": str(self.execution / "tmp"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.content / "collections"),
            "ANSIBLE_CONNECTION_PLUGINS": str(CONNECTION_FOLDER),
        }


def _normalize(value: Any) -> Any:
    """Return a result without what is another one each time."""
    if isinstance(value, dict):
        return {key: _normalize(item) for key, item in value.items() if key not in _TIMES}
    if isinstance(value, list):
        return [_normalize(item) for item in value]
    return _VOLATILE.sub("VOLATILE", value) if isinstance(value, str) else value
