# SPDX-License-Identifier: GPL-3.0-or-later
"""How do many cases share a few hosts? Each host takes the next case when it is done with one."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

from equality.agent import Agent
from equality.cases import Case
from equality.comparison import Verdict


class Lanes:
    """Compares cases, as many side by side as there are hosts, in the order of the list."""

    def __init__(
        self, agents: list[Agent], cases: Iterable[Case], compare: Callable[[Case, Agent], Verdict]
    ) -> None:
        self._free: SimpleQueue[Agent] = SimpleQueue()
        for agent in agents:
            self._free.put(agent)
        self._compare = compare
        self._pool = ThreadPoolExecutor(len(agents))
        self._verdicts: dict[str, Future[Verdict]] = {
            case.name: self._pool.submit(self._take, case) for case in cases
        }

    def wait_for(self, case: Case) -> Verdict:
        """Return what a case has shown; raises what its comparison has raised."""
        return self._verdicts[case.name].result()

    def list_verdicts(self) -> list[Verdict]:
        """Return all that have been reached."""
        ended = (each for each in self._verdicts.values() if each.done() and not each.cancelled())
        return [each.result() for each in ended if each.exception() is None]

    def close(self) -> None:
        """Give up what has not begun."""
        self._pool.shutdown(cancel_futures=True)

    def _take(self, case: Case) -> Verdict:
        agent = self._free.get()
        try:
            return self._compare(case, agent)
        finally:
            self._free.put(agent)
