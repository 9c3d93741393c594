# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs ``myx schedule ...``."""

from typing import Annotated, Any

import typer

from api.cli.arguments.options import Limit
from api.cli.arguments.playbook_options import ExtraVars
from api.cli.commands.triggers.listing import list_all, remove
from api.cli.commands.triggers.wanted import (
    AsJson,
    Command,
    Id,
    Playbook,
    RunFile,
    build_run,
    need_run,
    tell_run,
)
from api.cli.remote.client import open_client
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_fields, print_json, print_table
from api.cli.terminal.times import tell_time
from api.cli.watching.outcome import ExitCode

Json = dict[str, Any]

Cron = Annotated[
    str | None,
    typer.Option("--cron", metavar="C", help="Again and again: '30 2 * * MON-FRI'."),
]
Zone = Annotated[
    str | None, typer.Option("--timezone", metavar="Z", help="Of the cron times: Europe/Berlin.")
]
At = Annotated[
    str | None, typer.Option("--at", metavar="T", help="Once: 2026-12-24T18:00:00+01:00.")
]
Missed = Annotated[
    str | None,
    typer.Option("--missed", metavar="M", help="run_once catches up when it was missed; skip."),
]
Grace = Annotated[
    float | None, typer.Option("--grace", metavar="S", help="Catch up within S seconds.")
]
Overlap = Annotated[
    str | None,
    typer.Option("--overlap", metavar="O", help="While the last run goes on: skip, or allow."),
]


def add_schedule(  # noqa: PLR0913 - an option each
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    command: Command = None,
    playbook: Playbook = None,
    run_file: RunFile = None,
    limit: Limit = None,
    extra_vars: ExtraVars = None,
    cron: Cron = None,
    timezone: Zone = None,
    at: At = None,
    missed: Missed = None,
    grace: Grace = None,
    overlap: Overlap = None,
) -> int:
    """Start a run at its times, with your rights of that moment.

    Examples:
      myx schedule add backup --cron '30 2 * * *' --timezone Europe/Berlin -p backup.yml -l db
      myx schedule add reboot --at 2026-12-24T18:00:00+01:00 -l web1 -- systemctl reboot
      myx schedule add drift --cron '0 * * * *' --run drift.yml --overlap skip
    """
    fields = {
        "cron": cron,
        "timezone": timezone,
        "at": at,
        "missed": missed,
        "grace_s": grace,
        "overlap": overlap,
    }
    run = need_run(build_run(playbook, command, run_file, limit, extra_vars))
    given = {field: value for field, value in fields.items() if value is not None}
    added = open_client().post("/schedules", {"name": name, **given, "run": run})
    say(f"Added the schedule {added['id']}, due next at {tell_time(added['next_at'])} UTC.")
    return ExitCode.SUCCESSFUL


def list_schedules(*, as_json: AsJson = False) -> int:
    """List schedules.

    Example:
      myx schedule list
    """
    head = ("ID", "NAME", "WHEN", "NEXT (UTC)", "LAST", "RUN", "WHAT", "OWNER")
    return list_all("/schedules", head, _make_row, as_json=as_json)


def show_schedule(*, schedule_id: Id, as_json: AsJson = False) -> int:
    """Show a schedule.

    Example:
      myx schedule show 3
    """
    found = open_client().get(f"/schedules/{schedule_id}")
    if as_json:
        print_json(found)
        return ExitCode.SUCCESSFUL
    print_fields(
        [
            ("name", found["name"]),
            ("when", _tell_when(found)),
            ("runs", tell_run(found["run"])),
            ("variables", ", ".join(found["run"]["variables"])),
            ("as", found["owner"]),
            ("next (UTC)", tell_time(found["next_at"])),
            ("paused (UTC)", tell_time(found["paused_at"])),
            ("missed times", f"{found['missed']} within {found['grace_s']:.0f} s"),
            ("overlap", found["overlap"]),
            ("last (UTC)", tell_time(found["last_at"])),
            ("last outcome", _tell_outcome(found)),
            ("last run", str(found["last_run_id"] or "")),
        ]
    )
    return ExitCode.SUCCESSFUL


def list_times(
    *,
    schedule_id: Id,
    number: Annotated[
        int, typer.Option("--number", "-n", min=1, max=100, metavar="N", help="How many.")
    ] = 10,
    as_json: AsJson = False,
) -> int:
    """List the next times of a schedule.

    Example:
      myx schedule next 3 -n 20
    """
    times = open_client().get(f"/schedules/{schedule_id}/next", count=number)
    if as_json:
        print_json(times)
    else:
        print_table(("NEXT (UTC)",), [(tell_time(moment),) for moment in times["times"]])
    return ExitCode.SUCCESSFUL


def pause_schedule(*, schedule_id: Id) -> int:
    """Let a schedule start nothing until it is resumed.

    Example:
      myx schedule pause 3
    """
    open_client().post(f"/schedules/{schedule_id}/pause")
    say(f"Paused the schedule {schedule_id}.")
    return ExitCode.SUCCESSFUL


def resume_schedule(*, schedule_id: Id) -> int:
    """Let a paused schedule go on with its next time.

    Example:
      myx schedule resume 3
    """
    found = open_client().post(f"/schedules/{schedule_id}/resume")
    say(f"Resumed the schedule {schedule_id}, due next at {tell_time(found['next_at'])} UTC.")
    return ExitCode.SUCCESSFUL


def remove_schedule(*, schedule_id: Id) -> int:
    """Remove a schedule; its runs stay.

    Example:
      myx schedule remove 3
    """
    return remove("schedule", schedule_id)


def _make_row(schedule: Json) -> tuple[str, ...]:
    return (
        str(schedule["id"]),
        schedule["name"],
        _tell_when(schedule),
        "paused" if schedule["paused_at"] else tell_time(schedule["next_at"]),
        schedule["last_outcome"] or "",
        str(schedule["last_run_id"] or ""),
        tell_run(schedule["run"]),
        schedule["owner"],
    )


def _tell_when(schedule: Json) -> str:
    if schedule["cron"]:
        return f"{schedule['cron']} {schedule['timezone']}"
    return f"once {tell_time(schedule['at'])}"


def _tell_outcome(schedule: Json) -> str:
    reason = f": {schedule['last_reason']}" if schedule["last_reason"] else ""
    return f"{schedule['last_outcome'] or ''}{reason}"
