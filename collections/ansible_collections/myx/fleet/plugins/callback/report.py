# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How does a playbook that was started here show up in MyX like any other run?"""

from __future__ import annotations

DOCUMENTATION = r"""
name: report
type: notification
short_description: Report a playbook to a MyX control plane
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Reports what C(ansible-playbook) does, while it does it, to a MyX control plane, where it shows
    up as a run of kind C(reported), with its log as the terminal shows it, the events and the
    recap of each host.
  - It neither slows nor stops the playbook. While the control plane is away, what is to be reported
    waits in a file without a name, and is sent again for as long as the playbook goes on, and for
    O(report_wait) after it; what could not be reported is told once, at the end.
  - It is added to the output that is chosen. Where MyX runs a playbook itself, it is not needed.
requirements:
  - enabled in the configuration, by C(callbacks_enabled = myx.fleet.report) in C(ansible.cfg) or
    by C(ANSIBLE_CALLBACKS_ENABLED=myx.fleet.report) in the environment
  - a token with the role C(operator), without limits to groups or templates
extends_documentation_fragment:
  - myx.fleet.api.plugin
options:
  myx_url:
    ini:
      - section: callback_myx_report
        key: url
  myx_token:
    ini:
      - section: callback_myx_report
        key: token
  myx_ca_file:
    ini:
      - section: callback_myx_report
        key: ca_file
  myx_fingerprint:
    ini:
      - section: callback_myx_report
        key: fingerprint
  myx_timeout:
    ini:
      - section: callback_myx_report
        key: timeout
  report_job:
    description:
      - What the run is called where it is started. Reported twice under the same name, it is the
        same run.
      - If not set, it is the job's number of AWX, from E(AWX_JOB_ID) or the variable C(awx_job_id),
        or the task's of Semaphore, from E(SEMAPHORE_TASK_DETAILS_ID) or the variable
        C(semaphore_vars).
    type: str
    env:
      - name: MYX_REPORT_JOB
    ini:
      - section: callback_myx_report
        key: job
  report_wait:
    description:
      - Seconds for which the end of the playbook waits at most until all is reported.
    type: float
    default: 30.0
    env:
      - name: MYX_REPORT_WAIT
    ini:
      - section: callback_myx_report
        key: wait
  report_spool_max:
    description:
      - Bytes that wait on the disk at most while the control plane is away. What comes then is not
        reported.
    type: int
    default: 268435456
    env:
      - name: MYX_REPORT_SPOOL_MAX
    ini:
      - section: callback_myx_report
        key: spool_max
"""

import atexit
import os
import typing as t

from ansible.plugins.callback import CallbackBase
from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._settings import Settings
from ansible_collections.myx.fleet.plugins.plugin_utils._interrupts import (
    call_before_termination,
)
from ansible_collections.myx.fleet.plugins.plugin_utils._report_events import EventMaker
from ansible_collections.myx.fleet.plugins.plugin_utils._report_run import (
    describe_end,
    describe_run,
    make_key,
    name_playbook,
)
from ansible_collections.myx.fleet.plugins.plugin_utils._report_spool import Spool
from ansible_collections.myx.fleet.plugins.plugin_utils._report_tee import DisplayTee
from ansible_collections.myx.fleet.plugins.plugin_utils._reporter import Reporter
from ansible_collections.myx.fleet.plugins.plugin_utils._run_request import find_job

Json = t.Dict[str, t.Any]

