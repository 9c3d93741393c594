# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory and processor time do processes of a host use? As this machine's kernel says."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Usage:
    """What some processes use together; ``pss_mb`` divides shared pages among their users."""

    count: int
    rss_mb: float
    pss_mb: float
    cpu_s: float
    cpu_percent: float = 0.0

    def since(self, earlier: "Usage", seconds: float) -> "Usage":
        """Return this with the part of one processor that was used since an earlier look."""
        percent = 100 * (self.cpu_s - earlier.cpu_s) / seconds
        return Usage(self.count, self.rss_mb, self.pss_mb, self.cpu_s, percent)

    def __str__(self) -> str:
        each = self.pss_mb / self.count if self.count else 0.0
        return (
            f"{self.count:>4} processes   RSS {self.rss_mb:8.1f} MiB   PSS {self.pss_mb:8.1f} MiB"
            f" ({each:.2f} each)   {self.cpu_percent:6.2f} % of a processor"
            f"   {self.cpu_s:7.2f} s of it so far"
        )


def measure_usage(pids: Iterable[int]) -> Usage:
    """Return what processes use now; those that are gone use nothing."""
    count, rss_kb, pss_kb, ticks = 0, 0, 0, 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        sizes = {line.split(":")[0]: line.split() for line in rollup.splitlines()[1:]}
        fields = stat.rpartition(") ")[2].split()
        count += 1
        rss_kb += int(sizes["Rss"][1])
        pss_kb += int(sizes["Pss"][1])
        ticks += int(fields[11]) + int(fields[12])
    return Usage(count, rss_kb / _KIB_PER_MIB, pss_kb / _KIB_PER_MIB, ticks / _TICKS_PER_S)
