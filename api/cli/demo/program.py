# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in a demo, from the first process to the last?"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from api.cli.demo.child import Child
from api.cli.demo.leftovers import adopt_orphans, end_leftovers
from api.cli.demo.places import LOOPBACK, DemoPlaces, choose_port
from api.cli.errors import UsageError
from api.cli.remote.client import ApiClient
from api.cli.remote.server import Server
from api.cli.terminal.output import make_sink, say
from api.cli.watching.following import RunFollower
from api.cli.watching.outcome import ExitCode, exit_code_of, write_recap
from api.cli.watching.patience import Patience
from api.core.places import DEFAULT_LISTEN

PLAYBOOK = "playbooks/demo.yml"
HOST = "local"

_CONTROL_PLANE_READY = r"Application startup complete"
_AGENT_READY = r"event=listening .*fingerprint=(?P<fingerprint>[0-9a-f]{64})"

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


def run_demo(data_dir: Path, *, once: bool) -> int:
    """Run the demo and return its exit code."""
    if not Path(PLAYBOOK).is_file():
        raise UsageError(f"{PLAYBOOK} is not here. Run 'make demo' in a checkout of MyX.")
    places = DemoPlaces(data_dir)
    with places.hold():
        demo = _Demo(places)
        with demo.guarded():
            demo.start()
            code = demo.run_playbook()
            demo.tell_where()
            if once:
                return code
            demo.serve()
    return ExitCode.SUCCESSFUL


class _Demo:
    """The programs of a demo and what they are told."""

    def __init__(self, places: DemoPlaces) -> None:
        self._places = places
        self._listen = f"{LOOPBACK}:{choose_port()}"
        self._url = f"http://{self._listen}"
        self._agent = Child("The agent", places.agent_log, _AGENT_READY)
        self._control_plane = Child(
            "The control plane", places.control_plane_log, _CONTROL_PLANE_READY
        )
        self._serving = False

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """End everything at the end, at a signal, and when a program has died."""
        adopt_orphans()
        before = {number: signal.signal(number, self._notice) for number in _SIGNALS}
        try:
            yield
        except KeyboardInterrupt:
            if not self._serving:
                raise
        finally:
            for number in _SIGNALS:
                signal.signal(number, _ignore)
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self) -> None:
        """Start both programs, and make the agent known as a host."""
        if self._listen != DEFAULT_LISTEN:
            say(f"{DEFAULT_LISTEN} is taken: the control plane listens on {self._listen}.")
        say("Starting the control plane and an agent on this machine ...")
        config = self._places.prepare_agent()
        programs = Path(sys.executable).parent
        self._control_plane.start([str(programs / "myx"), "serve"], self._environment())
        self._agent.start(
            [str(programs / "myx-agent"), "serve", "--config", str(self._places.agent_config)],
            _clean_environment(),
        )
        fingerprint = self._agent.wait_until_ready()["fingerprint"]
        self._control_plane.wait_until_ready()
        self._enroll(config, fingerprint)

    def run_playbook(self) -> ExitCode:
        """Run the demo's playbook and show its log as ``myx run`` does."""
        client = self._client()
        body = {"kind": "playbook", "playbook": PLAYBOOK, "limit": HOST}
        run = client.create_run(body)
        say(f"Running {PLAYBOOK} on host '{HOST}', as 'myx run {PLAYBOOK}' does:\n")
        sink = make_sink(run["kind"], run["hosts_total"], color=None)
        outcome = RunFollower(client, run["id"], sink, Patience(client.sleep, say)).follow()
        say(write_recap(outcome))
        return exit_code_of(outcome.run["status"], outcome.executions)

    def tell_where(self) -> None:
        """Name everything there is to look at."""
        data_dir = _shorten(self._places.control_plane)
        program = _shorten(Path(sys.executable).with_name("myx"))
        listen = "" if self._listen == DEFAULT_LISTEN else f" MYX_LISTEN={self._listen}"
        say(
            f"\n  Browser page       {self._url}/\n"
            f"  API documentation  {self._url}/docs\n"
            f"  Admin token        {_shorten(self._places.token_file)}\n"
            f"  Command line       export MYX_DATA_DIR={data_dir}{listen}\n"
            f"                     {program} exec --limit {HOST} -- uptime\n"
        )

    def serve(self) -> None:
        """Wait until somebody ends it."""
        self._serving = True
        say("Serving until Ctrl-C, which stops everything.")
        while True:
            signal.pause()

    def _client(self) -> ApiClient:
        token = self._places.token_file.read_text().strip()
        return ApiClient(Server(self._url, token, str(self._places.token_file)))

    def _enroll(self, config: dict[str, Any], fingerprint: str) -> None:
        names = ("rpc_port", "rpc_path", "agent_token", "secret_key")
        body = {name: config[name] for name in names}
        body |= {"address": LOOPBACK, "cert_fingerprint": fingerprint}
        self._client().post(f"/hosts/{HOST}/enroll", body)

    def _environment(self) -> dict[str, str]:
        return _clean_environment() | {
            "MYX_DATA_DIR": str(self._places.control_plane),
            "MYX_LISTEN": self._listen,
            "MYX_CONTENT_DIR": str(Path.cwd()),
        }

    def _notice(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            raise KeyboardInterrupt
        for child in (self._control_plane, self._agent):
            if child.has_died():
                raise child.explain_death()

    def _stop(self) -> None:
        """Stop in an order in which nobody misses anybody."""
        self._control_plane.stop()
        self._agent.stop()
        ended = end_leftovers()
        say(f"Stopped everything{f' (and {ended} that still ran on the host)' if ended else ''}.")


def _shorten(path: Path) -> str:
    """Write a path as it is typed here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Let nothing interrupt the end; unlike SIG_IGN it leaves children to be waited for."""


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MYX_")}
