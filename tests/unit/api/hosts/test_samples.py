# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a heartbeat is kept, and of which?"""

from datetime import UTC, datetime, timedelta

import pytest

from agent_runner.protocol.methods import Load
from api.heartbeats.sampling import Sampling
from api.hosts.loads.sample import MOST_LOAD, Sample, take_sample
from api.hosts.targets import Contact
from api.models.fleet.host_load import begin_slot, number_slot

AT = datetime(2026, 3, 1, 12, 4, 59, tzinfo=UTC)
LOAD = Load(1.234, 4, 1000, 250, 2**40, 2**39)


def test_a_sample_is_the_share_that_is_used() -> None:
    """Load in hundredths, memory and disk in permille, and the five minutes that it stands for."""
    sample = take_sample(7, LOAD, AT)
    assert sample[2:] == (123, 750, 500)
    assert begin_slot(sample.slot) == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("load", "kept"),
    [
        (Load(float("inf"), 1, 0, 0, -1, 5), (MOST_LOAD, 0, 0)),
        (Load(float("nan"), 1, 10**400, 0, 10, 10**400), (0, 1000, 0)),
        (Load(-1.0, 1, 10, -(10**400), 10, 11), (0, 1000, 0)),
    ],
)
def test_nonsense_fits_into_the_columns(load: Load, kept: tuple[int, int, int]) -> None:
    """Whatever an agent says, the batch that it is in can be written."""
    assert take_sample(1, load, AT)[2:] == kept


def test_the_first_of_five_minutes_is_chosen() -> None:
    """A host that has one is left out until they are over; one that has none is chosen again."""
    sampling = Sampling()
    contacts = [Contact(1, "1.0.0", load=LOAD), Contact(2, "1.0.0", load=LOAD)]
    without = [Contact(3, None, error="no route"), Contact(4, "1.0.0")]

    def choose(at: datetime) -> list[tuple[int, int]]:
        return [sample[:2] for sample in sampling.choose([*contacts, *without], at)]

    slot = number_slot(AT)
    assert choose(AT) == [(1, slot), (2, slot)]
    sampling.note([Sample(1, slot, 0, 0, 0)])
    assert choose(AT) == [(2, slot)]
    assert choose(AT + timedelta(seconds=1)) == [(1, slot + 1), (2, slot + 1)]
