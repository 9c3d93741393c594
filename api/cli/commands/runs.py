# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs that start something on hosts: ``run``, ``exec``, ``script``."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.arguments.options import (
    AsJson,
    Color,
    Detach,
    Labels,
    Limit,
    States,
    Timeout,
    User,
    one_limit,
)
from api.cli.arguments.playbook_options import (
    AcceptDifferences,
    Check,
    Content,
    Diff,
    ExtraVars,
    SkipTags,
    Tags,
    Verbosity,
    Warm,
)
from api.cli.arguments.rollout_options import Rollout
from api.cli.arguments.variables import parse_variables
from api.cli.errors import UsageError
from api.cli.remote.client import ApiClient, open_client
from api.cli.terminal.runs_view import print_preview
from api.cli.watching.outcome import ExitCode
from api.cli.watching.presentation import Presentation, present_run

MAX_SCRIPT_BYTES = 1024 * 1024
"""A script travels inside a message; larger programs travel as content."""

MAX_VERBOSITY = 5


def run_playbook(  # noqa: PLR0913 - the options of ansible-playbook
    *,
    playbook: Annotated[
        str, typer.Argument(metavar="PLAYBOOK", help="Path inside the content, or template.")
    ],
    limit: Limit = None,
    labels: Labels = None,
    states: States = None,
    extra_vars: ExtraVars = None,
    check: Check = False,
    diff: Diff = False,
    tags: Tags = None,
    skip_tags: SkipTags = None,
    verbosity: Verbosity = 0,
    timeout: Timeout = None,
    content: Content = None,
    warm: Warm = None,
    accept_differences: AcceptDifferences = False,
    detach: Detach = False,
    as_json: AsJson = False,
    color: Color = None,
    rollout: Rollout,
) -> int:
    """Run a playbook on hosts, and show their logs live.

    One host's log is shown as ansible-playbook prints it; several are prefixed by host. The
    logs go where the hosts wrote them, stdout or stderr; all that myx adds goes to stderr.
    Without --limit it runs on the hosts that the plays name. Ctrl-C leaves the run going.

    Exit codes:
      0    successful on all hosts
      2    a host failed, timed out, was canceled or lost
      4    a host could not be reached, and none failed
      130  Ctrl-C; the run goes on
      1    anything else; the reason is on stderr

    Examples:
      myx run playbooks/deploy_caddy.yml --limit web --check --diff
      myx run site.yml -l 'web:!web3' -e version=2.1 -e @secrets.yml
      myx run deploy_caddy -e caddy_health_timeout_s=30
      myx run site.yml --label env=staging --state online
      myx run site.yml --content . -l staging
      myx run site.yml -l web --waves 1,10%,100% --max-failures 5% --preview
      RUN=$(myx run site.yml --detach); myx log $RUN --follow
    """
    body: dict[str, Any] = {
        "kind": "playbook",
        "playbook": playbook,
        "extra_vars": parse_variables(extra_vars or ()),
        "check": check,
        "diff": diff,
        "verbosity": min(verbosity, MAX_VERBOSITY),
        **(_split_tags(tags=tags, skip_tags=skip_tags) | _choose(limit, labels, states)),
        **_optional(timeout_s=timeout, warm=warm, accept_differences=accept_differences or None),
    }
    client, how = open_client(), Presentation(detach, as_json, color)
    return _start(client, body | send_content(client, content), rollout, how)


