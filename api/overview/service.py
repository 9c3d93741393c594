# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told at a glance? Counts, added up and put into steps of time."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from api.core.clock import Clock
from api.executions.states import State, WaitCode
from api.hosts.schemas import AgentState
from api.overview.repository import DAY_S, EndedRuns, OverviewRepository
from api.overview.schemas import History, HistoryQuery, HistoryStep, Overview, Queue


class OverviewService:
    """The overview within one unit of work."""

    def __init__(self, repository: OverviewRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    async def read_overview(self, log_behind_bytes: int | None) -> Overview:
        """Tell how things stand now."""
        now = self._clock.now()
        hosts = await self._repository.count_hosts()
        runs = await self._repository.count_unfinished_runs()
        ended = await self._repository.count_ended_runs(now - timedelta(seconds=DAY_S), now, DAY_S)
        by_agent, by_state = Counter[AgentState](), Counter[State]()
        for (agent, _maintained), count in hosts.items():
            by_agent[cast("AgentState", agent or "not_installed")] += count
        for (state, _paused), count in runs.items():
            by_state[cast("State", state)] += count
        return Overview(
            hosts=by_agent,
            hosts_in_maintenance=sum(n for (_, is_on), n in hosts.items() if is_on),
            runs=by_state,
            runs_paused=sum(n for (_, is_paused), n in runs.items() if is_paused),
            ended_within_day=_count_states(ended),
            queue=await self._read_queue(),
            log_behind_bytes=log_behind_bytes,
        )

    async def read_history(self, query: HistoryQuery) -> History:
        """Tell how the runs of each step ended, and how long they took."""
        rows = await self._repository.count_ended_runs(query.start, query.end, query.step_s)
        by_step = defaultdict[int, list[EndedRuns]](list)
        for row in rows:
            by_step[row.step].append(row)
        steps = []
        for number in range(query.steps):
            ended = by_step[number]
            timed = sum(row.timed for row in ended)
            total_s = sum(row.total_s for row in ended)
            longest_s = max((row.longest_s for row in ended), default=0.0)
            steps.append(
                HistoryStep(
                    at=query.start + timedelta(seconds=number * query.step_s),
                    counts=_count_states(ended),
                    duration_mean_s=round(total_s / timed, 3) if timed else None,
                    duration_max_s=round(longest_s, 3) if timed else None,
                )
            )
        return History(steps=steps)

    async def _read_queue(self) -> Queue:
        counts = await self._repository.count_unfinished_executions()
        pending = [row for row in counts if row[0] == "pending"]
        waiting = Counter[WaitCode]()
        for _state, code, count, _oldest in pending:
            if code is not None:
                waiting[cast("WaitCode", code)] += count
        return Queue(
            running=sum(count for state, _, count, _ in counts if state == "running"),
            pending=sum(count for _, _, count, _ in pending),
            waiting=waiting,
            oldest_at=min((oldest for *_, oldest in pending), default=None),
        )


def _count_states(rows: Sequence[EndedRuns]) -> dict[State, int]:
    counts = Counter[State]()
    for row in rows:
        counts[cast("State", row.status)] += row.count
    return counts
