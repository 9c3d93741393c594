# SPDX-License-Identifier: GPL-3.0-or-later
"""May this caller speak to the agent?

The token decides, and nothing else: a right token is served whatever its address did before,
so that nobody can lock out the control plane by guessing from behind the same address.
"""

import ipaddress
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

MAX_FAILURES = 10
"""Wrong tokens of one address in one window that are answered 401; further ones get 429."""

WINDOW_S = 60.0
"""How long an address's failures are remembered."""

MAX_SOURCES = 4096
"""Addresses whose failures are remembered; the longest silent one is forgotten first."""

_IPV6_SITE_BITS = 64

logger = logging.getLogger(__name__)


class Verdict(Enum):
    """What a caller gets to hear."""

    TRUSTED = "trusted"
    DENIED = "denied"
    THROTTLED = "throttled"


@dataclass(slots=True)
class _Failures:
    since: float
    count: int = 0


class Gatekeeper:
    """Judges tokens and counts the failures of each address."""

    def __init__(
        self, is_right: Callable[[bytes], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what compares a token, in constant time, with those that are right."""
        self._is_right = is_right
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def judge(self, token: bytes, address: str) -> Verdict:
        """Decide about a caller with ``token`` (empty where it sent none)."""
        if self._is_right(token):
            return Verdict.TRUSTED
        source = find_source(address)
        failures = self._count_failure(source)
        verdict = Verdict.DENIED if failures <= MAX_FAILURES else Verdict.THROTTLED
        if failures <= MAX_FAILURES + 1:  # whoever floods the agent must not flood its log
            logger.warning(
                "authentication_failed", extra={"source": source, "verdict": verdict.value}
            )
        return verdict

    def _count_failure(self, source: str) -> int:
        now = self._clock()
        failures = self._failures.pop(source, None)
        if failures is None or now - failures.since >= WINDOW_S:
            failures = _Failures(since=now)
        failures.count += 1
        self._failures[source] = failures
        if len(self._failures) > MAX_SOURCES:
            self._failures.popitem(last=False)
        return failures.count


def find_source(address: str) -> str:
    """Return what one caller has: an IPv4 address, or the IPv6 network of a site."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, _IPV6_SITE_BITS), strict=False))
