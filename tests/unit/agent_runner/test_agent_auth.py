# SPDX-License-Identifier: GPL-3.0-or-later
import logging

import pytest

from agent_runner.auth import MAX_FAILURES, MAX_SOURCES, WINDOW_S, Gatekeeper, Verdict

TOKEN = b"the-right-token"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture
def gatekeeper(clock: Clock) -> Gatekeeper:
    """Return a gatekeeper without memories."""
    return Gatekeeper(TOKEN.__eq__, clock)


def _fail(gatekeeper: Gatekeeper, times: int, address: str = "192.0.2.1") -> Verdict:
    verdicts = [gatekeeper.judge(b"wrong", address) for _ in range(times)]
    return verdicts[-1]


def test_token_decides(gatekeeper: Gatekeeper) -> None:
    """The right token is trusted, anything else is not."""
    assert gatekeeper.judge(TOKEN, "192.0.2.1") is Verdict.TRUSTED
    for wrong in (b"", TOKEN[:-1], TOKEN + b"x", TOKEN.upper(), b"\xff"):
        assert gatekeeper.judge(wrong, "192.0.2.1") is Verdict.DENIED


def test_many_failures_throttle_their_address_only(gatekeeper: Gatekeeper) -> None:
    """After some failures an address is throttled, another one is not."""
    assert _fail(gatekeeper, MAX_FAILURES) is Verdict.DENIED
    assert _fail(gatekeeper, 1) is Verdict.THROTTLED
    assert _fail(gatekeeper, 1, "192.0.2.2") is Verdict.DENIED


def test_right_token_is_never_locked_out(gatekeeper: Gatekeeper) -> None:
    """The control plane is served from an address that guessed a thousand times."""
    _fail(gatekeeper, 1000)
    assert gatekeeper.judge(TOKEN, "192.0.2.1") is Verdict.TRUSTED


def test_failures_are_forgotten(gatekeeper: Gatekeeper, clock: Clock) -> None:
    """When its window is over, an address starts anew."""
    _fail(gatekeeper, MAX_FAILURES + 1)
    clock.now += WINDOW_S - 1
    assert _fail(gatekeeper, 1) is Verdict.THROTTLED
    clock.now += 1
    assert _fail(gatekeeper, 1) is Verdict.DENIED


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
def test_one_caller_has_one_source(
    gatekeeper: Gatekeeper, first: str, second: str, *, is_same: bool
) -> None:
    """The addresses of one IPv6 network count as one, a mapped IPv4 address as itself."""
    _fail(gatekeeper, MAX_FAILURES, first)
    assert (_fail(gatekeeper, 1, second) is Verdict.THROTTLED) is is_same


def test_memory_is_bounded(gatekeeper: Gatekeeper) -> None:
    """However many addresses fail, only the last of them are remembered."""
    for number in range(MAX_SOURCES + 10):
        _fail(gatekeeper, 1, f"10.0.{number // 256}.{number % 256}")
    assert len(gatekeeper._failures) == MAX_SOURCES
    assert "10.0.0.0" not in gatekeeper._failures


def test_flood_does_not_flood_the_log(
    gatekeeper: Gatekeeper, caplog: pytest.LogCaptureFixture
) -> None:
    """Failures are logged by address until the address is throttled, and never with the token."""
    with caplog.at_level(logging.WARNING):
        for _ in range(1000):
            gatekeeper.judge(b"guessed-token", "192.0.2.1")
    assert len(caplog.records) == MAX_FAILURES + 1
    assert not any("guessed-token" in str(record.__dict__) for record in caplog.records)
