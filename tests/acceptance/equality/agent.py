# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test run a playbook through a host's real agent, and what did come of it?"""

import base64
import json
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx

from agent_runner.protocol.errors import NotStartedError, RpcError
from agent_runner.protocol.pieces import decode_piece
from api.bundles.archive import build_bundle
from api.bundles.signing import BundleSigner
from driver.agents import CONFIG
from equality.cases import Options
from lab.hosts import Host
from lab.waiting import wait_for

NAME = "web1"
"""What every host is called in the inventory."""

WORK = "/srv/equality"
"""Where the cases work: the variable ``work``."""

INVENTORY = {
    "all": {
        "hosts": {NAME: {"rank": 1}},
        "children": {
            "web": {"hosts": {NAME: {}, "web2": {}}, "vars": {"tier": "front"}},
            "db": {"hosts": {"db1": {"rank": 7}}},
        },
        "vars": {"site": "lab"},
    }
}
"""What the hosts see: themselves, and others by name."""

PIECE_BYTES = 128 * 1024
WAIT_S = 20.0
TIMEOUT_S = 300.0
WARM_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Played:
    """What one execution of a playbook has given."""

    stdout: bytes
    stderr: bytes
    events: list[dict[str, Any]]
    result: dict[str, Any]


@dataclass(frozen=True)
class Bundle:
    """Packed content."""

    digest: str
    content: bytes

    @classmethod
    def pack(cls, folder: Path) -> Self:
        """Pack a folder, beside it."""
        built = build_bundle(folder, folder.with_suffix(".tar.gz"))
        return cls(built.digest, built.path.read_bytes())


class Agent:
    """The agent of one host, called as the control plane calls it."""

    def __init__(self, host: Host, signer: BundleSigner) -> None:
        config = json.loads(host.read_bytes(CONFIG))
        self.host = host
        self._signer = signer
        self._sent: set[str] = set()
        tls = ssl.create_default_context(cadata=host.ask("cat /etc/myx-agent/ssl/agent.crt"))
        tls.check_hostname = False
        self._client = httpx.Client(
            base_url=f"https://{host.address}:{config['rpc_port']}/{config['rpc_path']}/",
            headers={"X-Agent-Token": config["agent_token"]},
            timeout=WAIT_S * 3,
            verify=tls,
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def call(self, method: str, **params: Any) -> Any:
        """Call a method and return its result."""
        body = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
        reply = self._client.post("rpc", json=body).raise_for_status().json()
        if "error" in reply:
            raise RpcError(f"{method}: {reply['error']}", reply["error"])
        return reply["result"]

    def get_status(self) -> dict[str, Any]:
        """Return what the agent says of itself."""
        status: dict[str, Any] = self.call("get_status")
        return status

    def count_fallbacks(self) -> Counter[str]:
        """Return how often something went the stock way that was asked to be warm, by reason."""
        return Counter(self.get_status()["warm"]["fallbacks"])

    def wait_until_warm(self) -> None:
        """Return when all that is to be warm is."""

        def look() -> bool:
            warm = self.get_status()["warm"]
            return bool(warm["profiles"] == warm["ready"])

        wait_for(f"a warm {self.host.name}", look, WARM_TIMEOUT_S)

    def send(self, bundle: Bundle) -> None:
        """Send content, unless the host has it."""
        offset, size = 0, len(bundle.content)
        about = {"digest": bundle.digest, "size": size}
        signature = self._signer.sign(bundle.digest)
        while bundle.digest not in self._sent:
            data = base64.b64encode(bundle.content[offset : offset + PIECE_BYTES]).decode()
            piece = {**about, "offset": offset, "data": data, "signature": signature}
            answer = self.call("put_bundle", **piece)
            offset = answer["received"]
            if answer["complete"]:
                self._sent.add(bundle.digest)

    def play(self, playbook: str, digest: str, options: Options, **how: Any) -> Played:
        """Run a playbook to its end."""
        command_id = uuid4().hex
        self.call(
            "execute_ansible",
            command_id=command_id,
            playbook=playbook,
            bundle=digest,
            inventory=INVENTORY,
            inventory_hostname=NAME,
            extra_vars={"work": WORK, **options.extra_vars},
            check=options.check,
            diff=options.diff,
            tags=options.tags,
            skip_tags=options.skip_tags,
            verbosity=options.verbosity,
            secrets=options.secrets,
            timeout=TIMEOUT_S,
            **how,
        )
        streams, result = self._follow(command_id)
        events = list(self._list_events(command_id))
        self.call("acknowledge_command", command_id=command_id)
        return Played(streams["stdout"], streams["stderr"], events, result)

    def _follow(self, command_id: str) -> tuple[dict[str, bytes], dict[str, Any]]:
        parts: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        offset = 0
        while True:
            read = {"command_id": command_id, "offset": offset, "wait_s": WAIT_S}
            try:
                answer = self.call("get_command_log", **read)
            except RpcError as error:
                if error.data["code"] != NotStartedError.code:
                    raise
                continue
            parts[answer["log_type"]].append(decode_piece(answer["log_data"], answer["encoding"]))
            offset = answer["new_offset"]
            if answer["is_final"]:
                return {name: b"".join(data) for name, data in parts.items()}, answer["result"]

    def _list_events(self, command_id: str) -> Iterator[dict[str, Any]]:
        after = 0
        while True:
            answer = self.call("get_events", command_id=command_id, after=after, wait_s=WAIT_S)
            yield from answer["events"]
            after = answer["last"]
            if answer["is_final"]:
                return
