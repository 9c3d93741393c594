# SPDX-License-Identifier: GPL-3.0-or-later
"""Of which heartbeats is the load kept? Of a host's first one in each five minutes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from api.hosts.loads.sample import Sample, take_sample
from api.hosts.targets import Contact
from api.models.fleet.host_load import number_slot


class Sampling:
    """Which hosts have a sample of these five minutes; where it errs, the database knows better."""

    def __init__(self) -> None:
        self._slot = 0
        self._sampled: set[int] = set()

    def choose(self, contacts: Iterable[Contact], at: datetime) -> list[Sample]:
        """Make samples of what hosts said that have none yet."""
        slot = number_slot(at)
        if slot != self._slot:
            self._slot = slot
            self._sampled.clear()
        return [
            take_sample(contact.host_id, contact.load, at)
            for contact in contacts
            if contact.load is not None and contact.host_id not in self._sampled
        ]

    def note(self, samples: Sequence[Sample]) -> None:
        """Note that these are written."""
        self._sampled.update(sample.host_id for sample in samples)
