# SPDX-License-Identifier: GPL-3.0-or-later
"""Which verbs has ``myx``, and how does each end: exit codes, errors in one or two lines?"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from agent_runner import __version__
from api.cli.arguments.rollout_options import with_rollout
from api.cli.commands import (
    audit,
    credentials,
    database,
    history,
    host_duty,
    hosts,
    login,
    runs,
    servers,
    steering,
    tokens,
    users,
)
from api.cli.commands.content import templates
from api.cli.commands.fleet import copying, groups, host_changes, inventory
from api.cli.commands.triggers import notifications, schedules, webhooks
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

    The commands speak to the control plane of MYX_URL and MYX_TOKEN, else to the one of the
    last 'myx login', else to the one on this machine: MYX_LISTEN (127.0.0.1:8000) and the
    admin token in MYX_DATA_DIR. MYX_CA_FILE names the CA of an https:// MYX_URL.

    Start here:
      myx demo                                             all on this machine, in one go
      myx serve                                            the control plane
      myx host add web1 --address 192.0.2.10 --group web
      myx host install web1 --accept-new-host-key          the agent, over SSH
      myx run playbooks/deploy_caddy.yml --limit web
      myx exec --limit all -- uptime
    """)
host_app = _make_app("""Hosts: add, install, enroll, list, show, set, put, rotate, remove.""")
db_app = _make_app("""The control plane's own data: migrate, check, prune, backup, restore.""")
inventory_app = _make_app("""The inventory as a whole: import, list.""")
group_app = _make_app("""Groups: nested, with variables: add, list, show, set, remove.""")

template_app = _make_app("""Templates: the playbooks of the content, what they take: list, show.""")
user_app = _make_app("""Users: add, list, change, remove; and your own password.""")
token_app = _make_app("""API tokens for programs: create, list, revoke.""")
server_app = _make_app("""The control plane itself: rotate the key that seals its secrets.""")
audit_app = _make_app("""Who did what: list it, and verify that nobody changed it.""")
schedule_app = _make_app("""Runs at their times: add, list, show, next, pause, resume, remove.""")
webhook_app = _make_app("""Runs that other systems start: add, list, deliveries, rotate, remove.""")
notification_app = _make_app("""Tell other systems what happens: add, test, list, deliveries.""")


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
app.add_typer(group_app, name="group")
app.add_typer(template_app, name="template")
app.add_typer(user_app, name="user")
app.add_typer(token_app, name="token")
app.add_typer(audit_app, name="audit")
app.add_typer(db_app, name="db")
app.add_typer(inventory_app, name="inventory")
app.add_typer(server_app, name="server")
app.add_typer(schedule_app, name="schedule")
app.add_typer(webhook_app, name="webhook")
app.add_typer(notification_app, name="notification")
_APP_VERBS: dict[str, Callable[..., int]] = {
    "run": with_rollout(runs.run_playbook),
    "exec": with_rollout(runs.run_command),
    "script": with_rollout(runs.run_script),
    "runs": history.list_runs,
    "show": steering.show_run,
    "log": history.show_log,
    "pause": steering.pause_run,
    "resume": steering.resume_run,
    "retry": steering.retry_run,
    "cancel": history.cancel_run,
    "login": login.log_in,
    "logout": login.log_out,
    "whoami": login.show_account,
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
    "set": host_changes.set_hosts,
    "maintenance": host_duty.set_maintenance,
    "limit": host_duty.set_limits,
    "put": copying.put,
    "rotate": credentials.rotate_credentials,
    "remove": hosts.remove_hosts,
}
_INVENTORY_VERBS: dict[str, Callable[..., int]] = {
    "import": inventory.import_inventory,
    "list": inventory.list_inventory,
}
_GROUP_VERBS: dict[str, Callable[..., int]] = {
    "add": groups.add_group,
    "list": groups.list_groups,
    "show": groups.show_group,
    "set": groups.set_group,
    "remove": groups.remove_group,
}
_SCHEDULE_VERBS: dict[str, Callable[..., int]] = {
    "add": schedules.add_schedule,
    "list": schedules.list_schedules,
    "show": schedules.show_schedule,
    "next": schedules.list_times,
    "pause": schedules.pause_schedule,
    "resume": schedules.resume_schedule,
    "remove": schedules.remove_schedule,
}
_TEMPLATE_VERBS: dict[str, Callable[..., int]] = {
    "list": templates.list_templates,
    "show": templates.show_template,
}
_WEBHOOK_VERBS: dict[str, Callable[..., int]] = {
    "add": webhooks.add_webhook,
    "list": webhooks.list_webhooks,
    "show": webhooks.show_webhook,
    "deliveries": webhooks.list_deliveries,
    "rotate": webhooks.rotate_secret,
    "remove": webhooks.remove_webhook,
}
_NOTIFICATION_VERBS: dict[str, Callable[..., int]] = {
    "add": notifications.add_notification,
    "list": notifications.list_notifications,
    "show": notifications.show_notification,
    "set": notifications.set_notification,
    "test": notifications.send_test,
    "deliveries": notifications.list_deliveries,
    "redeliver": notifications.redeliver,
    "rotate": notifications.rotate_secret,
    "remove": notifications.remove_notification,
}
_USER_VERBS: dict[str, Callable[..., int]] = {
    "add": users.add_user,
    "list": users.list_users,
    "change": users.change_user,
    "password": users.change_password,
    "remove": users.remove_user,
}
_TOKEN_VERBS: dict[str, Callable[..., int]] = {
    "create": tokens.create_token,
    "list": tokens.list_tokens,
    "revoke": tokens.revoke_tokens,
}
_SERVER_VERBS: dict[str, Callable[..., int]] = {"rotate-key": servers.rotate_key}
_AUDIT_VERBS: dict[str, Callable[..., int]] = {
    "list": audit.list_audit,
    "verify": audit.verify_audit,
}
_DB_VERBS: dict[str, Callable[..., int]] = {
    "migrate": database.migrate,
    "check": database.check,
    "prune": database.prune,
    "backup": database.back_up,
    "restore": database.restore,
}
for _group, _verbs in (
    (app, _APP_VERBS),
    (host_app, _HOST_VERBS),
    (group_app, _GROUP_VERBS),
    (schedule_app, _SCHEDULE_VERBS),
    (template_app, _TEMPLATE_VERBS),
    (webhook_app, _WEBHOOK_VERBS),
    (notification_app, _NOTIFICATION_VERBS),
    (user_app, _USER_VERBS),
    (token_app, _TOKEN_VERBS),
    (audit_app, _AUDIT_VERBS),
    (inventory_app, _INVENTORY_VERBS),
    (server_app, _SERVER_VERBS),
    (db_app, _DB_VERBS),
):
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
