# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a peer's program run so that its processor time is counted, and where does it come from?

``make bench`` installs them into environments of their own, with ``requirements*.txt``.
"""

import os
import subprocess
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

from bench.harness.accounts import Account
from bench.harness.measuring import WrongResultError
from driver.content import ROOT

PEERS = Path(os.environ.get("MYX_BENCH_PEERS", ROOT / ".myx/bench/peers"))
SALT = Path(os.environ.get("MYX_BENCH_SALT", ROOT / ".myx/bench/salt"))
"""The virtual environments."""

TIMEOUT_S = 600.0
"""Far above what anything here takes."""

_NAMED = (
    "ansible-core",
    "ansible-runner",
    "asyncssh",
    "clustershell",
    "mitogen",
    "parallel-ssh",
    "pyinfra",
    "salt",
)


def find_program(name: str, environment: Path = PEERS) -> Path:
    """Return a program of an environment.

    Raises:
        WrongResultError: it is not installed.
    """
    program = environment / "bin" / name
    if not program.exists():
        raise WrongResultError(f"{name} is not installed in {environment}")
    return program


def find_packages(environment: Path = PEERS) -> Path:
    """Return the folder that the packages of an environment lie in."""
    found = sorted(environment.glob("lib/python3.*/site-packages"))
    if not found:
        raise WrongResultError(f"there is no environment in {environment}")
    return found[0]


def list_versions() -> dict[str, str]:
    """Return the versions of the peers that are installed."""
    paths = [str(path) for env in (PEERS, SALT) for path in env.glob("lib/*/site-packages")]
    found = {each.metadata["Name"]: each.version for each in distributions(path=paths)}
    named = {name.lower(): version for name, version in found.items() if name}
    return {name: named[name] for name in _NAMED if name in named}


def run_program(
    account: Account, argv: Sequence[str | Path], *, stdin: bytes = b"", **variables: str
) -> str:
    """Run a program to its end and return what it printed.

    Raises:
        WrongResultError: it ended with an error.
    """
    ended = subprocess.run(
        argv,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=make_environment(variables),
        preexec_fn=account.adopt,
        timeout=TIMEOUT_S,
        check=False,
    )
    text = ended.stdout.decode(errors="replace")
    if ended.returncode:
        raise WrongResultError(f"{Path(argv[0]).name} ended with {ended.returncode}: {text[-300:]}")
    return text


def make_environment(variables: dict[str, str]) -> dict[str, str]:
    """Return an environment without what MyX or a user has set for himself."""
    ours = ("MYX_", "ANSIBLE_", "PYTHON")
    return {name: v for name, v in os.environ.items() if not name.startswith(ours)} | variables