def run_command(  # noqa: PLR0913 - an option each
    *,
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND", help="Program and its arguments.")
    ],
    limit: Limit = None,
    labels: Labels = None,
    states: States = None,
    user: User = None,
    timeout: Timeout = None,
    detach: Detach = False,
    as_json: AsJson = False,
    color: Color = None,
    rollout: Rollout,
) -> int:
    """Run a command on hosts, and show its output live.

    No shell is involved: for pipes and variables use 'sh -c' or 'myx script'. What stands
    before -- is read as options of myx, what stands behind it belongs to the command. Output
    keeps its bytes, and stdout and stderr stay apart. Exit codes are those of 'myx run'.

    Examples:
      myx exec --limit all -- uptime
      myx exec -l 'web:db' --timeout 10 -- systemctl is-active caddy
      myx exec -l db1 -- sh -c 'df -h | tail -1'
      myx exec -l db1 --user postgres -- psql -c 'select 1'
      myx exec -l db1 -- cat /etc/hosts > hosts.db1
    """
    usage = f"exec --limit PATTERN -- {shlex.join(command)}"
    body = {
        "kind": "command",
        "command": command,
        **_need_choice(_choose(limit, labels, states), usage),
        **_optional(user=user, timeout_s=timeout),
    }
    client = open_client()
    return _start(client, body, rollout, Presentation(detach, as_json, color))


def run_script(  # noqa: PLR0913 - an option each
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Script; '-' reads standard input.")],
    args: Annotated[
        list[str] | None, typer.Argument(metavar="ARGS", help="The script's arguments.")
    ] = None,
    limit: Limit = None,
    labels: Labels = None,
    states: States = None,
    user: User = None,
    timeout: Timeout = None,
    detach: Detach = False,
    as_json: AsJson = False,
    color: Color = None,
    rollout: Rollout,
) -> int:
    """Run a script on hosts, and show its output live.

    It is sent along. Its first line chooses the interpreter (#!/usr/bin/env python3), and
    /bin/sh runs it where there is none. Options of the script itself stand behind --. Exit
    codes are those of 'myx run'.

    Examples:
      myx script --limit db ./report.py
      myx script -l all ./cleanup.sh -- --older-than 30
    """
    usage = f"script --limit PATTERN {shlex.join([str(file), *(args or ())])}"
    body = {
        "kind": "script",
        "script": {"name": "stdin" if str(file) == "-" else file.name, "content": _read(file)},
        "args": args or [],
        **_need_choice(_choose(limit, labels, states), usage),
        **_optional(user=user, timeout_s=timeout),
    }
    client = open_client()
    return _start(client, body, rollout, Presentation(detach, as_json, color))


def _start(client: ApiClient, body: dict[str, Any], rollout: Rollout, how: Presentation) -> int:
    """Start a run and show it, or only show what it would do."""
    if rollout.fields:
        body = {**body, "rollout": rollout.fields}
    if rollout.preview:
        print_preview(client.post("/runs/preview", body), as_json=how.as_json)
        return ExitCode.SUCCESSFUL
    return present_run(client, client.create_run(body), how)


def send_content(client: ApiClient, folder: Path | None) -> dict[str, str]:
    """Send a folder as content, where one is named; return the field that names it."""
    if folder is None:
        return {}
    from api.cli.arguments.content import upload_content  # noqa: PLC0415 - only here, and slow to load

    return {"bundle_digest": upload_content(client, folder)}


def _read(file: Path) -> str:
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as opened:
            data = opened.read(MAX_SCRIPT_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_SCRIPT_BYTES:
        raise UsageError(
            f"{file} is larger than {MAX_SCRIPT_BYTES // 1024} KiB. "
            "Put it into a role or a playbook's files and use 'myx run'."
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text: scripts are, programs are not.") from error


def _choose(
    limit: list[str] | None, labels: list[str] | None, states: list[str] | None
) -> dict[str, Any]:
    """Return the fields that say on which hosts."""
    chosen = {"limit": one_limit(limit), "labels": labels, "states": states}
    return {name: value for name, value in chosen.items() if value}


def _need_choice(chosen: dict[str, Any], usage: str) -> dict[str, Any]:
    if not chosen:
        raise UsageError(f"Say on which hosts ('all' is a pattern too):\n  myx {usage}")
    return chosen


def _split_tags(**given: list[str] | None) -> dict[str, list[str]]:
    return {
        name: [tag.strip() for each in tags or () for tag in each.split(",") if tag.strip()]
        for name, tags in given.items()
    }


def _optional(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
