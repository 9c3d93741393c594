# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test start, kill and restart a control plane of its own?"""

import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from free_ports import reserve_port

from lab.waiting import wait_for

MYX = Path(sys.executable).with_name("myx")
"""The command line of the environment that the tests run in."""

_TLS = ssl.create_default_context()  # costs more than the requests of a test, so it is made once

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


class ControlPlane:
    """A ``myx serve`` process with a data directory, a content folder and a port of its own.

    Args:
        folder: holds its data and its log.
        content_dir: what runs are made from.
        settings: more of its ``MYX_*`` variables.
    """

    def __init__(self, folder: Path, content_dir: Path, **settings: str) -> None:
        self._settings = settings
        self.data_dir = folder / "data"
        self.content_dir = content_dir
        self.log_path = folder / "serve.log"
        self.listen = f"127.0.0.1:{reserve_port()}"
        self.url = f"http://{self.listen}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which server and command line find each other."""
        foreign = {name: value for name, value in os.environ.items() if name[:4] != "MYX_"}
        return foreign | {
            "MYX_DATA_DIR": str(self.data_dir),
            "MYX_LISTEN": self.listen,
            "MYX_CONTENT_DIR": str(self.content_dir),
            "MYX_RPC_TIMEOUT_S": "10",
            "MYX_AGENT_LOST_AFTER_S": "60",
            "MYX_MAX_PLAYBOOKS_PER_HOST": "100",
            "COLUMNS": "160",
            **self._settings,
        }

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._expect_process().pid

    @property
    def token(self) -> str:
        """The admin's token that the first start wrote."""
        return (self.data_dir / "admin-token").read_text().strip()

    def start(self) -> None:
        """Start the server and return when it answers."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [MYX, "serve"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.content_dir,
                start_new_session=True,
            )
        wait_for("myx serve to answer", self._is_serving, START_TIMEOUT_S)

    def kill(self) -> None:
        """End the server as a power cut does."""
        process = self._expect_process()
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Ask the server to end, as systemd does, and check that it does so in peace."""
        process = self._expect_process()
        process.send_signal(signal.SIGTERM)
        try:
            exit_code = process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise AssertionError(f"myx serve ignored SIGTERM for {STOP_TIMEOUT_S} s") from error
        # uvicorn ends itself with the signal that it was sent, after everything is closed.
        assert exit_code in {0, -signal.SIGTERM}, f"myx serve ended with {exit_code}"

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one authorised request; ``path`` is relative to ``/api/v1``."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        url = f"{self.url}/api/v1{path}"
        return httpx.request(method, url, headers=headers, timeout=60, verify=_TLS, **options)

    def ask(self, path: str) -> Any:
        """Return the JSON of a GET that must succeed."""
        return self.request("GET", path).raise_for_status().json()

    def list_executions(self, run_id: int) -> dict[str, Any]:
        """Return a run's executions by the name of their host."""
        listed = self.ask(f"/runs/{run_id}/executions?page_size=500")["results"]
        return {execution["host"]: execution for execution in listed}

    def read_log(self, execution_id: str) -> bytes:
        """Return the bytes that the control plane holds of an execution's log."""
        return self.request("GET", f"/executions/{execution_id}/log/download").content

    def _is_serving(self) -> bool:
        if self._expect_process().poll() is not None:
            raise AssertionError(f"myx serve ended at once: {self.log_path.read_text()}")
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).is_success
        except httpx.TransportError:
            return False

    def _expect_process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the control plane was never started"
        return self._process
