# SPDX-License-Identifier: GPL-3.0-or-later
"""How are guesses slowed down, without shutting out who knows the right answer?

Each failed attempt takes from three buckets: of the user at that address, of the address, of the
user anywhere. An attempt is refused, before anything is hashed, when one of them is empty; they
fill up again with time. Where a user has signed in before, only the first one counts: whoever
guesses for others, or elsewhere, does not shut them out. Who holds a token or a session is never
asked here.

The memory is bounded: beyond ``MAX_BUCKETS`` the bucket that was used longest ago is forgotten.
"""

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from api.auth.errors import TooManyAttemptsError
from api.core.clock import Clock

MAX_BUCKETS = 20_000
"""Some 5 MB. Who fills it with addresses of their own forgets only their own first."""

IPV6_PREFIX = 64
"""What one customer has of IPv6 counts as one address."""


class Limit(NamedTuple):
    """A bucket: so many attempts at once, and another one after so many seconds."""

    burst: int
    refill_s: float


PAIR = Limit(5, 30.0)
ADDRESS = Limit(30, 5.0)
USER = Limit(30, 10.0)


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Buckets:
    """Bounded buckets of one kind of attempts."""

    def __init__(self, clock: Clock, max_buckets: int = MAX_BUCKETS) -> None:
        self._clock = clock
        self._max_buckets = max_buckets
        self._buckets: OrderedDict[tuple[str, ...], _Bucket] = OrderedDict()

    def find_wait_s(self, key: tuple[str, ...], limit: Limit) -> float:
        """Return how long until the bucket holds an attempt; 0 where it does."""
        level = self._fill(key, limit).level
        return 0.0 if level >= 1 else (1 - level) * limit.refill_s

    def take(self, key: tuple[str, ...], limit: Limit) -> None:
        """Take an attempt out."""
        bucket = self._fill(key, limit)
        bucket.level = max(0.0, bucket.level - 1)
        self._buckets[key] = bucket
        self._buckets.move_to_end(key)
        while len(self._buckets) > self._max_buckets:
            self._buckets.popitem(last=False)

    def give_back(self, key: tuple[str, ...], limit: Limit) -> None:
        """Put an attempt back."""
        bucket = self._buckets.get(key)
        if bucket is not None:
            bucket.level = min(float(limit.burst), bucket.level + 1)

    def forget(self, key: tuple[str, ...]) -> None:
        """Let the bucket be full."""
        self._buckets.pop(key, None)

    def __len__(self) -> int:
        return len(self._buckets)

    def _fill(self, key: tuple[str, ...], limit: Limit) -> _Bucket:
        now = self._clock.monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            return _Bucket(float(limit.burst), now)
        level = bucket.level + (now - bucket.at) / limit.refill_s
        bucket.level, bucket.at = min(float(limit.burst), level), now
        return bucket


class LoginThrottle:
    """Counts failed passwords; one for the whole process."""

    def __init__(self, clock: Clock, max_buckets: int = MAX_BUCKETS) -> None:
        self._buckets = Buckets(clock, max_buckets)
        self._max_known = max_buckets
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def begin(self, user: str, address: str) -> "Attempt":
        """Begin an attempt, which counts as failed until it succeeds.

        Raises:
            TooManyAttemptsError: says after how long to try again.
        """
        network = get_network(address)
        counted: list[tuple[tuple[str, ...], Limit]] = [(("pair", user, network), PAIR)]
        if (user, network) not in self._known:
            counted += [(("address", network), ADDRESS), (("user", user), USER)]
        wait_s = max(self._buckets.find_wait_s(key, limit) for key, limit in counted)
        if wait_s > 0:
            raise TooManyAttemptsError(retry_after_s=math.ceil(wait_s))
        for key, limit in counted:
            self._buckets.take(key, limit)
        return Attempt(self, user, network)

    def note_success(self, user: str, network: str) -> None:
        """Give back what a success took, and know the user there from now on."""
        if (user, network) not in self._known:
            self._buckets.give_back(("address", network), ADDRESS)
            self._buckets.give_back(("user", user), USER)
        self._buckets.forget(("pair", user, network))
        self._known[user, network] = None
        self._known.move_to_end((user, network))
        while len(self._known) > self._max_known:
            self._known.popitem(last=False)


class Attempt:
    """One try with a password."""

    def __init__(self, throttle: LoginThrottle, user: str, network: str) -> None:
        self._throttle = throttle
        self._user = user
        self._network = network

    def succeed(self) -> None:
        """Note that the password was right."""
        self._throttle.note_success(self._user, self._network)


def get_network(address: str) -> str:
    """Return what stands for an address: itself, or the network of one customer in IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:  # noqa: PLR2004 - the version of IP
        return address
    mapped = getattr(parsed, "ipv4_mapped", None)
    if mapped is not None:
        return str(mapped)
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
