# SPDX-License-Identifier: GPL-3.0-or-later
"""What do we tell somebody whose login was refused, or whose host is not the one that is known?"""

from api.agents.install.errors import HostKeyChangedError, HostKeyUnknownError, SshAuthError
from api.agents.install.targets import InstallTarget

DEFAULT_SSH_PORT = 22

_KEY_FILES = {"ssh-ed25519": "ed25519", "ssh-rsa": "rsa"}


def describe_unknown_key(target: InstallTarget, shown: str, algorithm: str) -> HostKeyUnknownError:
    """Say how the key can be compared and then accepted."""
    file = f"/etc/ssh/ssh_host_{_KEY_FILES.get(algorithm, 'ecdsa')}_key.pub"
    return HostKeyUnknownError(
        f"The SSH host key of {target.name} is not known yet: it shows {shown}. Compare this with "
        f"'ssh-keygen -lf {file}' on {target.name}, then install again with "
        "--accept-new-host-key."
    )


def describe_changed_key(
    target: InstallTarget, shown: str, expected: list[str]
) -> HostKeyChangedError:
    """Name both keys, and how the old one is forgotten."""
    if target.host_key:
        remedy = f"forget it with 'myx host remove {target.name}' and add it again"
    else:
        entry = target.address
        if target.ssh_port != DEFAULT_SSH_PORT:
            entry = f"[{target.address}]:{target.ssh_port}"
        remedy = f"forget the old key with 'ssh-keygen -R {entry}'"
    return HostKeyChangedError(
        f"The SSH host key of {target.name} has changed: known is {', '.join(expected)}, it shows "
        f"{shown}. Another machine may answer in its place. If {target.name} was really set up "
        f"anew, {remedy}."
    )


def describe_refused_login(target: InstallTarget) -> SshAuthError:
    """Say what was tried, and what else could be."""
    account = f"{target.name} refuses {target.ssh_user}@{target.address}"
    if target.private_key is not None:
        return SshAuthError(
            f"{account}: its authorized_keys does not have the given key. Add the public key "
            "there, or give the right user and key."
        )
    if target.password is not None:
        return SshAuthError(
            f"{account}: wrong user or password, or its sshd does not allow passwords. Give the "
            "right ones, or use a key."
        )
    return SshAuthError(
        f"{account}: it accepts none of this user's SSH keys. Give a key or password for the "
        "host, or load the key into ssh-agent."
    )
