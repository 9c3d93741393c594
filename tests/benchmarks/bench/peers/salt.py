# SPDX-License-Identifier: GPL-3.0-or-later
"""How does Salt do it? A master on this machine, a resident minion on the host.

The minion's packages are this machine's, copied: both run the same minor version of Python.
"""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from free_ports import reserve_port

from bench.harness.accounts import Account, open_account
from bench.harness.measuring import WrongResultError, say
from bench.peers.programs import SALT, find_packages, find_program, make_environment
from bench.testbed.looking import find_root
from bench.testbed.testbed import Testbed
from lab.hosts import Host
from lab.podman import ask_podman
from lab.waiting import wait_for

ON_HOST = "/opt/myx-bench-salt"
READY_S = 120.0

# The programmatic way: Salt's own CLI takes 0.6 s only to begin.
_CLIENT = """
import json, sys
import salt.client
client = salt.client.LocalClient(c_path=sys.argv[1])
for line in sys.stdin:
    try:
        call = json.loads(line)
        done = getattr(client, call.pop("method"))(**call)
    except Exception as error:
        done = {"error": repr(error)}
    print(json.dumps(done), flush=True)
"""

SITE = """
{% set d = "/var/tmp/myx-bench" %}
t01: {file.directory: [{name: {{ d }}}, {mode: "0755"}]}
t02: {cmd.run: [{name: "true"}]}
t03: {file.managed: [{name: {{ d }}/a}, {contents: "alpha\\nbeta"}, {mode: "0644"}]}
t04: {file.append: [{name: {{ d }}/a}, {text: "gamma=1"}]}
t05: {file.managed: [{name: {{ d }}/x}, {source: "salt://bench.j2"}, {template: jinja},
                     {mode: "0644"}, {defaults: {mark: {{ pillar.mark }}}}]}
t06: {module.run: [{name: file.stats}, {path: {{ d }}/x}]}
t07: {cmd.run: [{name: "echo hello"}]}
t08: {file.managed: [{name: {{ d }}/b}, {contents: "k=v"}, {mode: "0644"}]}
t09: {file.append: [{name: {{ d }}/b}, {text: "z=2"}]}
t10: {file.managed: [{name: {{ d }}/y}, {source: "salt://bench.j2"}, {template: jinja},
                     {mode: "0644"}, {defaults: {mark: {{ pillar.mark }}}}]}
t11: {module.run: [{name: file.stats}, {path: {{ d }}/y}]}
t12: {cmd.run: [{name: "uname -r"}]}
t13: {file.touch: [{name: {{ d }}/flag}]}
t14: {file.managed: [{name: {{ d }}/blob}, {source: "salt://bench.bin"}, {mode: "0644"}]}
t15: {file.line: [{name: {{ d }}/a}, {match: "^beta"}, {content: "beta=3"}, {mode: replace}]}
t16: {file.managed: [{name: {{ d }}/z}, {source: "salt://bench.j2"}, {template: jinja},
                     {mode: "0644"}, {defaults: {mark: {{ pillar.mark }}}}]}
t17: {cmd.run: [{name: "cat {{ d }}/a"}]}
t18: {cmd.run: [{name: "id -u"}]}
t19: {module.run: [{name: file.stats}, {path: {{ d }}/a}]}
t20: {cmd.run: [{name: "echo done"}]}
"""


