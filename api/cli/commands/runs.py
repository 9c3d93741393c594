# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs that start something on hosts: ``run``, ``exec``, ``script``."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.arguments.options import AsJson, Color, Detach, Limit, Timeout, User
from api.cli.arguments.playbook_options import (
    Check,
    Content,
    Diff,
    ExtraVars,
    SkipTags,
    Tags,
    Verbosity,
)
from api.cli.arguments.variables import parse_variables
from api.cli.errors import UsageError
from api.cli.remote.client import open_client
from api.cli.watching.presentation import Presentation, present_run

MAX_SCRIPT_BYTES = 1024 * 1024
"""A script travels inside a message; larger programs travel as content."""

MAX_VERBOSITY = 5


def run_playbook(  # noqa: PLR0913 - the options of ansible-playbook
    *,
    playbook: Annotated[
        str, typer.Argument(metavar="PLAYBOOK", help="Path of the playbook inside the content.")
    ],
    limit: Limit = None,
    extra_vars: ExtraVars = None,
    check: Check = False,
    diff: Diff = False,
    tags: Tags = None,
    skip_tags: SkipTags = None,
    verbosity: Verbosity = 0,
    timeout: Timeout = None,
    content: Content = None,
    detach: Detach = False,
    as_json: AsJson = False,
    color: Color = None,
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
      myx run site.yml --content . -l staging
      RUN=$(myx run site.yml --detach); myx log $RUN --follow
    """
    body: dict[str, Any] = {
        "kind": "playbook",
        "playbook": playbook,
        "extra_vars": parse_variables(extra_vars or ()),
        "check": check,
        "diff": diff,
        "tags": _split_tags(tags),
        "skip_tags": _split_tags(skip_tags),
        "verbosity": min(verbosity, MAX_VERBOSITY),
        **_optional(limit=_one_limit(limit), timeout_s=timeout),
    }
    client = open_client()
    if content is not None:
        from api.cli.arguments.content import upload_content  # noqa: PLC0415 - only here, and slow to load

        body["bundle_digest"] = upload_content(client, content)
    return present_run(client, client.create_run(body), Presentation(detach, as_json, color))


def run_command(
    *,
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND", help="Program and its arguments.")
    ],
    limit: Limit = None,
    user: User = None,
    timeout: Timeout = None,
    detach: Detach = False,
    as_json: AsJson = False,
    color: Color = None,
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
    body = {
        "kind": "command",
        "command": command,
        "limit": _need_limit(limit, f"exec --limit PATTERN -- {shlex.join(command)}"),
        **_optional(user=user, timeout_s=timeout),
    }
    client = open_client()
    return present_run(client, client.create_run(body), Presentation(detach, as_json, color))


def run_script(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Script; '-' reads standard input.")],
    args: Annotated[
        list[str] | None, typer.Argument(metavar="ARGS", help="The script's arguments.")
    ] = None,
    limit: Limit = None,
    user: User = None,
    timeout: Timeout = None,
    detach: Detach = False,
    as_json: AsJson = False,
    color: Color = None,
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
        "limit": _need_limit(limit, usage),
        **_optional(user=user, timeout_s=timeout),
    }
    client = open_client()
    return present_run(client, client.create_run(body), Presentation(detach, as_json, color))


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


def _one_limit(limit: list[str] | None) -> str | None:
    if limit and len(limit) > 1:
        raise UsageError(
            "--limit was given twice. Join patterns with ':' (web:db); options of a command "
            "or script itself stand behind --."
        )
    return limit[0] if limit else None


def _need_limit(limit: list[str] | None, usage: str) -> str:
    pattern = _one_limit(limit)
    if not pattern:
        raise UsageError(f"Say on which hosts ('all' is a pattern too):\n  myx {usage}")
    return pattern


def _split_tags(tags: list[str] | None) -> list[str]:
    return [tag.strip() for each in tags or () for tag in each.split(",") if tag.strip()]


def _optional(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
