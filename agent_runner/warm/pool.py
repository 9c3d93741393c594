# SPDX-License-Identifier: GPL-3.0-or-later
"""From which resident process is a playbook's supervisor forked, and since when is it there?

There is one for each profile that playbooks use, from the first of them on. Nobody waits for it:
while there is none, or it has died, or is out of date, playbooks go the stock way.
"""

import asyncio
import contextlib
import functools
import logging
import time
from collections import Counter
from collections.abc import Callable

from agent_runner.executions.folder import Folder, find_json
from agent_runner.executions.nursery.requests import READY, RefusedError, Request
from agent_runner.executions.nursery.residents import Resident
from agent_runner.executions.spawn import Started, spawn_warm
from agent_runner.executions.supervisor.launch import Launch
from agent_runner.protocol.methods import WarmState, WarmStatus
from agent_runner.warm.modules.counts import read_counts
from agent_runner.warm.profile import Profile

MAX_PROFILES = 2
"""So many resident processes are kept, those that were used last."""

IDLE_S = 3600.0
"""A resident process that no playbook has used for so long ends."""

MAX_FORKS = 1000
"""After so many forks a resident process is replaced, before whatever may grow in it has grown."""

ANSWER_TIMEOUT_S = 10.0
"""A resident process that has not forked after this time is ended."""

MIN_PAUSE_S = 0.5
"""The pause before a resident process that failed is started again; it doubles each time."""

MAX_PAUSE_S = 300.0
"""The longest of these pauses."""

_logger = logging.getLogger(__name__)


class _Place:
    """A resident process of one profile, or why there is none."""

    def __init__(self, now: float) -> None:
        self.used_at = now
        self.turn = asyncio.Lock()
        self.resident: Resident | None = None
        self.is_ready = False
        self.obstacle = "starting"
        self.forks = 0
        self.failures = 0
        self.keeper: asyncio.Task[None] | None = None


class WarmPool:
    """Gives supervisors that have Ansible in their memory.

    Args:
        is_on: without it there are none.
        clock: seconds that only grow.
    """

    def __init__(self, *, is_on: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.is_on = is_on
        self._clock = clock
        self._places: dict[Profile, _Place] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._forks = 0
        self._forked: set[str] = set()
        self._restarts = 0
        self._fallbacks: Counter[str] = Counter()
        self._modules: Counter[str] = Counter()

    async def close(self) -> None:
        """End the resident processes; what was forked from them goes on."""
        for profile in list(self._places):
            self._leave(profile)
        await asyncio.gather(*self._leaving, return_exceptions=True)

    def describe(self) -> WarmStatus:
        """Return how it is, for ``get_status``."""
        places = self._places.values()
        return WarmStatus(
            state=self._name_state(),
            profiles=len(places),
            ready=sum(place.is_ready for place in places),
            forks=self._forks,
            fallbacks=dict(self._fallbacks),
            restarts=self._restarts,
            modules=dict(self._modules),
        )

    def note_end(self, folder: Folder) -> None:
        """Count how it started, where it could have been forked, and how its modules ran."""
        self._modules.update(read_counts(folder.path))
        if folder.command_id in self._forked:
            self._forked.discard(folder.command_id)
            obstacle = (find_json(folder.result) or {}).get("warm_obstacle", "")
            if obstacle:
                self._forks -= 1
                self._fallbacks[obstacle.partition(":")[0]] += 1

    async def spawn(self, folder: Folder, lock_fd: int, launch: Launch) -> Started | None:
        """Return a supervisor that has loaded Ansible, or None where that is not to be had now.

        Where it is not known whether it was forked, there may be two of them, as with a nursery.
        """
        if not self.is_on or not launch.warm or launch.playbook is None:
            return None
        profile = Profile.of(launch)
        place = self._places.get(profile) or self._enter(profile)
        place.used_at = self._clock()
        async with place.turn:
            started, obstacle = await self._ask(place, Request(folder.path, lock_fd))
        if started is None:
            self._fallbacks[obstacle] += 1
        else:
            self._forks += 1
            self._forked.add(folder.command_id)
        return started

    async def _ask(self, place: _Place, request: Request) -> tuple[Started | None, str]:
        resident = place.resident
        if resident is None or not place.is_ready:
            return None, place.obstacle
        try:
            started = await resident.ask(request, ANSWER_TIMEOUT_S)
        except OSError as error:
            obstacle = "out_of_date" if isinstance(error, RefusedError) else "died"
            place.is_ready = False
            resident.kill()
            return None, obstacle
        place.forks += 1
        if place.forks >= MAX_FORKS:
            place.is_ready = False
            resident.kill()
        return started, ""

    def _enter(self, profile: Profile) -> _Place:
        """Make room for a profile, and begin to load Ansible for it."""
        while len(self._places) >= MAX_PROFILES:
            self._leave(min(self._places, key=lambda each: self._places[each].used_at))
        place = self._places[profile] = _Place(self._clock())
        place.keeper = asyncio.create_task(self._keep(profile, place))
        return place

    def _leave(self, profile: Profile) -> None:
        keeper = self._places.pop(profile).keeper
        if keeper is not None:
            self._leaving.add(keeper)
            keeper.add_done_callback(self._leaving.discard)
            keeper.cancel()

    async def _keep(self, profile: Profile, place: _Place) -> None:
        """Have a resident process until nobody has used it for long."""
        while True:
            started_at = self._clock()
            try:
                await self._live(profile, place)
            except OSError as error:
                place.obstacle = "died"
                _logger.warning("warm_failed", extra={"error": str(error)})
            if self._idle_s(place) <= 0:
                break
            is_young = self._clock() - started_at < MAX_PAUSE_S
            place.failures = place.failures + 1 if is_young else 0
            self._restarts += 1
            await asyncio.sleep(min(MIN_PAUSE_S * 2.0**place.failures, MAX_PAUSE_S))
        del self._places[profile]

    async def _live(self, profile: Profile, place: _Place) -> None:
        """Start a resident process and return when it has ended, or nobody wants it any more."""
        spawn = functools.partial(spawn_warm, profile.cwd, dict(profile.env))
        resident = place.resident = Resident(spawn)
        place.forks = 0
        try:
            word = await resident.listen()
            if word != READY.decode():
                place.obstacle = word or "died"
                extra = {"cwd": profile.cwd, "why": place.obstacle}
                _logger.warning("warm_unusable", extra=extra)
                return
            place.is_ready, place.obstacle = True, "starting"
            while (idle_s := self._idle_s(place)) > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(idle_s):
                        await resident.wait()
                        return
        finally:
            place.is_ready, place.resident = False, None
            resident.close()

    def _idle_s(self, place: _Place) -> float:
        """Return how long the place may still wait for a playbook."""
        return place.used_at + IDLE_S - self._clock()

    def _name_state(self) -> WarmState:
        if not self.is_on:
            return "off"
        if not self._places:
            return "idle"
        return "ready" if any(place.is_ready for place in self._places.values()) else "starting"
