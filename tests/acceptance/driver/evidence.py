# SPDX-License-Identifier: GPL-3.0-or-later
"""What explains a failure: the server's log, the agents' journals, the newest run's events?"""

import json
from collections.abc import Iterator

import httpx

from driver.control_plane import ControlPlane
from lab.hosts import Host

LOG_LINES = 60
EVENTS = 15


def collect_from_server(control_plane: ControlPlane) -> Iterator[tuple[str, str]]:
    """Yield titles and texts: the end of the server's log, and how the newest run stands."""
    if control_plane.log_path.exists():
        yield "myx serve", _tail(control_plane.log_path.read_text(errors="replace"))
    try:
        yield "newest run", _describe_newest_run(control_plane)
    except (OSError, httpx.HTTPError) as error:
        yield "newest run", f"cannot be asked: {error}"


def collect_from_host(host: Host) -> tuple[str, str]:
    """Return a title and the end of the agent's journal, with what runs there."""
    journal = host.ask(f"journalctl --unit myx-agent --no-pager --lines {LOG_LINES}")
    processes = host.ask("ps -eo pid,ppid,args --forest | grep -E '[a]gent_runner|[a]nsible'")
    return f"host {host.name}", f"{journal}\n{processes}"


def _describe_newest_run(control_plane: ControlPlane) -> str:
    runs = control_plane.ask("/runs?page_size=1")["results"]
    if not runs:
        return "there is none"
    told = [json.dumps(runs[0])]
    for execution in control_plane.list_executions(runs[0]["id"]).values():
        told.append(json.dumps(execution))
        events = control_plane.ask(f"/executions/{execution['id']}/events?limit=1000")["events"]
        told += [json.dumps(event)[:400] for event in events[-EVENTS:]]
    return "\n".join(told)


def _tail(text: str) -> str:
    lines = [line for line in text.splitlines() if "[asyncssh]" not in line]
    return "\n".join(lines[-LOG_LINES:])