TERMINATED_WAIT_S = 15.0
"""How long a playbook that is told to end may still report that."""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Hands over what happens; the network is the reporter's business."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "myx.fleet.report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self._pid = os.getpid()
        self._client: Client | None = None
        self._tee = DisplayTee(self._display)
        self._events: EventMaker | None = None
        self._spool: Spool | None = None
        self._reporter: Reporter | None = None
        self._finished: list[tuple[str, Reporter, Spool]] = []
        self._name = ""
        self._count = 0

    def set_options(
        self, task_keys: t.Any = None, var_options: t.Any = None, direct: t.Any = None
    ) -> None:
        """Read the settings; with wrong ones nothing is reported, and the playbook goes on."""
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        try:
            # The reporter's own thread tries again, for as long as the playbook takes.
            settings = Settings.from_options(self._read_connection())
        except OptionError as error:
            self.disabled = True
            self._display.warning(f"myx.fleet.report reports nothing: {error}")
            return
        self._client = Client(settings)
        self._tee.open(self._note_output)
        atexit.register(self._leave)

    def _read_connection(self) -> dict[str, t.Any]:
        """Return the connection's options one by one: 2.18 has no get_options() of callbacks."""
        names = ("myx_url", "myx_token", "myx_ca_file", "myx_fingerprint", "myx_timeout")
        return {**{name: self.get_option(name) for name in names}, "myx_retries": 0}

    # What happens, in the order in which it does.

    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        """Begin a run, which is opened as soon as more is known of it."""
        self._finish(None)
        self._count += 1
        self._name = name_playbook(playbook._file_name)
        self._spool = Spool(self.get_option("report_spool_max"))
        self._reporter = Reporter(t.cast(Client, self._client), self._spool)
        self._events = EventMaker(self._name)
        if self._count == 1:
            call_before_termination(self._end_early)
        self._tell("playbook_on_start", {})

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        """A play begins; the first one knows what the job is called."""
        if self._reporter is not None and not self._reporter.is_started:
            self._start(find_job(play.get_variable_manager().extra_vars))
        if self._events is not None:
            self._tell("playbook_on_play_start", self._events.set_play(play))

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        """A task begins."""
        self._tell_task(task, is_conditional=is_conditional)

    def v2_playbook_on_cleanup_task_start(self, task: t.Any) -> None:
        """A task that tidies up begins."""
        self._tell_task(task)

    def v2_playbook_on_handler_task_start(self, task: t.Any) -> None:
        """A handler begins."""
        self._tell_task(task, is_handler=True)

    def v2_playbook_on_include(self, included_file: t.Any) -> None:
        """A file was included."""
        self._tell("playbook_on_include", {"included_file": str(included_file._filename)})

    def v2_playbook_on_no_hosts_matched(self) -> None:
        """A play has no hosts."""
        self._tell("playbook_on_no_hosts_matched", {})

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        """A play has no hosts any more."""
        self._tell("playbook_on_no_hosts_remaining", {})

    def v2_playbook_on_notify(self, handler: t.Any, host: t.Any) -> None:
        """A handler was notified."""
        data = {"host": str(host.get_name()), "handler": str(handler.get_name())}
        self._tell("playbook_on_notify", data)

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        """A task begins on a host."""
        if self._events is not None:
            self._tell("runner_on_start", self._events.start_host(str(host.get_name()), task))

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """A task succeeded on a host."""
        self._tell_result("runner_on_ok", result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        """A task failed on a host."""
        self._tell_result("runner_on_failed", result, ignore_errors=bool(ignore_errors))

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        """A task was skipped on a host."""
        self._tell_result("runner_on_skipped", result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        """A host was not reached."""
        self._tell_result("runner_on_unreachable", result)

    def v2_runner_on_async_poll(self, result: t.Any) -> None:
        """It was looked after a task in the background."""
        self._tell_result("runner_on_async_poll", result, ended=False)

    def v2_runner_on_async_ok(self, result: t.Any) -> None:
        """A task in the background succeeded."""
        self._tell_result("runner_on_async_ok", result)

    def v2_runner_on_async_failed(self, result: t.Any) -> None:
        """A task in the background failed."""
        self._tell_result("runner_on_async_failed", result)

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        """A round of a loop succeeded."""
        self._tell_result("runner_item_on_ok", result, ended=False)

    def v2_runner_item_on_failed(self, result: t.Any) -> None:
        """A round of a loop failed."""
        self._tell_result("runner_item_on_failed", result, ended=False)

    def v2_runner_item_on_skipped(self, result: t.Any) -> None:
        """A round of a loop was skipped."""
        self._tell_result("runner_item_on_skipped", result, ended=False)

    def v2_runner_retry(self, result: t.Any) -> None:
        """A task is tried again."""
        self._tell_result("runner_retry", result, ended=False)

    def v2_on_file_diff(self, result: t.Any) -> None:
        """A task has shown what it changes in files."""
        self._tell_result("runner_on_file_diff", result, ended=False)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """The playbook has come to its recap."""
        names = ("changed", "dark", "failures", "ignored", "ok", "processed", "rescued", "skipped")
        self._tell("playbook_on_stats", {name: dict(getattr(stats, name)) for name in names})
        self._finish(stats)

    # How it is handed over.

    def _tell_task(
        self, task: t.Any, *, is_conditional: bool = False, is_handler: bool = False
    ) -> None:
        if self._events is None:
            return
        self._events.set_task(task)
        data: Json = {"name": str(task.get_name()), "uuid": str(task._uuid)}
        data.update(is_conditional=is_conditional, is_handler=is_handler)
        self._tell("playbook_on_task_start", data)

    def _tell_result(self, event: str, result: t.Any, *, ended: bool = True, **more: t.Any) -> None:
        if self._events is not None:
            self._tell(event, dict(self._events.describe_result(result, ended=ended), **more))

    def _tell(self, event: str, data: Json) -> None:
        if self._events is not None and self._spool is not None:
            self._spool.put(self._events.make(event, data, self._tee.take()))

    def _note_output(self, log_type: str, text: str) -> None:
        if self._spool is not None:
            self._spool.put({"log_type": log_type, "data": text})

    def _start(self, job: str | None) -> None:
        job = self.get_option("report_job") or job
        if self._reporter is not None:
            key = make_key(job, self._count)
            self._reporter.start(describe_run(self._name, job), key)

    def _finish(self, stats: t.Any, wait_s: float | None = None) -> None:
        """Tell how the run under way ended; without ``stats`` it did before its recap."""
        reporter, spool = self._reporter, self._spool
        if reporter is None or spool is None:
            return
        if not reporter.is_started:
            self._start(None)
        wait_s = self.get_option("report_wait") if wait_s is None else wait_s
        reporter.finish(describe_end(stats, interrupted=self._tee.saw_interrupt), wait_s)
        self._finished.append((self._name, reporter, spool))
        self._reporter = self._spool = self._events = None

    def _leave(self) -> None:
        """Wait for what is still to be reported, and tell what could not be."""
        if os.getpid() != self._pid:
            return
        self._finish(None)
        self._tee.close()
        for name, reporter, spool in self._finished:
            reporter.join()
            if not reporter.is_done or spool.dropped:
                missing = spool.waiting + spool.dropped
                cause = reporter.failure or "there was not enough time, or room on the disk."
                self._display.warning(
                    f"{name} was not reported to MyX completely, {missing} records are missing: "
                    f"{cause}"
                )
        self._finished.clear()

    def _end_early(self) -> None:
        """Report that the playbook is told to end, such as by systemd."""
        self._tee.saw_interrupt = True
        self._finish(None, TERMINATED_WAIT_S)
        self._leave()
