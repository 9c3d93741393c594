# SPDX-License-Identifier: GPL-3.0-or-later
"""Which verbs has ``myx``, and how does each end: exit codes, errors in one or two lines?"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from agent_runner import __version__
from api.cli.commands import history, hosts, runs, servers
from api.cli.errors import CliError
from api.cli.verbs import Verb, VerbGroup
from api.cli.watching.outcome import ExitCode
from api.core.errors import MyxError

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _make_app(help_text: str) -> typer.Typer:
    return typer.Typer(
        cls=VerbGroup,
        help=help_text,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_CONTEXT,
    )


app = _make_app("""Run Ansible playbooks on the hosts themselves, and watch them live.

    Without MYX_URL and MYX_TOKEN the commands speak to the control plane on this machine:
    MYX_LISTEN (127.0.0.1:8000) and the admin token in MYX_DATA_DIR. MYX_CA_FILE names the
    CA of an https:// MYX_URL.

    Start here:
      myx demo                                             all on this machine, in one go
      myx serve                                            the control plane
      myx host add web1 --address 192.0.2.10 --group web
      myx host install web1 --accept-new-host-key          the agent, over SSH
      myx run playbooks/deploy_caddy.yml --limit web
      myx exec --limit all -- uptime
    """)
host_app = _make_app("""Hosts: add, install, enroll, list, show, remove.""")


def _print_version(*, wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"myx {__version__}\n")
        raise typer.Exit


@app.callback()
def _program(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    del version


app.add_typer(host_app, name="host")
_APP_VERBS: dict[str, Callable[..., int]] = {
    "run": runs.run_playbook,
    "exec": runs.run_command,
    "script": runs.run_script,
    "runs": history.list_runs,
    "log": history.show_log,
    "cancel": history.cancel_run,
    "serve": servers.serve,
    "demo": servers.demo,
    "signing-key": servers.show_signing_key,
    "agent-bundle": servers.build_agent_bundle,
}
_HOST_VERBS: dict[str, Callable[..., int]] = {
    "add": hosts.add_host,
    "install": hosts.install_agents,
    "enroll": hosts.enroll_hosts,
    "list": hosts.list_hosts,
    "show": hosts.show_host,
    "remove": hosts.remove_hosts,
}
for _group, _verbs in ((app, _APP_VERBS), (host_app, _HOST_VERBS)):
    for _name, _function in _verbs.items():
        _group.command(_name, cls=Verb, context_settings=_CONTEXT)(_function)


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``myx`` with the arguments of this process, or those given, and return its exit code."""
    try:
        code = app(args=argv, prog_name="myx", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _refuse(error)
    except typer.Abort:
        return ExitCode.INTERRUPTED
    except (CliError, MyxError) as error:
        return _fail(f"Error: {error}")
    except BrokenPipeError:
        # Typer is quiet about a reader that has gone, as head does; so is this last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.ERROR
    return code if isinstance(code, int) else ExitCode.SUCCESSFUL


def _refuse(error: typer.TyperException) -> int:
    """Say what does not fit of what was typed."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if "\n" in message:  # the help, where nothing was typed
        return _fail(message)
    remedy = f"\nTry '{context.command_path} --help'." if context is not None else ""
    return _fail(f"Error: {message}{remedy}")


def _fail(message: str) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"{message}\n")
    return ExitCode.ERROR
