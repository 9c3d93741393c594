# SPDX-License-Identifier: GPL-3.0-or-later
"""How does ``myx.fleet.run`` start a run and wait for its end, where Ansible runs?"""

from __future__ import annotations

import contextlib
import typing as t

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._errors import ApiError, FleetError
from ansible_collections.myx.fleet.plugins.module_utils._settings import Settings
from ansible_collections.myx.fleet.plugins.plugin_utils._follow import Follower, WaitTimeoutError
from ansible_collections.myx.fleet.plugins.plugin_utils._interrupts import (
    call_when_interrupted,
    put_off_interrupts,
)
from ansible_collections.myx.fleet.plugins.plugin_utils._log_lines import LogLines
from ansible_collections.myx.fleet.plugins.plugin_utils._run_request import (
    SPEC,
    build_body,
    make_key,
)

LAST_WORD_S = 5.0
"""How long an interrupted task may take to cancel its run; Ansible does not wait for longer."""

Result = t.Dict[str, t.Any]

display = Display()


class ActionModule(ActionBase):  # type: ignore[misc]
    """Carries out one task."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = False

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> Result:
        """Start the run, and wait for its end where that is wanted."""
        result: Result = super().run(tmp, task_vars)
        _validated, options = self.validate_argument_spec(
            argument_spec=SPEC,
            mutually_exclusive=[("playbook", "command", "script")],
            required_one_of=[("playbook", "command", "script")],
        )
        try:
            result.update(self._carry_out(options, task_vars or {}))
        except ApiError as error:
            result.update(failed=True, msg=str(error), code=error.code, errors=error.errors)
        except FleetError as error:
            result.update(failed=True, msg=str(error))
        return result

    def _carry_out(self, options: Result, task_vars: t.Mapping[str, t.Any]) -> Result:
        settings = Settings.from_options(options)
        client = Client(settings)
        body = build_body(options)
        if self._task.check_mode:
            return _preview(client, body)
        key = options["idempotency_key"]
        if key is None:
            path = self._task.get_path() or ""
            key = make_key(task_vars, path, body, constants.DEFAULT_LOCAL_TMP)
        run = client.post("/runs", body, key=key or None)
        for warning in run["warnings"]:
            display.warning(f"Run {run['id']}: {warning}")
        if not options["wait"]:
            return {"changed": True, "run": run}
        last_word = _make_last_word(settings, run["id"])
        if not options["cancel_on_interrupt"]:
            last_word = _say_nothing
        with call_when_interrupted(last_word):
            return self._wait(client, run, options)

    def _wait(self, client: Client, run: Result, options: Result) -> Result:
        """Follow the run to its end, and say how it went."""
        shown = options["stream"] and not self._task.no_log
        lines = LogLines(_show)
        follower = Follower(client, run["id"], lines.add if shown else None)
        try:
            follower.follow(options["wait_timeout"])
        except WaitTimeoutError as error:
            return self._give_up(client, run, options, error)
        finally:
            lines.finish()
        ended = client.get(f"/runs/{run['id']}")
        executions = client.list_all(f"/runs/{run['id']}/executions")
        result = {"run": ended, "executions": executions, "changed": _has_changed(executions)}
        if ended["status"] != "successful":
            result.update(failed=True, msg=_describe_failure(ended, executions))
        return result

    def _give_up(
        self, client: Client, run: Result, options: Result, error: WaitTimeoutError
    ) -> Result:
        what = "It goes on; the module myx.fleet.run_info shows how it ends."
        if options["cancel_on_timeout"]:
            run = client.post(f"/runs/{run['id']}/cancel", key=f"cancel-{run['id']}")
            what = "It was asked to end."
        return {"failed": True, "changed": True, "run": run, "msg": f"{error} {what}"}


def _show(text: str) -> None:
    """Show a line of a log; from a worker it goes to Ansible through a queue with a lock."""
    with put_off_interrupts():
        display.display(text)


def _preview(client: Client, body: Result) -> Result:
    """Say where the run would go."""
    preview = client.post("/runs/preview", body)
    for one in preview["objections"]:
        display.warning(f"{one['host']} would not, or not yet, run it: {one['reason']}")
    return {"changed": preview["hosts_total"] > 0, "preview": preview}


def _make_last_word(settings: Settings, run_id: int) -> t.Callable[[], None]:
    """Return what cancels the run in an interrupted process: once, quickly, and without words."""

    def cancel() -> None:
        quick = settings._replace(timeout_s=LAST_WORD_S, retries=0)
        with contextlib.suppress(FleetError):
            Client(quick).post(f"/runs/{run_id}/cancel")

    return cancel


def _say_nothing() -> None:
    """Let the run go on."""


def _has_changed(executions: list[Result]) -> bool:
    """Say whether something changed: Ansible counts it, of a program it cannot be known."""
    return any(
        one["recap"]["changed"] > 0 if one["recap"] else one["started_at"] is not None
        for one in executions
    )


def _describe_failure(run: Result, executions: list[Result]) -> str:
    """Name the run, its reason, and the first hosts with theirs."""
    failed = [one for one in executions if one["status"] != "successful"]
    hosts = [f"{one['host']}: {one['reason'] or one['status']}" for one in failed[:5]]
    more = [f"and {len(failed) - 5} more"] if len(failed) > len(hosts) else []
    head = f"Run {run['id']} ended as {run['status']}: {run['reason'] or 'no reason is known'}"
    return "; ".join([head.rstrip("."), *hosts, *more])
