# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs ``myx notification ...``."""

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.arguments.variables import read_variables
from api.cli.commands.triggers.listing import list_all, print_rows, remove
from api.cli.commands.triggers.wanted import AsJson, Id
from api.cli.errors import CliError
from api.cli.remote.client import ApiClient, open_client
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_json
from api.cli.terminal.times import tell_time
from api.cli.watching.outcome import ExitCode

Json = dict[str, Any]

TEST_TRIES = 60
"""How often it is asked what became of a test."""

PAUSE_S = 0.5
"""Between two times."""

_EVENTS = "run_started, run_successful, run_failed, run_canceled, host_offline, host_online."

From = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="url, headers, secret: YAML or JSON, so that no secret is in the process list.",
    ),
]
Url = Annotated[
    str | None, typer.Option("--url", metavar="U", help="Where to, when its path is no secret.")
]
Events = Annotated[list[str] | None, typer.Option("--event", "-e", metavar="E", help=_EVENTS)]
Templates = Annotated[
    list[str] | None, typer.Option("--template", metavar="T", help="Only of these playbooks.")
]
Groups = Annotated[
    list[str] | None, typer.Option("--group", metavar="G", help="Only of these groups' hosts.")
]
Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="L", help="Only of hosts with: env=prod.")
]
TriggeredBy = Annotated[
    list[str] | None,
    typer.Option("--triggered-by", metavar="NAME", help="Only of runs that NAME started."),
]
DeliveryId = Annotated[int, typer.Argument(metavar="DELIVERY", min=1, help="Its number.")]


def add_notification(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    settings: From = None,
    url: Url = None,
    events: Events = None,
    templates: Templates = None,
    groups: Groups = None,
    labels: Labels = None,
    triggered_by: TriggeredBy = None,
) -> int:
    """Tell another system what happens. Prints the secret, once, on standard output.

    Examples:
      myx notification add chat --from chat.yml -e run_failed -e host_offline
      myx notification add audit --url https://audit.example/myx -e run_started --group web
    """
    body = _read_fields(
        settings,
        url,
        events=events,
        templates=templates,
        groups=groups,
        labels=labels,
        triggered_by=triggered_by,
    )
    added = open_client().post("/notifications", {"events": [], **body, "name": name})
    sys.stdout.write(f"{added['secret']}\n")
    say(
        f"Added the notification {added['id']} to {added['destination']}. The secret is not shown "
        f"again; 'myx notification test {added['id']}' tries it."
    )
    return ExitCode.SUCCESSFUL


def list_notifications(*, as_json: AsJson = False) -> int:
    """List notifications.

    Example:
      myx notification list
    """
    head = ("ID", "NAME", "TO", "EVENTS", "OWNER")
    return list_all("/notifications", head, _make_row, as_json=as_json)


def show_notification(*, notification_id: Id) -> int:
    """Show a notification as a JSON document.

    Example:
      myx notification show 2
    """
    print_json(open_client().get(f"/notifications/{notification_id}"))
    return ExitCode.SUCCESSFUL


def set_notification(  # noqa: PLR0913 - an option each
    *,
    notification_id: Id,
    settings: From = None,
    url: Url = None,
    events: Events = None,
    templates: Templates = None,
    groups: Groups = None,
    labels: Labels = None,
    triggered_by: TriggeredBy = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether anything is sent.")
    ] = None,
) -> int:
    """Change a notification: what is named, as a whole.

    Examples:
      myx notification set 2 -e run_failed -e host_offline -e host_online
      myx notification set 2 --disable
    """
    body = _read_fields(
        settings,
        url,
        events=events,
        templates=templates,
        groups=groups,
        labels=labels,
        triggered_by=triggered_by,
    )
    if enabled is not None:
        body["is_enabled"] = enabled
    open_client().patch(f"/notifications/{notification_id}", body)
    say(f"Changed the notification {notification_id}.")
    return ExitCode.SUCCESSFUL


def list_deliveries(*, notification_id: Id, as_json: AsJson = False) -> int:
    """List what is and was sent, newest first, and why it failed.

    Example:
      myx notification deliveries 2
    """
    answer = open_client().get(f"/notifications/{notification_id}/deliveries")
    head = ("ID", "CREATED (UTC)", "EVENT", "ABOUT", "STATUS", "TRIES", "REASON")
    return print_rows(answer["results"], head, _make_delivery_row, as_json=as_json)


def redeliver(*, notification_id: Id, delivery_id: DeliveryId) -> int:
    """Send something again, under the id that it had.

    Example:
      myx notification redeliver 2 41
    """
    path = f"/notifications/{notification_id}/deliveries/{delivery_id}"
    open_client().post(f"{path}/redeliver")
    say(f"Sending the delivery {delivery_id} again.")
    return ExitCode.SUCCESSFUL


def send_test(*, notification_id: Id) -> int:
    """Send a test, and say what becomes of it.

    Example:
      myx notification test 2
    """
    client = open_client()
    sent = client.post(f"/notifications/{notification_id}/test")
    found = _wait_for_attempt(client, f"/notifications/{notification_id}/deliveries/{sent['id']}")
    if found["status"] == "delivered":
        say(f"Delivered: answered {found['status_code']}.")
        return ExitCode.SUCCESSFUL
    reason = found["reason"] or "no attempt was made yet."
    raise CliError(f"Not delivered: {reason}")


def rotate_secret(
    *,
    notification_id: Id,
    overlap: Annotated[
        float, typer.Option("--overlap", metavar="S", help="Both sign for S seconds.")
    ] = 24 * 3600.0,
) -> int:
    """Replace the secret of a notification. Prints the new one, once, on standard output.

    Example:
      myx notification rotate 2 --overlap 3600
    """
    answer = open_client().post(f"/notifications/{notification_id}/rotate", {"overlap_s": overlap})
    sys.stdout.write(f"{answer['secret']}\n")
    return ExitCode.SUCCESSFUL


def remove_notification(*, notification_id: Id) -> int:
    """Remove a notification, the list of its deliveries, and what still waits to be sent.

    Example:
      myx notification remove 2
    """
    return remove("notification", notification_id)


def _read_fields(settings: Path | None, url: str | None, **chosen: list[str] | None) -> Json:
    """Return what a notification is to have; what stands in the command line wins."""
    body = {} if settings is None else read_variables(settings, "--from")
    if url is not None:
        body["url"] = url
    return body | {field: values for field, values in chosen.items() if values}


def _wait_for_attempt(client: ApiClient, path: str) -> Json:
    found: Json = client.get(path)
    for _ in range(TEST_TRIES):
        if found["status"] != "waiting" or found["reason"] is not None:
            break
        time.sleep(PAUSE_S)
        found = client.get(path)
    return found


def _make_row(notification: Json) -> tuple[str, ...]:
    return (
        str(notification["id"]),
        notification["name"],
        notification["destination"],
        ", ".join(notification["events"]) if notification["is_enabled"] else "disabled",
        notification["owner"],
    )


def _make_delivery_row(delivery: Json) -> tuple[str, ...]:
    return (
        str(delivery["id"]),
        tell_time(delivery["created_at"]),
        delivery["event"],
        delivery["subject"],
        delivery["status"],
        str(delivery["attempts"]),
        delivery["reason"] or "",
    )
