# SPDX-License-Identifier: GPL-3.0-or-later
"""Where does the demo keep what, on which ports, and what is its agent told?"""

import fcntl
import json
import os
import secrets
import socket
import string
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.bundles.signing import load_signer
from api.cli.errors import UsageError
from api.core.places import ADMIN_TOKEN_NAME, DEFAULT_LISTEN, SIGNING_KEY_NAME, split_listen
from api.core.private_files import ensure_private_dir, write_private_file

LOOPBACK = "127.0.0.1"
RPC_PATH_LENGTH = 24
SECRET_BYTES = 32


class DemoPlaces:
    """The folder of a demo."""

    def __init__(self, root: Path) -> None:
        self.root = ensure_private_dir(root.expanduser().absolute())
        self.control_plane = ensure_private_dir(self.root / "control-plane")
        self.agent = ensure_private_dir(self.root / "agent")
        self.token_file = self.control_plane / ADMIN_TOKEN_NAME
        self.agent_config = self.agent / "config.json"
        self.control_plane_log = self.root / "control-plane.log"
        self.agent_log = self.root / "agent.log"

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep every other demo out of the folder; the lock ends with this process.

        Raises:
            UsageError: there is another one.
        """
        with (self.root / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                raise UsageError(
                    f"A demo is running in {self.root} (process {file.read() or '?'}).\n"
                    "Stop it with Ctrl-C, or give this one a folder with --data-dir."
                ) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def prepare_agent(self) -> dict[str, Any]:
        """Return the agent's configuration: the one before with a port that is free."""
        try:
            config = json.loads(self.agent_config.read_bytes())
        except (FileNotFoundError, ValueError):
            config = _assign_agent(self.agent)
        # Made here if need be: the agent must know it before the control plane is up.
        config["bundle_public_key"] = load_signer(self.control_plane / SIGNING_KEY_NAME).public_key
        if not is_free(config["rpc_port"]):
            config["rpc_port"] = find_free_port()
        write_private_file(self.agent_config, json.dumps(config, indent=2).encode())
        return dict(config)


def choose_port() -> int:
    """Return the usual port of the API, or a free one where it is taken."""
    usual = split_listen(DEFAULT_LISTEN)[1]
    return usual if is_free(usual) else find_free_port()


def is_free(port: int) -> bool:
    """Say whether a server could listen on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def find_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _assign_agent(folder: Path) -> dict[str, Any]:
    """Make up what the control plane assigns when it installs an agent."""
    alphabet = string.ascii_lowercase + string.digits
    return {
        "rpc_port": find_free_port(),
        "rpc_path": "".join(secrets.choice(alphabet) for _ in range(RPC_PATH_LENGTH)),
        "agent_token": secrets.token_urlsafe(SECRET_BYTES),
        "secret_key": secrets.token_urlsafe(SECRET_BYTES),
        "listen_address": LOOPBACK,
        "state_dir": str(folder / "state"),
        "content_dir": str(folder / "content"),
        "ssl_dir": str(folder / "ssl"),
    }
