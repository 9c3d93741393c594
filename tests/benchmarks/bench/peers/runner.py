# SPDX-License-Identifier: GPL-3.0-or-later
"""How does ansible-runner do it on the host itself? As the agent's own environment has it."""

import json
import secrets
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.harness.measuring import Figures, WrongResultError
from bench.testbed.looking import find_root
from lab.hosts import Host

FOLDER = "/var/tmp/myx-bench-runner"  # noqa: S108 - a folder of the test host

_SCRIPT = """
import json, sys, time
import ansible_runner
started = time.perf_counter()
first = []
def note(event):
    if event["stdout"] and not first:
        first.append(time.perf_counter() - started)
    return True
done = ansible_runner.run(private_data_dir=sys.argv[1], playbook=sys.argv[2], ident=sys.argv[3],
                          extravars=json.loads(sys.argv[4]), quiet=True, event_handler=note)
print(json.dumps([done.status, done.stats["ok"], time.perf_counter() - started, first[0]]))
"""


_CANCELED = """
import pathlib, sys, time
import ansible_runner
flag = pathlib.Path(sys.argv[1], "cancel")
asked = []
def is_canceled():
    if flag.exists() and not asked:
        asked.append(time.perf_counter())
    return bool(asked)
done = ansible_runner.run(private_data_dir=sys.argv[1], playbook=sys.argv[2], quiet=True,
                          extravars={"mark": sys.argv[3]}, cancel_callback=is_canceled)
print(done.status, time.perf_counter() - asked[0])
"""

_COMMAND = """
import sys, time
import ansible_runner
started = time.perf_counter()
output, _, code = ansible_runner.run_command(
    executable_cmd="sh", cmdline_args=["-c", sys.argv[2]], private_data_dir=sys.argv[1],
    quiet=True)
print(code, len(output.replace("\\r", "")), time.perf_counter() - started)
"""


class Runner:
    """ansible-runner on a host, driven as a program drives it."""

    def __init__(self, host: Host, playbooks: Path, name: str = "0") -> None:
        """Take where it runs, what it plays, and a name that no other has at the same time."""
        self._host = host
        self._folder = f"{FOLDER}/{name}"
        self.python = find_agents_python(host)
        root = find_root(host) / self._folder.removeprefix("/")
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(playbooks, root / "project", ignore=shutil.ignore_patterns("collections"))
        (root / "inventory").mkdir()
        (root / "inventory/hosts").write_text(f"{host.name} ansible_connection=local\n")

    def play(self, playbook: str, variables: str, *, ok: int) -> Figures:
        """Run a playbook and return what it took.

        The imports of ansible-runner are not counted, as in a service that lives on.
        """
        printed = self._run(_SCRIPT, self._folder, playbook, secrets.token_hex(4), variables)
        status, oks, wall_s, first_s = json.loads(printed)
        if status != "successful" or oks != {self._host.name: ok}:
            raise WrongResultError(f"{status}, ok={oks}")
        return {"wall_s": wall_s, "first_byte_s": first_s}

    def execute(self, command: str, *, size_bytes: int) -> Figures:
        """Run a shell command by ansible-runner, whose log it is, and return what it took."""
        printed = self._run(_COMMAND, self._folder, command)
        code, size, wall_s = printed.split()
        if (int(code), int(size)) != (0, size_bytes):
            raise WrongResultError(f"exit {code}, {size} bytes of {size_bytes}")
        return {"wall_s": float(wall_s)}

    def cancel(self, playbook: str, mark: str, wait_until_up: Callable[[], None]) -> float:
        """Run a playbook, cancel it when it is up, and return how many seconds that took."""
        with ThreadPoolExecutor(1) as pool:
            printed = pool.submit(self._run, _CANCELED, self._folder, playbook, mark)
            try:
                wait_until_up()
            finally:
                self._host.write_bytes(f"{self._folder}/cancel", b"")
            status, wall_s = printed.result().split()
        if status != "canceled":
            raise WrongResultError(f"it ended as {status}")
        return float(wall_s)

    def _run(self, script: str, *words: str) -> str:
        """Run a program with the agent's Python, and return the last line that it prints."""
        path = f"PATH={Path(self.python).parent}:/usr/bin:/bin"
        printed = self._host.execute("env", path, self.python, "-c", script, *words).stdout
        return printed.decode().splitlines()[-1]


def find_agents_python(host: Host) -> str:
    """Return the interpreter of the agent's environment."""
    pid = host.ask("systemctl show -p MainPID --value myx-agent")
    return host.ask(f"tr '\\0' '\\n' </proc/{pid}/cmdline | head -n 1")
