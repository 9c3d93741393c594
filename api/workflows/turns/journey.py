# SPDX-License-Identifier: GPL-3.0-or-later
"""How does one run get through its waves? Executions begin, wait, come back and end.

One loop decides what happens next, and sleeps until something has happened: a place was granted,
an execution ended or waits, a host came back, a pause is over, somebody wants something else.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from api.core.tracing.spans import span
from api.executions.places import Refusal
from api.executions.service import End, Hold, Task
from api.executions.states import WaitCode
from api.runs.rollout.control import Wishes
from api.workflows.briefing import Briefing, Briefings
from api.workflows.errors import ExecutionHeldError, NoPlaceError
from api.workflows.turns.course import Course
from api.workflows.turns.itinerary import Itinerary, JourneyParts
from api.workflows.turns.lanes import Lane
from api.workflows.turns.obstacles import describe_timeout, find_obstacle
from api.workflows.turns.settling import Settling

INTERNAL_ERROR = (
    "The control plane failed while it carried this out; its own log says why. Start a new run."
)

OTHERS_PAUSE_S = 1.0
"""How long an execution waits before it asks for a place again that another replica had taken."""

_log = structlog.get_logger(__name__)


class Journey:
    """One run while it is driven."""

    def __init__(self, parts: JourneyParts, lane: Lane, itinerary: Itinerary) -> None:
        """Take the run as it stands."""
        self._parts = parts
        self._recorder = parts.recorder
        self._lane = lane
        self._run_id = itinerary.run_id
        self._order = itinerary.order
        self._briefings = Briefings(parts.open_work, self._order, parts.clock)
        self._course = Course(itinerary.tasks, self._order.rollout)
        self._running = [task for task in itinerary.tasks if task.status == "running"]
        self._wake = asyncio.Event()
        self._line = lane.open_line(self._order.rollout, itinerary.standings, self._wake.set)
        self._canceled = asyncio.Event()
        self._stop_reason = self._order.stop_reason
        self._wishes: Wishes | None = None if itinerary.wishes.canceled else itinerary.wishes
        self._wait_reason = itinerary.wishes.wait_reason
        self._queued: dict[str, Task] = {}
        """What could begin: in line, unless the run is paused."""
        self._waits: dict[str, asyncio.Task[None]] = {}
        self._rest: asyncio.Task[None] | None = None
        self._others: asyncio.Task[None] | None = None
        """Waits for places that other replicas have."""
        self._is_started = False
        self._group = asyncio.TaskGroup()
        self._settling = Settling(lane.driver, parts.recorder, parts.owe)

    def look_again(self) -> None:
        """Find out what people want of the run by now."""
        self._wishes = None
        self._wake.set()

    async def go(self) -> None:
        """Bring all executions to their end."""
        try:
            async with self._group:
                await self._resume()
                while not self._course.is_over:
                    self._wake.clear()
                    wishes = self._wishes or await self._heed_wishes()
                    await self._heed_budget()
                    await self._advance(wishes)
                    granted = self._line.take()
                    if granted:
                        await self._begin(granted)
                    elif not self._course.is_over:
                        await self._tell_wait(wishes)
                        await self._wake.wait()
        finally:
            for pausing in filter(None, (self._rest, self._others)):
                pausing.cancel()
            self._line.close()

    async def tell_agents(self) -> None:
        """Tell the agents of what has ended that all is stored."""
        await self._settling.tell_agents()

    async def _resume(self) -> None:
        """Go on with what ran already, whether there is a place for it or not."""
        for task in self._running:
            self._line.resume(task)
        await self._begin(self._running)

    async def _begin(self, tasks: Sequence[Task]) -> None:
        """Begin or go on with executions that have a place."""
        if tasks and not self._is_started:
            self._is_started = True
            self._group.create_task(self._recorder.start_run(self._run_id))
        for task in tasks:
            self._queued.pop(task.id, None)
        for briefing in await self._briefings.get(tasks, self._queued.values()):
            self._group.create_task(self._drive_one(briefing))

    async def _heed_wishes(self) -> Wishes:
        async with self._parts.open_work(read_only=True) as work:
            wishes = await work.run_control.read_wishes(self._run_id)
        self._wishes = wishes
        self._line.withdraw()
        if wishes.canceled:
            self._canceled.set()
            await self._recorder.cancel_pending(self._run_id)
            self._drop_pending()
        elif not wishes.paused:
            for task in self._queued.values():
                self._line.add(task, self._course.get_position(task))
        return wishes

    async def _heed_budget(self) -> None:
        """Let nothing new begin where too many have failed."""
        excess = None if self._stop_reason else self._course.find_excess()
        if excess is not None and (self._queued or self._course.has_pending):
            self._stop_reason = excess
            await self._recorder.stop_run(self._run_id, excess)
            self._drop_pending()

    async def _advance(self, wishes: Wishes) -> None:
        """Begin the next waves where nothing stands against it."""
        while not wishes.paused and self._course.may_open:
            wave = self._course.opened
            if wave in self._order.rollout.pause_after and wishes.paused_after_wave < wave:
                await self._recorder.pause_after(self._run_id, wave)
                self.look_again()
                return
            if self._must_rest():
                return
            for task in self._course.open_wave():
                self._stand_in_line(task)

    def _must_rest(self) -> bool:
        """Say whether the pause between two waves goes on; its end will wake the loop."""
        pause_s, last_end = self._order.rollout.wave_pause_s, self._course.last_end
        if not pause_s or last_end is None:
            return False
        left = (last_end + timedelta(seconds=pause_s) - self._parts.clock.now()).total_seconds()
        if left > 0 and (self._rest is None or self._rest.done()):
            self._rest = asyncio.create_task(self._sleep(left))
        return left > 0

    async def _sleep(self, delay_s: float) -> None:
        await self._parts.clock.sleep(delay_s)
        self._wake.set()

    def _stand_in_line(self, task: Task) -> None:
        self._queued[task.id] = task
        if self._wishes is not None and not self._wishes.paused:
            self._line.add(task, self._course.get_position(task))
        self._wake.set()

    def _drop_pending(self) -> None:
        """Forget what has not begun: somebody has ended it."""
        self._line.withdraw()
        self._course.drop(self._queued)
        self._queued.clear()
        self._course.drop_pending()
        for waiting in self._waits.values():
            waiting.cancel()

    async def _drive_one(self, briefing: Briefing) -> None:
        task = briefing.task
        outcome: End | Hold | None
        try:
            with span("execution", execution=task.id, host=task.host_name):
                outcome = await self._try(briefing)
        except ExecutionHeldError as held:
            outcome = held.hold
        except NoPlaceError as error:
            self._wait_for_others(task, error.refusal)
            return
        except Exception:  # noqa: BLE001 - one execution must not end the others
            _log.exception("execution_failed", run=task.run_id, execution=task.id)
            outcome = End("failed", "internal_error", INTERNAL_ERROR)
        finally:
            # Where replicas count together, a place is free when the database says so.
            if self._lane.shares_with is None:
                self._line.give_back(task)
        try:
            if isinstance(outcome, Hold):
                outcome = await self._hold(task, outcome)
            if outcome is not None:
                await self._finish(briefing, outcome)
        finally:
            self._line.give_back(task)
        self._wake.set()

    def _wait_for_others(self, task: Task, refusal: Refusal) -> None:
        """Stand in line again, until other replicas may have ended something."""
        self._queued[task.id] = task
        self._line.refuse(task, self._course.get_position(task), refusal)
        if self._others is None or self._others.done():
            self._others = asyncio.create_task(self._resume_later())
        self._wake.set()

    async def _resume_later(self) -> None:
        await self._parts.clock.sleep(OTHERS_PAUSE_S)
        self._lane.slots.resume()

    async def _try(self, briefing: Briefing) -> End | Hold | None:
        """Drive an execution; None where somebody has ended it before it began."""
        task = briefing.task
        if task.status == "pending":
            obstacle = find_obstacle(briefing) if self._lane.needs_agent else None
            if obstacle is not None:
                return obstacle
            host_limit = self._line.find_host_limit(task)
            claim = self._lane.make_claim(task, self._order.kind, host_limit)
            if not await self._recorder.start(task, claim):
                self._course.drop([task.id])
                return None
        return await self._lane.driver.drive(briefing, self._canceled)

    async def _hold(self, task: Task, hold: Hold) -> End | None:
        """Let an execution wait for its host; return its end where it must not begin any more."""
        if self._canceled.is_set():
            return End("canceled", "canceled", "Canceled before it began.", started=False)
        if self._stop_reason is not None:
            reason = f"Not started: {self._stop_reason}"
            return End("canceled", "budget_exceeded", reason, started=False)
        held = await self._recorder.hold(task, hold)
        if held is None:
            self._course.drop([task.id])
            return None
        waiting = replace(task, status="pending", waiting_since=held.waiting_since)
        self._course.hold(waiting)
        self._waits[task.id] = self._group.create_task(self._wait(waiting, hold.code))
        return None

    async def _wait(self, task: Task, code: WaitCode) -> None:
        """Wait for a host, as long as the run allows."""
        now, ttl_s = self._parts.clock.now(), self._order.rollout.ttl_s
        left_s = ((task.waiting_since or now) + timedelta(seconds=ttl_s) - now).total_seconds()
        try:
            host_id = task.host_id or 0
            is_back = left_s > 0 and await self._parts.host_waits.wait(host_id, code, left_s)
        finally:
            del self._waits[task.id]
        if is_back:
            self._course.come_back(task)
            self._stand_in_line(task)
        else:
            end = describe_timeout(task, code, ttl_s)
            await self._finish(Briefing(task, self._order, None), end)
        self._wake.set()

    async def _finish(self, briefing: Briefing, end: End) -> None:
        task = briefing.task
        await self._recorder.finish(task, end, has_events=self._order.kind == "playbook")
        self._course.note_end(task, end.status, self._parts.clock.now())
        if task.host_id is not None:
            self._parts.host_waits.notify([task.host_id])
        await self._settling.note(briefing, end)

    async def _tell_wait(self, wishes: Wishes) -> None:
        """Write down what the run waits for, where that has changed."""
        reason = None if wishes.paused else self._explain_wait()
        if reason != self._wait_reason:
            self._wait_reason = reason
            await self._recorder.note_wait(self._run_id, reason)

    def _explain_wait(self) -> str | None:
        if self._line.running:
            return None
        if self._rest is not None and not self._rest.done():
            pause_s = self._order.rollout.wave_pause_s
            return f"Waits {pause_s:g} s before wave {self._course.opened + 1}."
        if self._queued:
            return self._line.explain()
        held = self._course.held
        return f"Waits for {held} host{'s' if held > 1 else ''}." if held else None
