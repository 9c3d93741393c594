# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the agent answer on this host, over TLS, with its own certificate and the wanted version?

    health_check.py CONFIG_FILE VERSION_DIR

Reads port, path and token from the configuration itself, so that no secret passes through the
caller. Exit code 0: yes. 1: no, with the reason as a sentence on stderr.
"""

import hashlib
import http.client
import json
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

TIMEOUT_S = 5
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read from the configuration
REQUEST = {"jsonrpc": "2.0", "method": "health_check", "params": {}, "id": 1}


class NotHealthyError(Exception):
    """The agent does not answer as it should; the message says how."""


def check_process(version: str) -> None:
    """See that the service runs from the wanted version."""
    command = ["systemctl", "show", "--property", "MainPID", "--value", "myx-agent.service"]
    pid = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    try:
        program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    except FileNotFoundError:
        raise NotHealthyError("The service does not run.") from None
    if pid == "0" or not program.startswith(f"{version}/"):
        raise NotHealthyError(f"The service runs '{program}' instead of {version}.")


def ask(config: dict[str, Any]) -> str:
    """Call health_check and return the version that answers."""
    address = config.get("listen_address", "0.0.0.0")  # noqa: S104 - the agent's default
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the certificate is compared as a whole instead
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(
        LOOPBACK.get(address, address), config["rpc_port"], timeout=TIMEOUT_S, context=context
    )
    connection.connect()
    try:
        check_certificate(connection.sock.getpeercert(binary_form=True), config)
        connection.request(
            "POST",
            f"/{config['rpc_path']}/rpc",
            json.dumps(REQUEST),
            {"Content-Type": "application/json", "X-Agent-Token": config["agent_token"]},
        )
        response = connection.getresponse()
        if response.status != http.HTTPStatus.OK:
            raise NotHealthyError(f"The agent answers HTTP {response.status}.")
        answer = json.loads(response.read())
    finally:
        connection.close()
    if answer.get("result", {}).get("status") != "ok":
        raise NotHealthyError("The agent does not say that it is healthy.")
    return str(answer["result"]["version"])


def check_certificate(shown: Any, config: dict[str, Any]) -> None:
    """See that the certificate is the one in the agent's folder, before the token is sent."""
    folder = Path(config.get("ssl_dir", "/etc/myx-agent/ssl"))
    expected = ssl.PEM_cert_to_DER_cert((folder / "agent.crt").read_text())
    if hashlib.sha256(shown).digest() != hashlib.sha256(expected).digest():
        raise NotHealthyError("Another program answers on the agent's port.")


def main() -> None:
    """Check, and exit with the answer."""
    try:
        config = json.loads(Path(sys.argv[1]).read_text())
        check_process(sys.argv[2])
        version = ask(config)
    except (NotHealthyError, OSError, ValueError, http.client.HTTPException) as error:
        sys.exit(f"{error}")
    sys.stdout.write(f"{version}\n")


if __name__ == "__main__":
    main()
