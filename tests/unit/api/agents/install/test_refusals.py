# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import pytest

from api.agents.install.refusals import (
    describe_changed_key,
    describe_refused_login,
    describe_unknown_key,
)
from api.agents.install.targets import InstallTarget


def test_an_unknown_key_names_how_to_compare_and_accept_it(target: InstallTarget) -> None:
    """The sentence has the fingerprint, the file to compare it with, and the flag."""
    message = describe_unknown_key(target, "SHA256:abc", "ssh-ed25519").message
    assert "SHA256:abc" in message
    assert "ssh_host_ed25519_key.pub" in message
    assert "--accept-new-host-key" in message


@pytest.mark.parametrize(
    ("host_key", "port", "remedy"),
    [
        ("ssh-ed25519 AAAA", 22, "myx host remove web1"),
        (None, 22, "ssh-keygen -R 192.0.2.10'"),
        (None, 2222, "ssh-keygen -R [192.0.2.10]:2222'"),
    ],
)
def test_a_changed_key_names_both_and_the_remedy(
    target: InstallTarget, host_key: str | None, port: int, remedy: str
) -> None:
    """Where the known key is recorded decides how it is forgotten."""
    changed = replace(target, host_key=host_key, ssh_port=port)
    message = describe_changed_key(changed, "SHA256:new", ["SHA256:old"]).message
    assert "SHA256:new" in message
    assert "SHA256:old" in message
    assert remedy in message


@pytest.mark.parametrize(
    ("key", "password", "cause"),
    [
        ("KEY", None, "authorized_keys does not have the given key"),
        (None, "pw", "wrong user or password"),
        (None, None, "none of this user's SSH keys"),
    ],
)
def test_a_refused_login_names_what_was_tried(
    target: InstallTarget, key: str | None, password: str | None, cause: str
) -> None:
    """The sentence fits the credentials that were given, and never holds them."""
    tried = replace(target, private_key=key, password=password)
    message = describe_refused_login(tried).message
    assert cause in message
    assert "pw" not in message.split()
