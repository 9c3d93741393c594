# SPDX-License-Identifier: GPL-3.0-or-later
"""Guesses are slowed down, those who know are not."""

import asyncio

import pytest
from manual_clock import ManualClock

from api.auth.errors import TooManyAttemptsError
from api.auth.throttle import ADDRESS, PAIR, USER, Limit, LoginThrottle, get_network


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands still."""
    return ManualClock()


@pytest.fixture
def throttle(clock: ManualClock) -> LoginThrottle:
    """Return a throttle without memories."""
    return LoginThrottle(clock)


def guess(throttle: LoginThrottle, times: int, user: str, address: str) -> int:
    """Guess so often, and return how often it was let through."""
    done = 0
    for _ in range(times):
        try:
            throttle.begin(user, address)
        except TooManyAttemptsError:
            continue
        done += 1
    return done


def test_a_user_at_an_address_has_a_few_tries(throttle: LoginThrottle, clock: ManualClock) -> None:
    """Then one more each time that the bucket has filled up by one."""
    assert guess(throttle, 20, "alice", "192.0.2.1") == PAIR.burst
    asyncio.run(clock.sleep(PAIR.refill_s * 2))
    assert guess(throttle, 20, "alice", "192.0.2.1") == 2


def test_one_address_cannot_try_many_names(throttle: LoginThrottle) -> None:
    """Names that are made up count too."""
    done = sum(guess(throttle, 1, f"user{n}", "192.0.2.1") for n in range(100))
    assert done == ADDRESS.burst


def test_many_addresses_cannot_try_one_name(throttle: LoginThrottle) -> None:
    """A botnet guesses at one user no faster."""
    done = sum(guess(throttle, 1, "alice", f"192.0.2.{n}") for n in range(100))
    assert done == USER.burst


def test_who_signed_in_before_is_not_shut_out(throttle: LoginThrottle) -> None:
    """Neither by guesses at their name elsewhere, nor by guesses at other names beside them."""
    throttle.begin("alice", "192.0.2.1").succeed()
    for n in range(200):
        guess(throttle, 1, "alice", f"198.51.100.{n}")
        guess(throttle, 1, f"user{n}", "192.0.2.1")
    assert guess(throttle, 1, "alice", "192.0.2.1") == 1
    assert guess(throttle, 1, "bob", "192.0.2.1") == 0


def test_success_gives_back_what_it_took(throttle: LoginThrottle) -> None:
    """Many people behind one address sign in one after the other."""
    for n in range(ADDRESS.burst * 3):
        throttle.begin(f"user{n}", "192.0.2.1").succeed()


def test_tries_at_once_count_before_they_are_checked(throttle: LoginThrottle) -> None:
    """Sending many at the same time is no way around it."""
    attempts = [throttle.begin("alice", "192.0.2.1") for _ in range(PAIR.burst)]
    with pytest.raises(TooManyAttemptsError):
        throttle.begin("alice", "192.0.2.1")
    attempts[0].succeed()
    assert guess(throttle, 1, "alice", "192.0.2.1") == 1


def test_the_memory_is_bounded(clock: ManualClock) -> None:
    """However many names and addresses there are."""
    throttle = LoginThrottle(clock, max_buckets=50)
    for n in range(500):
        throttle.begin(f"user{n}", f"10.0.{n // 250}.{n % 250}").succeed()
        guess(throttle, 1, f"nobody{n}", f"10.1.{n // 250}.{n % 250}")
    assert len(throttle._buckets) <= 50
    assert len(throttle._known) <= 50


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unix", "unix"),
    ],
)
def test_an_ipv6_customer_is_one_address(address: str, network: str) -> None:
    """Else everybody would have 2^64 of them."""
    assert get_network(address) == network


def test_a_limit_has_a_burst() -> None:
    """The limits are what the documentation says."""
    assert (Limit(5, 30.0), Limit(30, 5.0), Limit(30, 10.0)) == (PAIR, ADDRESS, USER)
