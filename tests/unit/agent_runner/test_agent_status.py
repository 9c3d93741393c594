# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path

from agent_runner.status import HostFacts, read_memory


def test_memory_is_read_in_bytes() -> None:
    """Kilobytes become bytes; lines without a unit are left out."""
    text = "MemTotal:  2048 kB\nMemAvailable:   512 kB\nHugePages_Total:       0\n"
    assert read_memory(text) == {"MemTotal": 2048 * 1024, "MemAvailable": 512 * 1024}


def test_facts_are_of_this_machine(tmp_path: Path) -> None:
    """What is reported is plausible, and uptime is the agent's."""
    facts = HostFacts(tmp_path)
    load = facts.read_load()
    assert facts.hostname
    assert facts.os
    assert facts.ansible_core_version.startswith("2.")
    assert load.cpu_count >= 1
    assert 0 < load.memory_available_bytes <= load.memory_total_bytes
    assert 0 < load.disk_free_bytes <= load.disk_total_bytes
    assert 0 <= facts.read_uptime() <= facts.read_uptime()
