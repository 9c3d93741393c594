# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about the control plane's own data: ``migrate``, ``check``, ``prune``, ``backup`` ...

They work on this machine, with the settings of ``myx serve``, and need no control plane that runs.
"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.terminal.tables import print_json
from api.cli.watching.outcome import ExitCode

if TYPE_CHECKING:
    from api.maintenance.checks import Health
    from api.retention.removed import Removed


def migrate() -> int:
    """Bring the tables to the form that this version works with.

    'myx serve' does the same when it starts. Stop all control planes first.

    Examples:
      myx db migrate
    """
    from api.core.settings import load_settings  # noqa: PLC0415 - pydantic takes 0.3 s
    from api.maintenance.checks import migrate_database  # noqa: PLC0415 - so does SQLAlchemy

    return _report(migrate_database(load_settings()))


def check() -> int:
    """Say whether this version works with the database, and whether it is whole.

    Changes nothing. Ends with 1 where something is broken.

    Examples:
      myx db check
    """
    from api.core.settings import load_settings  # noqa: PLC0415 - as above
    from api.maintenance.checks import check_database  # noqa: PLC0415 - as above

    return _report(check_database(load_settings()))


def prune(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Remove nothing, say what would be removed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> int:
    """Remove at once what is older, or more, than MYX_KEEP_... and MYX_LOGS_MAX_BYTES say.

    'myx serve' does the same every hour; both may do it at the same time. What is needed stays:
    runs that have not ended, hosts whose real end is waited for, the last run of a schedule.
    The audit is never shortened.

    Examples:
      myx db prune --dry-run
      MYX_KEEP_LOGS_DAYS=7 myx db prune
    """
    from api.core.log_setup import configure_logging  # noqa: PLC0415 - as above
    from api.core.settings import load_settings  # noqa: PLC0415 - as above
    from api.maintenance.prune import prune as remove_old  # noqa: PLC0415 - as above

    settings = load_settings()
    configure_logging("warning", settings.log_format)
    removed = remove_old(settings, dry_run=dry_run)
    if as_json:
        print_json(asdict(removed))
    else:
        sys.stdout.write(_describe_removed(removed, dry_run=dry_run))
    return ExitCode.SUCCESSFUL


def back_up(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist.")],
    *,
    with_keys: Annotated[
        bool,
        typer.Option("--with-keys", help="Save the keys too, which open every secret in it."),
    ] = False,
) -> int:
    """Save tables, logs and bundles into a folder, while the control plane goes on.

    The keys secret.key, signing.key and admin-token are left out unless --with-keys says so:
    keep them elsewhere, since a backup is worth nothing without secret.key.

    Examples:
      myx db backup /srv/backups/myx-2026-01-31
    """
    from api.core.settings import load_settings  # noqa: PLC0415 - as above
    from api.maintenance.backup import back_up as save  # noqa: PLC0415 - as above

    facts = save(load_settings(), folder, with_keys=with_keys)
    sys.stdout.write(f"Saved to {folder} ({facts.database}, MyX {facts.version}).\n")
    if not with_keys:
        sys.stdout.write("It holds no keys: keep secret.key, signing.key and admin-token too.\n")
    return ExitCode.SUCCESSFUL


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What 'myx db backup' made.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove the data that is there.")
    ] = False,
) -> int:
    """Bring a backup back, into the database and data directory of the settings.

    Stop all control planes first. A backup without keys needs them in MYX_DATA_DIR before.

    Examples:
      myx db restore /srv/backups/myx-2026-01-31
      MYX_DATA_DIR=/srv/trial myx db restore /srv/backups/myx-2026-01-31
    """
    from api.core.settings import load_settings  # noqa: PLC0415 - as above
    from api.maintenance.restore import restore as bring_back  # noqa: PLC0415 - as above

    facts = bring_back(load_settings(), folder, replace=replace)
    sys.stdout.write(f"Restored what MyX {facts.version} saved at {facts.made_at}.\n")
    return ExitCode.SUCCESSFUL


def _describe_removed(removed: "Removed", *, dry_run: bool) -> str:
    told = "Would be removed" if dry_run else "Removed"
    if not removed:
        return f"{told}: nothing.\n"
    lines = (
        (removed.runs, "runs"),
        (removed.executions, "executions of them"),
        (removed.logs, f"logs, {removed.log_bytes} bytes"),
        (removed.events, "events"),
        (removed.deliveries, "deliveries to webhooks and of notifications"),
        (removed.host_states, "states of hosts"),
        (removed.host_loads, "samples of the load of hosts"),
        (removed.secrets, "runs' secrets"),
        (removed.bundles, f"content bundles, {removed.bundle_bytes} bytes"),
        (removed.workflows, "ended workflows of the durable engine"),
    )
    return f"{told}:\n" + "".join(f"{count:>12} {what}\n" for count, what in lines if count)


def _report(health: "Health") -> int:
    sys.stdout.write(f"{health.place}\nrevision {health.revision}\n")
    for line in (*health.faults, *health.remarks):
        sys.stdout.write(f"{line}\n")
    if health.faults:
        return ExitCode.ERROR
    sys.stdout.write("ok\n")
    return ExitCode.SUCCESSFUL