class Salt:
    """A master, one minion, and a client that stays.

    Args:
        folder: the master's configuration, keys and files.
        host: where the minion runs.
        playbooks: where the files of ``site`` are.
        account: what the master's and the client's processor time is counted in.
    """

    def __init__(self, folder: Path, host: Host, playbooks: Path, account: Account) -> None:
        self._folder = folder
        self._host = host
        self._account = account
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ports = (reserve_port(), reserve_port())
        self._write_files(playbooks)

    def start(self) -> None:
        """Start all of it, and return when the minion answers."""
        say("  starts salt-master and salt-minion")
        self._install_minion()
        self._start("master", [find_program("salt-master", SALT), "-c", str(self._folder)])
        # A client reads the master's key when it is made, and never again.
        key = self._folder / "root/var/cache/salt/master/.root_key"
        wait_for("salt's master", key.exists, READY_S)
        python = find_program("python", SALT)
        self._client = self._start("client", [python, "-c", _CLIENT, str(self._folder / "master")])
        self._host.execute("systemctl", "start", "bench-salt")
        wait_for("salt's minion", self._is_ready, READY_S)

    def ask(self, function: str, *arguments: Any, **pillar: Any) -> Any:
        """Call a function of the minion and return what it answers.

        Raises:
            WrongResultError: there is no answer.
        """
        more = {"kwarg": {"pillar": pillar}} if pillar else {}
        answer = self._call(method="cmd", fun=function, arg=arguments, **more)
        if self._host.name not in answer:
            raise WrongResultError(f"salt answered {answer}")
        return answer[self._host.name]

    def begin(self, function: str, *arguments: Any) -> str:
        """Start a function of the minion and return the job's number."""
        return str(self._call(method="cmd_async", fun=function, arg=arguments))

    def _call(self, **call: Any) -> Any:
        assert self._client.stdin is not None
        assert self._client.stdout is not None
        sent = json.dumps({"tgt": self._host.name} | call).encode()
        self._client.stdin.write(sent + b"\n")
        self._client.stdin.flush()
        return json.loads(self._client.stdout.readline())

    def apply_site(self, mark: str) -> None:
        """Apply the states of ``site``.

        Raises:
            WrongResultError: one of the twenty failed.
        """
        states = self.ask("state.apply", "site", mark=mark)
        if not isinstance(states, dict) or len(states) != 20:
            raise WrongResultError(f"salt answered {str(states)[:300]}")
        failed = [name for name, state in states.items() if state["result"] is not True]
        if failed:
            raise WrongResultError(f"{failed}: {states[failed[0]]['comment']}")

    def close(self) -> None:
        """End all of it."""
        self._host.execute("systemctl", "stop", "bench-salt", check=False)
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        for pid in self._account.list_pids():
            subprocess.run(["kill", "-KILL", str(pid)], check=False, capture_output=True)

    def _start(self, name: str, argv: list[str | Path]) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if name == "client" else log,
                stderr=log,
                env=make_environment({}),
                preexec_fn=self._account.adopt,  # noqa: PLW1509 - this program has one thread
            )
        self._processes.append(process)
        return process

    def _is_ready(self) -> bool:
        try:
            return self.ask("test.ping") is True
        except WrongResultError:
            return False

    def _write_files(self, playbooks: Path) -> None:
        states = self._folder / "states"
        states.mkdir(parents=True)
        (states / "site.sls").write_text(SITE)
        shutil.copy(playbooks / "templates/bench.j2", states)
        shutil.copy(playbooks / "files/bench.bin", states)
        settings = {
            "root_dir": str(self._folder / "root"),
            "file_roots": {"base": [str(states)]},
            "interface": _find_gateway(),
            "auto_accept": True,
            "timeout": 30,
            "user": "root",
            "worker_threads": 3,
            "publish_port": self._ports[0],
            "ret_port": self._ports[1],
        }
        (self._folder / "master").write_text(json.dumps(settings))

    def _install_minion(self) -> None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        if f"Python {version}." not in self._host.ask("/usr/bin/python3 --version"):
            raise WrongResultError(f"the host's Python is not {version}, which Salt was built for")
        self._host.execute("python3", "-m", "venv", "--without-pip", ON_HOST)
        packages = f"{ON_HOST}/lib/python{version}/site-packages".removeprefix("/")
        target = find_root(self._host) / packages
        shutil.copytree(find_packages(SALT), target, dirs_exist_ok=True)
        config: dict[str, Any] = {
            "master": _find_gateway(),
            "id": self._host.name,
            "log_level": "warning",
        }
        config |= {"publish_port": self._ports[0], "master_port": self._ports[1]}
        # A minion that has known another master refuses this one.
        self._host.execute("rm", "-rf", "/etc/salt/pki")
        self._host.execute("mkdir", "-p", "/etc/salt")
        self._host.write_bytes("/etc/salt/minion", json.dumps(config).encode())
        code = "from salt.scripts import salt_minion; salt_minion()"
        unit = f'[Service]\nExecStart={ON_HOST}/bin/python3 -c "{code}"\nKillMode=control-group\n'
        self._host.write_bytes("/etc/systemd/system/bench-salt.service", unit.encode())
        self._host.execute("systemctl", "daemon-reload")


class LazySalt:
    """A Salt that is started when it is needed for the first time, and counted in one account."""

    def __init__(self, testbed: Testbed, stack: contextlib.ExitStack, name: str) -> None:
        self._testbed = testbed
        self._stack = stack
        self._name = name
        self._salt: Salt | None = None
        self.account = open_account(name)

    def get(self) -> Salt:
        """Return a Salt that answers.

        Raises:
            WrongResultError: it cannot be installed or does not come up.
        """
        if self._salt is None:
            playbooks = self._testbed.plane.content_dir / "playbooks"
            folder = self._testbed.folder / self._name
            self._salt = Salt(folder, self._testbed.host, playbooks, self.account)
            self._stack.callback(self._salt.close)
            self._salt.start()
        return self._salt


def _find_gateway() -> str:
    """Return this machine's address on the hosts' network."""
    described = json.loads(ask_podman("network", "inspect", "podman"))
    gateway: str = described[0]["subnets"][0]["gateway"]
    return gateway
