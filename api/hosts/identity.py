# SPDX-License-Identifier: GPL-3.0-or-later
"""How is an agent's identity made? Random, once for a host, and kept for every later install.

A rotation makes token and secret key anew; port and path stay.
"""

import secrets
import string
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain

from api.hosts.errors import NoFreePortError
from api.hosts.targets import AgentIdentity

PATH_CHARS = 24
"""Lower-case letters and digits in the path: 124 bits that a scanner would have to guess."""

SECRET_BYTES = 32
"""Random bytes of the token and of the secret key."""

WELL_KNOWN_PORTS = frozenset(
    {
        *(8000, 8001, 8008, 8080, 8081, 8086, 8088, 8123, 8200, 8300, 8301, 8302, 8443, 8500),
        *(8501, 8600, 8834, 8883, 8888, 9000, 9001, 9042, 9090, 9091, 9092, 9093, 9094, 9100),
        *(9115, 9200, 9300, 9418, 9443, 9999, 10000, 10050, 10051, 10250, 10255, 11211, 11434),
        *(15672, 16379, 16443, 18080, 19999, 22000, 25565, 25672, 26379, 26656, 27017, 27018),
        *(27019, 28017, 30000, 32400),
    }
)
"""What other programs listen on; a port from here would meet one of them sooner or later."""

PORTS = frozenset(chain(range(8000, 32768), range(61000, 65536))) - WELL_KNOWN_PORTS
"""From 32768 to 60999 Linux takes the ports of outgoing connections, so none of those."""

_ALL_PORTS = sorted(PORTS)
_PATH_ALPHABET = string.ascii_lowercase + string.digits


def make_identity(taken_ports: AbstractSet[int]) -> AgentIdentity:
    """Make the identity of one agent, on a port that no other host uses.

    Raises:
        NoFreePortError: there is none left.
    """
    return AgentIdentity(
        rpc_port=_choose_port(taken_ports),
        rpc_path="".join(secrets.choice(_PATH_ALPHABET) for _ in range(PATH_CHARS)),
        agent_token=secrets.token_urlsafe(SECRET_BYTES),
        secret_key=secrets.token_urlsafe(SECRET_BYTES),
    )


def renew_secrets(identity: AgentIdentity) -> AgentIdentity:
    """Return the identity with another token and secret key."""
    return replace(
        identity,
        agent_token=secrets.token_urlsafe(SECRET_BYTES),
        secret_key=secrets.token_urlsafe(SECRET_BYTES),
    )


def _choose_port(taken_ports: AbstractSet[int]) -> int:
    port = secrets.choice(_ALL_PORTS)
    if port not in taken_ports:
        return port
    free = sorted(PORTS - taken_ports)
    if not free:
        raise NoFreePortError("Every RPC port is taken. Remove hosts that are no longer there.")
    return secrets.choice(free)
