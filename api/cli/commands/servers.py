# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs that run or build something here: ``serve``, ``demo``, ``agent-bundle``.

Each loads what it needs when it is called: the other verbs must start quickly.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.remote.client import open_client
from api.cli.terminal.output import say
from api.cli.watching.outcome import ExitCode

DEMO_DIR = Path(".myx/demo")


def serve(
    *,
    check_config: Annotated[
        bool, typer.Option("--check-config", help="Check the settings and end.")
    ] = False,
) -> int:
    """Run the control plane until Ctrl-C.

    All settings are environment variables MYX_*; docs/reference/settings.md lists them. The
    first start writes an admin token to 'admin-token' in MYX_DATA_DIR, which the other
    commands find there by themselves.

    Examples:
      myx serve
      MYX_LISTEN=127.0.0.1:8080 MYX_DATA_DIR=/srv/myx myx serve
      MYX_LISTEN=0.0.0.0:8443 MYX_TLS_CERT=cert.pem MYX_TLS_KEY=key.pem myx serve
    """
    from api.core.settings import load_settings  # noqa: PLC0415 - pydantic takes 0.3 s

    settings = load_settings()
    if check_config:
        sys.stdout.write(f"The settings fit. Data: {settings.data_dir}\n")
        return ExitCode.SUCCESSFUL
    from api.main import serve as serve_api  # noqa: PLC0415 - the whole control plane

    serve_api(settings)
    return ExitCode.SUCCESSFUL


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Stop after the run, with its exit code.")
    ] = False,
    data_dir: Annotated[
        Path, typer.Option("--data-dir", metavar="DIR", help="Where it keeps everything.")
    ] = DEMO_DIR,
) -> int:
    """Show all of it on this machine, live.

    Starts a control plane and an agent, runs playbooks/demo.yml on it, and serves the browser
    page. Needs neither root nor systemd, and a checkout of MyX as the current folder. It serves
    until Ctrl-C, which stops everything it started.

    Examples:
      myx demo
      myx demo --once
    """
    from api.cli.demo.program import run_demo  # noqa: PLC0415 - only here

    return run_demo(data_dir, once=once)


def show_signing_key() -> int:
    """Print the public key with which agents verify content.

    'myx host install' and 'myx demo' give it to their agents. playbooks/install_agent.yml asks
    for it on the controller, where that is the control plane; elsewhere pass it on as
    agent_bundle_public_key.

    Example:
      ansible-playbook playbooks/install_agent.yml -e agent_bundle_public_key=$(myx signing-key)
    """
    from api.bundles.signing import find_signer  # noqa: PLC0415 - cryptography takes 0.1 s
    from api.core.settings import load_settings  # noqa: PLC0415 - pydantic takes 0.3 s

    sys.stdout.write(f"{find_signer(load_settings().signing_key_file).public_key}\n")
    return ExitCode.SUCCESSFUL


def rotate_key() -> int:
    """Replace the key that seals secrets in the database, while everything goes on.

    Every secret is sealed with a new key, then the old one is taken out of 'secret.key' in the
    data directory. Where it was interrupted, this goes on from there. Keep a copy of the old
    file for as long as you keep backups that were made before.

    Example:
      myx server rotate-key
    """
    done = open_client().post("/keys/rotate")
    say(f"Sealed {done['resealed']} secrets with the new key; the old one is gone.")
    return ExitCode.SUCCESSFUL


def build_agent_bundle(
    *,
    python: Annotated[
        str, typer.Option("--python", metavar="X.Y", help="Python of the hosts.")
    ] = "3.11",
    arch: Annotated[
        str, typer.Option("--arch", metavar="A", help="Machine of the hosts: x86_64, aarch64.")
    ] = "x86_64",
    with_python: Annotated[
        Path | None,
        typer.Option(
            "--with-python",
            metavar="DIR",
            help="Bring this CPython along, for hosts whose own is too old.",
        ),
    ] = None,
) -> int:
    """Build what agents are installed from; print its path.

    'myx host install' builds it by itself when it is first needed; this does it ahead, where
    there is internet.

    --with-python takes a folder that 'uv python install' made, and its version takes the place of
    --python. MYX_AGENT_STANDALONE_PYTHON makes 'myx host install' bring such a bundle, the variable
    agent_standalone_python the playbook install_agent.yml.

    Examples:
      myx agent-bundle --python 3.11 --arch aarch64
      myx agent-bundle --with-python ~/.local/share/uv/python/cpython-3.11-linux-x86_64-gnu
    """
    from api.agents.install import AgentBundles, OwnPython, find_sources  # noqa: PLC0415 - only here
    from api.core.settings import load_settings  # noqa: PLC0415 - pydantic takes 0.3 s

    settings = load_settings()
    bundles = AgentBundles(find_sources(), settings.agent_bundles_dir, settings.agent_bundle_dir)
    own = OwnPython.load(with_python) if with_python else None
    asked = (own.version if own else python, arch, own)
    bundle = bundles.find_bundle(*asked) or bundles.build_bundle(*asked)
    sys.stdout.write(f"{bundle.path}\n")
    return ExitCode.SUCCESSFUL
