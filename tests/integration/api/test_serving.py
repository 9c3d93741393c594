# SPDX-License-Identifier: GPL-3.0-or-later
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from api.core.errors import SettingsError
from api.core.settings import load_settings
from api.listening import check_certificate

SERVE = """
import sys
from api.core.errors import MyxError
from api.core.settings import load_settings
from api.main import serve
try:
    serve(load_settings())
except MyxError as error:
    sys.exit(error.message)
"""


class Served:
    """A control plane in a process of its own."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            env={**os.environ, "MYX_LOG_FORMAT": "json", "MYX_LISTEN": "127.0.0.1:0", **environ},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []

    def wait_for(self, text: str) -> dict[str, str]:
        """Read its log up to the line that has the text."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(line)
            if text in line:
                return json.loads(line)  # type: ignore[no-any-return]
        raise AssertionError(f"no {text!r} in: {''.join(self.lines)}")

    def start(self) -> str:
        """Wait until it serves, and return its address."""
        address = self.wait_for('"listening"')["address"]
        self.wait_for("startup complete")
        return address

    def stop(self, number: signal.Signals) -> int:
        """Send the signal, and return the exit code."""
        self._process.send_signal(number)
        return self.read_end()

    def read_end(self) -> int:
        """Wait for its end, and return the exit code."""
        self.lines += self._process.communicate()[1].splitlines(keepends=True)
        return self._process.returncode


@pytest.fixture
def run_server(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Return a function that starts control planes on one data directory."""
    started: list[Served] = []

    def run(**environ: str) -> Served:
        defaults = {"MYX_DATA_DIR": str(tmp_path / ".data"), "MYX_CONTENT_DIR": str(tmp_path)}
        started.append(Served(defaults | environ))
        return started[-1]

    yield run
    for served in started:
        if served._process.poll() is None:
            served._process.kill()
            served.read_end()


def _list_open_files(data_dir: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o077 for path in data_dir.rglob("*")}


def test_a_first_start_serves(run_server: Callable[..., Served], tmp_path: Path) -> None:
    """From an empty data directory to answers, with everything in it closed to others."""
    served = run_server()
    url = f"http://{served.start()}"
    assert httpx.get(f"{url}/healthz").json()["status"] == "ok"
    token = (tmp_path / ".data/admin-token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{url}/api/v1/hosts", headers=headers).json()["count"] == 0
    answer = httpx.get(f"{url}/healthz")
    assert "server" not in answer.headers
    open_files = {name: mode for name, mode in _list_open_files(tmp_path / ".data").items() if mode}
    assert open_files == {}
    assert served.stop(signal.SIGINT) == 0
    assert token not in "".join(served.lines)


def test_a_restart_keeps_everything(run_server: Callable[..., Served], tmp_path: Path) -> None:
    """After a SIGTERM the next start has the same token, hosts and key."""
    served = run_server()
    url = f"http://{served.start()}/api/v1/hosts"
    token = (tmp_path / ".data/admin-token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    host = {"name": "web1", "address": "192.0.2.1", "ssh_password": "x"}
    created = httpx.post(url, json=host, headers=headers).json()
    served.stop(signal.SIGTERM)
    assert any("shutdown complete" in line for line in served.lines)
    again = run_server()
    url = f"http://{again.start()}/api/v1/hosts/web1"
    assert httpx.get(url, headers=headers).json() == created


def test_a_data_directory_has_one_control_plane(run_server: Callable[..., Served]) -> None:
    """A second one is told in a sentence which directory is taken."""
    run_server().start()
    second = run_server()
    assert second.read_end() == 1
    assert second.lines[-1].startswith("Another control plane uses ")
    assert not any("Traceback" in line for line in second.lines)


def test_a_port_that_is_taken_is_told(run_server: Callable[..., Served], tmp_path: Path) -> None:
    """Before anything is opened, the error names the setting and the remedy."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        served = run_server(MYX_LISTEN=f"127.0.0.1:{port}")
        assert served.read_end() == 1
    assert served.lines[-1] == (
        f"MYX_LISTEN=127.0.0.1:{port} cannot be listened on: Address already in use. "
        "Stop the program that has the port, or choose another one.\n"
    )
    assert not (tmp_path / ".data").exists()


def test_tls_is_served(run_server: Callable[..., Served], tmp_path: Path) -> None:
    """With certificate and key, the API answers over TLS and not in plain text."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "tls.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    served = run_server(
        MYX_TLS_CERT=str(tmp_path / "tls.crt"),
        MYX_TLS_KEY=str(tmp_path / "tls.key"),
        MYX_LISTEN="0.0.0.0:0",
    )
    port = served.start().rpartition(":")[2]
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    answer = httpx.get(f"https://127.0.0.1:{port}/healthz", verify=trust)
    assert answer.status_code == 200
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")


def test_a_useless_certificate_is_told(tmp_path: Path) -> None:
    """Files that are no certificate, or do not belong together, are named."""
    authority = trustme.CA()
    one, other = authority.issue_cert("a"), authority.issue_cert("b")
    one.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    other.private_key_pem.write_to_path(tmp_path / "tls.key")
    settings = load_settings(tls_cert=tmp_path / "tls.crt", tls_key=tmp_path / "tls.key")
    with pytest.raises(SettingsError, match=r"belong together"):
        check_certificate(settings)
    (tmp_path / "tls.crt").write_text("none")
    with pytest.raises(SettingsError, match=r"tls.crt"):
        check_certificate(settings)
