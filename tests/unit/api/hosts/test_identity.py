# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from api.hosts.errors import NoFreePortError
from api.hosts.identity import PORTS, WELL_KNOWN_PORTS, make_identity


def test_an_identity_is_random() -> None:
    """No two agents share a port, a path, a token or a key."""
    taken: set[int] = set()
    made = []
    for _ in range(200):
        made.append(make_identity(taken))
        taken.add(made[-1].rpc_port)
    for values in zip(
        *[(m.rpc_port, m.rpc_path, m.agent_token, m.secret_key) for m in made], strict=True
    ):
        assert len(set(values)) == len(made)


def test_an_identity_has_the_agreed_form() -> None:
    """The path is 24 lower-case letters and digits; token and key hold 32 random bytes."""
    identity = make_identity(frozenset())
    assert len(identity.rpc_path) == 24
    assert identity.rpc_path.isalnum()
    assert identity.rpc_path.islower()
    assert len(identity.agent_token) >= 43
    assert len(identity.secret_key) >= 43


def test_an_identity_does_not_show_its_secrets() -> None:
    """Printing an identity, as a log or a traceback would, shows the port at most."""
    identity = make_identity(frozenset())
    for secret in (identity.rpc_path, identity.agent_token, identity.secret_key):
        assert secret not in repr(identity)


def test_ports_stay_clear_of_others() -> None:
    """Neither well-known services nor outgoing connections use these ports."""
    assert min(PORTS) >= 8000
    assert max(PORTS) <= 65535
    assert not PORTS & WELL_KNOWN_PORTS
    assert not PORTS & set(range(32768, 61000))


def test_the_last_free_port_is_found() -> None:
    """A nearly full range still gives a port, and a full one says so."""
    assert make_identity(PORTS - {8002}).rpc_port == 8002
    with pytest.raises(NoFreePortError, match="Remove hosts"):
        make_identity(PORTS)
