# SPDX-License-Identifier: GPL-3.0-or-later
"""What are the rules of executions that happen elsewhere? They begin when they are first told of.

One of them is no host's: the control node's (``api.executions.states.CONTROL_NODE``). No agent owes
anything about any of them, so they count as acknowledged from the beginning.
"""

from collections.abc import Callable, Collection, Mapping

from api.core.clock import Clock
from api.core.ids import new_id
from api.db.lists import cut
from api.executions.repository import ExecutionsRepository
from api.executions.schemas import Execution
from api.executions.service import End
from api.executions.states import CONTROL_NODE, END_STATES
from api.logs.store import LogStore

MAX_NAMES = 1000
"""Names in one query."""

Recapped = tuple[End, dict[str, int] | None]
"""How an execution ended, and what was counted."""


class ReportedExecutions:
    """Executions of reported runs, in one unit of work."""

    def __init__(self, repository: ExecutionsRepository, logs: LogStore, clock: Clock) -> None:
        self._repository = repository
        self._logs = logs
        self._clock = clock

    async def find(self, run_id: int, names: Collection[str]) -> dict[str, Execution]:
        """Return the run's executions on these hosts, by name, as far as there are any."""
        found: dict[str, Execution] = {}
        wanted = sorted(names)
        for start in range(0, len(wanted), MAX_NAMES):
            rows = await self._repository.list_named(run_id, wanted[start : start + MAX_NAMES])
            found |= {row.host_name: Execution.model_validate(row) for row in rows}
        return found

    async def begin(
        self, run_id: int, host_ids: Mapping[str, int | None], position: int
    ) -> list[Execution]:
        """Write down executions that were told of for the first time; they are running.

        ``host_ids`` has each name with the host's id, None where it is not known here.
        """
        now = self._clock.now()
        rows = [
            {
                "id": new_id(),
                "run_id": run_id,
                "host_id": host_id,
                "host_name": name,
                "wave": 0 if name == CONTROL_NODE else 1,
                "position": position + number,
                "status": "running",
                "created_at": now,
                "started_at": now,
                "acknowledged": True,
            }
            for number, (name, host_id) in enumerate(host_ids.items())
        ]
        if rows:
            await self._repository.add_all(rows)
        return list((await self.find(run_id, list(host_ids))).values())

    async def count(self, run_id: int) -> int:
        """Count the run's executions, the control node's included."""
        return sum((await self._repository.count_states([run_id])).get(run_id, {}).values())

    async def finish(self, run_id: int, decide: Callable[[str], Recapped]) -> list[Execution]:
        """End all executions of a run, each as ``decide`` says of its host."""
        rows = await self._repository.list_of_run(run_id)
        open_rows = [row for row in rows if row.status not in END_STATES]
        sizes = await self._logs.sizes([row.id for row in open_rows])
        values = {}
        for row in open_rows:
            end, recap = decide(row.host_name)
            values[row.id] = {
                "status": end.status,
                "reason_code": end.reason_code,
                "reason": end.reason,
                "return_code": end.return_code,
                "finished_at": self._clock.now(),
                "log_bytes": sizes.get(row.id, 0),
                "recap": recap,
            }
        ended: list[Execution] = []
        for part in cut(values):
            changed = await self._repository.finish({id_: values[id_] for id_ in part})
            ended += [Execution.model_validate(row) for row in changed]
        return ended
