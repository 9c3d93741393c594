# SPDX-License-Identifier: GPL-3.0-or-later

from collections.abc import Iterator

import pytest

from api.logs import lines, search
from api.logs.lines import LineCounts
from api.logs.search import Match, Positions, find_failures, finds_text
from api.logs.store import LogStore

HOSTILE = b"a \x1b]0;needle\x07title, b \x1b[31mnee\x1b[0mdle, \xff needle \x00\n"


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a small log be one of many blocks, and of several calls."""
    for name, value in {"BLOCK_BYTES": 64, "SCANNED_BYTES": 256, "_AHEAD_BYTES": 48}.items():
        monkeypatch.setattr(search, name, value)
    monkeypatch.setattr(search, "_OVERLAP_BYTES", 16)
    monkeypatch.setattr(search, "FAR_BYTES", 100)
    monkeypatch.setattr(lines, "STEP_BYTES", 64)
    monkeypatch.setattr(lines, "COUNTED_BYTES", 256)
    return


async def write(store: LogStore, data: bytes) -> None:
    """Write a log in pieces of changing types."""
    for number, start in enumerate(range(0, len(data), 100)):
        log_type = "stderr" if number % 3 == 2 else "stdout"
        await store.append("e1", start, log_type, data[start : start + 100])


async def find(store: LogStore, offset: int, wanted: Positions, *, backward: bool = False) -> Match:
    """Search on until the search is complete."""
    look = search.search_backward if backward else search.search_forward
    match = await look(store, "e1", offset, wanted)
    while not match.is_complete:
        match = await look(store, "e1", match.scanned_to, wanted)
    return match


async def find_all(store: LogStore, size: int, wanted: Positions) -> list[int]:
    """Find every line forwards, and the same ones backwards."""
    data = await store.read_bytes("e1", 0, size)
    while len(data) < size:
        data += await store.read_bytes("e1", len(data), size)
    forward, at = [], 0
    while (found := (await find(store, at, wanted)).offset) is not None:
        forward.append(found)
        at = data.find(b"\n", found) + 1 or size
    backward, at = [], size
    while (found := (await find(store, at, wanted, backward=True)).offset) is not None:
        backward.append(found)
        at = found
    assert backward == forward[::-1]
    return forward


async def test_a_text_is_found_wherever_it_stands(store: LogStore) -> None:
    """In each line that has it, in whichever case, and across every border of blocks."""
    texts = [b"x" * (number * 7 % 50) + b" Needle %d\n" % number for number in range(60)]
    texts[1::2] = [b"other line %d\n" % number for number in range(30)]
    data = b"".join(texts) + b"the last needle"
    await write(store, data)
    expected, at = [], 0
    for line in data.splitlines(keepends=True):
        if b"needle" in line.lower():
            expected.append(at)
        at += len(line)

    assert await find_all(store, len(data), finds_text("needLE")) == expected
    assert await find_all(store, len(data), finds_text("nowhere")) == []
    assert await find_all(store, len(data), finds_text("needle 58")) == [expected[-2]]
    assert await find_all(store, len(data), finds_text("58")) == [expected[-2]]


async def test_what_a_terminal_hides_is_not_searched(store: LogStore) -> None:
    """A text is found through colours, and not in a title; letters of all languages have a case."""
    start = b"first\n" * 30
    data = start + HOSTILE + "Gr\u00dc\u00dfe \u4f60\u597d\n".encode() * 2
    await write(store, data)
    line = len(start) + len(HOSTILE)

    assert await find_all(store, len(data), finds_text("b needle")) == [len(start)]
    assert await find_all(store, len(data), finds_text("0;needle")) == []
    assert (await find(store, 0, finds_text("gr\u00fc\u00dfe"))).offset == line
    assert (await find(store, 0, finds_text("\u597d"))).offset == line


async def test_a_line_longer_than_any_block_is_searched(store: LogStore) -> None:
    """A match far from the beginning of its line is told by its own place."""
    data = b"short\n" + b"A" * 3000 + b"needle" + b"B" * 3000 + b"\nneedle\n"
    await write(store, data)
    last = len(data) - 7

    assert (await find(store, 0, finds_text("needle"))).offset in range(3000 - 100, 3007)
    assert (await find(store, last, finds_text("needle"))).offset == last
    assert (await find(store, last, finds_text("needle"), backward=True)).offset is not None
    assert (await find(store, 6, finds_text("short"), backward=True)).offset == 0


async def test_failures_are_found_but_for_ignored_ones(store: LogStore) -> None:
    """What was survived is passed over, also where it says so in the next block."""
    fill = b"ok: [web1]\n" * 3
    ignored = b"\x1b[31mfatal: [web1]: FAILED! => {}\x1b[0m\n\x1b[36m...ignoring\x1b[0m\n"
    data = (fill + ignored) * 9 + b"failed: [web1] (item=1)\n" + fill + b"fatal: [web1]: FAILED!"
    await write(store, data)

    found = await find_all(store, len(data), find_failures)
    assert found == [data.index(b"failed: ["), data.rindex(b"fatal: [")]


async def test_lines_are_numbered_at_every_place(store: LogStore) -> None:
    """The number of the line at a byte, and the byte at which a number begins, agree."""
    data = b"".join(b"%d\n" % number * (number % 4 == 0 or 1) for number in range(1, 400))
    data += b"A" * 500 + b"\nend"
    await write(store, data)
    counts = LineCounts(store)

    async def number(offset: int) -> int | None:
        place = await counts.find_number("e1", offset)
        while not place.is_complete:
            place = await counts.find_number("e1", offset)
        return place.line

    async def offset(line: int) -> int | None:
        place = await LineCounts(store).find_offset("e1", line)
        counter = LineCounts(store)
        while not place.is_complete:
            place = await counter.find_offset("e1", line)
        return place.offset

    starts = [0, *(at + 1 for at, byte in enumerate(data) if byte == 10)]
    for index in (0, 1, 5, 100, 200, len(starts) - 2, len(starts) - 1):
        start = starts[index]
        assert await number(start) == index + 1
        assert await offset(index + 1) == start
    assert await number(len(data) - 200) == len(starts) - 1
    assert await offset(len(starts) + 1) is None
    assert (await counts.find_number("none", 5)).line == 1


async def test_a_growing_log_is_counted_on(store: LogStore) -> None:
    """What came since is counted when it is asked for."""
    counts = LineCounts(store)
    await write(store, b"one\n")
    assert (await counts.find_offset("e1", 3)).offset is None
    await store.append("e1", 4, "stdout", b"two\nthree\n" + b"x" * 100 + b"\nfive\n")
    assert (await counts.find_offset("e1", 3)).offset == 8
    assert (await counts.find_number("e1", 118)).line == 5
