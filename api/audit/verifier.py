# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the audit what was written? Every entry is looked at again, and the end that was kept."""

from contextlib import AbstractAsyncContextManager
from itertools import pairwise
from typing import Any, Protocol

from api.audit.chain import START, hash_entry
from api.audit.schemas import Flaw, Verification
from api.audit.service import AuditService, Head
from api.audit.witness import AuditWitness

BATCH = 1000
"""Entries that are read at once."""

MAX_FLAWS = 50
"""How many are told: one changed entry may break all behind it."""


class AuditWork(Protocol):
    """A unit of work as far as verifying needs it."""

    @property
    def audit(self) -> AuditService:
        """The audit."""
        ...


class ReadAudit(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool) -> AbstractAsyncContextManager[AuditWork]:
        """Open one that only reads."""
        ...


class AuditVerifier:
    """Verifies the audit; one for the whole process."""

    def __init__(self, open_work: ReadAudit, witness: AuditWitness) -> None:
        self._open_work = open_work
        self._witness = witness

    async def check_end(self) -> None:
        """Compare the end that was kept with the entries; for the start."""
        known = self._witness.head
        async with self._open_work(read_only=True) as work:
            found, head = await work.audit.find_hash(known.seq), await work.audit.get_head()
        if found != known.hash:
            self._witness.note_break(min(head.seq, known.seq - 1))

    async def verify(self) -> Verification:
        """Look at every entry: changed, missing, moved, or cut off at the end."""
        known = self._witness.head
        flaws: list[Flaw] = []
        entries, head, witnessed = 0, Head(), START if known.seq == 0 else None
        while True:
            async with self._open_work(read_only=True) as work:
                batch = await work.audit.list_values(head.seq, BATCH)
            if not batch:
                break
            flaws += _compare(head, batch)
            entries += len(batch)
            head = Head(batch[-1]["seq"], batch[-1]["hash"])
            witnessed = next((e["hash"] for e in batch if e["seq"] == known.seq), witnessed)
        flaws += self._compare_end(known, head, witnessed)
        return Verification(
            intact=not flaws,
            entries=entries,
            last_seq=head.seq,
            last_hash=head.hash,
            flaws=flaws[:MAX_FLAWS],
        )

    def _compare_end(self, known: Head, head: Head, witnessed: str | None) -> list[Flaw]:
        flaws = [
            Flaw(
                seq=brk.seq,
                message=f"Entries up to {brk.seq} were known, and only {brk.found_seq} were found "
                "later: the newest ones were cut off.",
            )
            for brk in self._witness.breaks
        ]
        if witnessed is None:
            text = f"Entry {known.seq} was written and is missing: the audit ends at {head.seq}."
            flaws.append(Flaw(seq=known.seq, message=text))
        elif witnessed != known.hash:
            text = f"Entry {known.seq} is another one than what was written."
            flaws.append(Flaw(seq=known.seq, message=text))
        return flaws


def _compare(head: Head, batch: list[dict[str, Any]]) -> list[Flaw]:
    """Compare entries with each other; ``head`` is the one before the first."""
    flaws = []
    before: list[dict[str, Any]] = [{"seq": head.seq, "hash": head.hash}, *batch]
    for previous, entry in pairwise(before):
        seq = entry["seq"]
        if seq != previous["seq"] + 1:
            gone = f"{previous['seq'] + 1} to {seq - 1}"
            flaws.append(Flaw(seq=seq, message=f"The entries {gone} are missing."))
        elif entry["previous_hash"] != previous["hash"]:
            text = f"Entry {seq} does not follow entry {previous['seq']} as it is now."
            flaws.append(Flaw(seq=seq, message=text))
        if hash_entry(entry) != entry["hash"]:
            flaws.append(Flaw(seq=seq, message=f"Entry {seq} was changed after it was written."))
    return flaws
