# SPDX-License-Identifier: GPL-3.0-or-later
"""What can the administrator of a host ask the agent's program?"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from agent_runner import __version__
from agent_runner.administration.verbs import add_verbs
from agent_runner.config import DEFAULT_CONFIG_PATH, Config, load_config
from agent_runner.errors import AgentError
from agent_runner.event_log import configure_event_log
from agent_runner.policy import POLICY_NAME, load_policy
from agent_runner.tls import ensure_certificate, read_fingerprint


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``myx-agent`` and return its exit status."""
    arguments = _build_parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except AgentError as error:
        sys.stderr.write(f"myx-agent: {error.message}\n")
        return error.exit_status
    return 0


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="myx-agent", description="The MyX agent of this host.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_CONFIG_PATH,
        metavar="FILE",
        help=f"configuration (default: {DEFAULT_CONFIG_PATH})",
    )
    for name, run, text in (
        ("serve", _serve, "serve the control plane until SIGTERM"),
        ("check-config", _check_config, "say whether configuration and policy are usable"),
        ("fingerprint", _print_fingerprint, "print the certificate's SHA-256; make it if missing"),
    ):
        verbs.add_parser(name, help=text, parents=[config]).set_defaults(run=run)
    add_verbs(verbs, config)
    verbs.add_parser("version", help="print the version").set_defaults(run=_print_version)
    return parser


def _serve(arguments: argparse.Namespace) -> None:
    config, policy_path = _load(arguments)
    # The short verbs need neither the server nor its memory and time.
    import uvloop  # noqa: PLC0415 - see above

    from agent_runner.main import serve  # noqa: PLC0415 - see above

    secrets = [config.agent_token, config.secret_key, config.rpc_path]
    if config.previous_credentials:
        secrets += [config.previous_credentials.agent_token]
        secrets += [config.previous_credentials.secret_key]
    event_log = configure_event_log(secrets)
    os.umask(0o077)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(config, arguments.config, policy_path, event_log.hide))


def _load(arguments: argparse.Namespace) -> tuple[Config, Path]:
    """Return the configuration, and where the policy is that was checked with it."""
    config = load_config(arguments.config)
    policy_path: Path = arguments.config.with_name(POLICY_NAME)
    load_policy(policy_path)
    return config, policy_path


def _check_config(arguments: argparse.Namespace) -> None:
    _load(arguments)
    sys.stdout.write(f"{arguments.config} is usable\n")


def _print_fingerprint(arguments: argparse.Namespace) -> None:
    pair = ensure_certificate(load_config(arguments.config).ssl_dir)
    sys.stdout.write(f"{read_fingerprint(pair.certificate)}\n")


def _print_version(_: argparse.Namespace) -> None:
    sys.stdout.write(f"{__version__}\n")
