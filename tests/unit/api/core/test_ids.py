# SPDX-License-Identifier: GPL-3.0-or-later
from hypothesis import given
from hypothesis import strategies as st

from api.core.ids import make_uuid7, new_id

MOMENTS = st.integers(0, 2**48 - 1)
RANDOM = st.integers(0, 2**74 - 1)


@given(MOMENTS, RANDOM)
def test_an_id_is_a_uuid_of_version_7(unix_ms: int, random_bits: int) -> None:
    """Version, variant and the moment stand where RFC 9562 puts them."""
    made = make_uuid7(unix_ms, random_bits)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == unix_ms


@given(MOMENTS, RANDOM, RANDOM)
def test_different_bits_make_different_ids(unix_ms: int, one: int, other: int) -> None:
    """No random bit is lost."""
    assert (make_uuid7(unix_ms, one) == make_uuid7(unix_ms, other)) == (one == other)


@given(MOMENTS, RANDOM, MOMENTS, RANDOM)
def test_ids_sort_by_time(early: int, one: int, late: int, other: int) -> None:
    """As text, the id of a later moment sorts behind."""
    if early < late:
        assert str(make_uuid7(early, one)) < str(make_uuid7(late, other))


def test_new_ids_are_unique() -> None:
    """Many ids in one millisecond are all different."""
    assert len({new_id() for _ in range(10_000)}) == 10_000
