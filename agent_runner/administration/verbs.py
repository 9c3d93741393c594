# SPDX-License-Identifier: GPL-3.0-or-later
"""Which verbs has ``myx-agent`` for the administrator of the host, and what do they print?"""

import argparse
import contextlib
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator

from agent_runner import __version__
from agent_runner.administration.spool import HostSpool
from agent_runner.config import Config, load_config
from agent_runner.errors import AgentError
from agent_runner.policy import POLICY_NAME
from agent_runner.protocol.errors import RpcError

CONNECT_TIMEOUT_S = 2.0
"""How long ``status`` waits for the agent's port."""

_ID_HELP = "the execution's id, as 'myx-agent list' shows it"
_MIB = 1024 * 1024

Run = Callable[[argparse.Namespace], None]


def add_verbs(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", parent: argparse.ArgumentParser
) -> None:
    """Add the administrator's verbs to the program."""

    def add(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        verb = verbs.add_parser(name, help=text, description=text, parents=[parent])
        verb.set_defaults(run=run)
        return verb

    add("status", _show_status, "say whether the agent answers, what runs, and what is refused")
    add("list", _list, "list the executions that this host keeps, the oldest first")
    log = add("log", _show_log, "print the log of an execution: stdout and stderr apart")
    log.add_argument("command_id", metavar="ID", help=_ID_HELP)
    log.add_argument("--follow", action="store_true", help="go on until the execution has ended")
    cancel = add("cancel", _cancel, "end an execution with all its processes")
    cancel.add_argument("command_id", metavar="ID", help=_ID_HELP)
    drain = add("drain", _drain, "refuse new executions, also after a restart; what runs goes on")
    drain.add_argument("--undo", action="store_true", help="take new executions again")


def _show_status(arguments: argparse.Namespace) -> None:
    config, spool = _open(arguments)
    states = [each.state for each in spool.list_executions()]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    policy = arguments.config.with_name(POLICY_NAME)
    answers = "answers" if _answers(config) else "does not answer"
    lines = {
        "version": __version__,
        "agent": f"{answers} on port {config.rpc_port}",
        "executions": counts or "none",
        "new executions": "refused (drain)" if spool.is_draining() else "accepted",
        "policy": str(policy) if policy.exists() else "none: everything is allowed",
        "signed content": "required" if _wants_signatures(config) else "not required",
        "free disk": f"{shutil.disk_usage(config.state_dir).free // _MIB} MiB",
    }
    _write("".join(f"{name + ':':<16}{value}\n" for name, value in lines.items()))


def _list(arguments: argparse.Namespace) -> None:
    _, spool = _open(arguments)
    rows = [("ID", "KIND", "STATE", "STARTED (UTC)", "BY", "WHAT")]
    for each in spool.list_executions():
        started = time.gmtime(each.started_at) if each.started_at else None
        when = time.strftime("%Y-%m-%d %H:%M:%S", started) if started else "-"
        rows.append(
            (each.command_id, each.kind, each.state, when, each.principal or "-", each.what)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)]
        _write(f"{'  '.join([*cells, _shorten(row[-1])])}\n")


def _show_log(arguments: argparse.Namespace) -> None:
    _, spool = _open(arguments)
    streams = {"stdout": sys.stdout.buffer, "stderr": sys.stderr.buffer}
    with _translated():
        for log_type, data in spool.follow_log(arguments.command_id, is_followed=arguments.follow):
            streams[log_type].write(data)
            streams[log_type].flush()


def _cancel(arguments: argparse.Namespace) -> None:
    _, spool = _open(arguments)
    with _translated():
        asked = spool.cancel(arguments.command_id)
    _write("it is being ended\n" if asked else "it has ended already\n")


def _drain(arguments: argparse.Namespace) -> None:
    _, spool = _open(arguments)
    spool.drain(is_wanted=not arguments.undo)
    _write("new executions are accepted\n" if arguments.undo else "new executions are refused\n")


def _open(arguments: argparse.Namespace) -> tuple[Config, HostSpool]:
    config = load_config(arguments.config)
    if not config.state_dir.is_dir():
        raise AgentError(
            f"{config.state_dir} does not exist; the agent makes it at its first start"
        )
    return config, HostSpool(config.state_dir)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn what the spool refuses into an error of this program."""
    try:
        yield
    except RpcError as error:
        raise AgentError(f"{error.message}; 'myx-agent list' shows what there is") from error
    except BrokenPipeError:
        # The reader has gone, as head does; the interpreter's last flush must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _answers(config: Config) -> bool:
    address = "127.0.0.1" if config.listen_address == "0.0.0.0" else config.listen_address  # noqa: S104 - compared only
    try:
        with socket.create_connection((address, config.rpc_port), CONNECT_TIMEOUT_S):
            return True
    except OSError:
        return False


def _wants_signatures(config: Config) -> bool:
    return config.bundle_public_key is not None and config.require_signed_bundles


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"  # noqa: PLR2004 - a line of a terminal


def _write(text: str) -> None:
    sys.stdout.write(text)
