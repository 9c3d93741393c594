# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_runner.protocol.methods import LogType
from api.core.ids import new_id
from api.logs import files
from api.logs.errors import LogGapError, LogStorageError
from api.logs.files import FileLogStore
from api.logs.memory import MemoryLogStore
from api.logs.store import LogStore, read_full


def count_descriptors() -> int:
    """Count the files that this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def read_all(
    store: LogStore, execution_id: str, limit: int = 7
) -> list[tuple[LogType, bytes]]:
    """Read the log in small pieces and return the stretches of each type."""
    stretches, offset = [], 0
    while True:
        log_type, data, _ = await store.read(execution_id, offset, limit)
        if not data:
            return stretches
        if stretches and stretches[-1][0] == log_type:
            stretches[-1] = (log_type, stretches[-1][1] + data)
        else:
            stretches.append((log_type, data))
        offset += len(data)


async def test_what_is_appended_is_read_with_its_type(store: LogStore) -> None:
    """Bytes come back as they were, and each piece has the type it was written with."""
    await store.append("e1", 0, "stdout", b"out\n")
    await store.append("e1", 4, "stderr", b"err\xff\n")
    size = await store.append("e1", 9, "stdout", b"out again\n")

    assert size == 19
    assert await read_all(store, "e1") == [
        ("stdout", b"out\n"),
        ("stderr", b"err\xff\n"),
        ("stdout", b"out again\n"),
    ]


async def test_an_append_of_what_is_stored_changes_nothing(store: LogStore) -> None:
    """A repeated or overlapping piece adds only what is new."""
    await store.append("e1", 0, "stdout", b"hello", is_kept_elsewhere=True)

    assert await store.append("e1", 0, "stdout", b"hello", is_kept_elsewhere=True) == 5
    assert await store.append("e1", 2, "stdout", b"llo, world", is_kept_elsewhere=True) == 12
    assert await store.append("e1", 3, "stderr", b"lo", is_kept_elsewhere=True) == 12
    assert await read_all(store, "e1") == [("stdout", b"hello, world")]


async def test_a_gap_is_an_error_and_stores_nothing(store: LogStore) -> None:
    """A piece behind the end is refused with the offset to go on from."""
    await store.append("e1", 0, "stdout", b"hello")

    with pytest.raises(LogGapError, match="Read again from 5"):
        await store.append("e1", 6, "stdout", b"x")

    assert await store.size("e1") == 5


async def test_a_log_without_bytes_reads_as_empty(store: LogStore) -> None:
    """Before the first byte, and behind the last, there is an empty piece and no error."""
    assert await store.read("e1", 0, 100) == ("stdout", b"", 0)
    assert await store.size("e1") == 0
    await store.append("e1", 0, "stderr", b"abc")

    assert await store.read("e1", 3, 100) == ("stderr", b"", 3)
    assert (await store.read("e1", 99, 100)).data == b""


async def test_logs_do_not_touch_each_other(store: LogStore) -> None:
    """Each execution has its own log; deleting one leaves the other, and may be repeated."""
    await store.append("e1", 0, "stdout", b"one")
    await store.append("e2", 0, "stdout", b"two")
    await store.delete_all(["e1"])
    await store.delete_all(["e1"])

    assert await store.size("e1") == 0
    assert await read_all(store, "e2") == [("stdout", b"two")]


async def test_bytes_are_read_of_both_types(store: LogStore) -> None:
    """Whoever does not care for types reads on over their changes, and nothing behind the end."""
    data = b""
    for number in range(40):
        piece = b"%02d\n" % number
        await store.append("e1", len(data), "stderr" if number % 3 else "stdout", piece)
        data += piece
    await store.append("e1", len(data), "stdout", b"kept", is_kept_elsewhere=True)
    data += b"kept"

    for offset in (0, 1, 59, len(data) - 4, len(data) - 5, len(data), len(data) + 9):
        assert await read_full(store, "e1", offset, 50) == data[offset : offset + 50]
    await store.seal("e1")
    assert await read_full(store, "e1", 2, 1000) == data[2:]
    assert await store.read_bytes("e2", 0, 10) == b""


async def test_sizes_are_asked_for_together(store: LogStore) -> None:
    """The sizes of many logs come at once; one that was never written has no byte."""
    await store.append("e1", 0, "stdout", b"one")
    await store.append("e2", 0, "stderr", b"four")

    assert await store.sizes(["e1", "e2", "e3"]) == {"e1": 3, "e2": 4, "e3": 0}


async def test_a_sealed_log_is_still_read(store: LogStore) -> None:
    """Sealing may be repeated, comes also to a log without bytes, and changes none."""
    await store.append("e1", 0, "stdout", b"all", is_kept_elsewhere=True)
    for execution_id, size in (("e1", 3), ("e1", 3), ("e2", 0)):
        assert await store.seal(execution_id) == size

    assert await read_all(store, "e1") == [("stdout", b"all")]
    assert await store.append("e1", 0, "stdout", b"all", is_kept_elsewhere=True) == 3


async def test_many_logs_are_sealed_at_once(store: LogStore) -> None:
    """Each answers with its own size, also where the same one is asked for twice."""
    ids = [f"e{number}" for number in range(150)]
    for number, execution_id in enumerate(ids):
        await store.append(execution_id, 0, "stdout", b"x" * number, is_kept_elsewhere=True)

    sizes = await asyncio.gather(*(store.seal(id_) for id_ in (*ids, "e7", "none")))

    assert sizes == [*range(150), 7, 0]
    assert await read_all(store, "e7") == [("stdout", b"x" * 7)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(
        st.tuples(st.sampled_from(["stdout", "stderr"]), st.binary(min_size=1, max_size=20)),
        max_size=12,
    ),
    again_from=st.integers(min_value=0, max_value=11),
)
async def test_a_follower_that_begins_again_ends_with_the_same_log(
    store: LogStore, pieces: list[tuple[LogType, bytes]], again_from: int
) -> None:
    """Whatever is written, and wherever a crash makes it begin again, the log is the same."""
    execution_id = new_id()
    whole = MemoryLogStore()
    offset = 0
    for number, (log_type, data) in enumerate(pieces):
        start = offset
        offset = await whole.append(execution_id, offset, log_type, data)
        await store.append(execution_id, start, log_type, data)
        if number == again_from:
            position = 0
            for log_type_again, data_again in pieces[: number + 1]:
                await store.append(execution_id, position, log_type_again, data_again)
                position += len(data_again)

    assert await read_all(store, execution_id) == await read_all(whole, execution_id)
    await store.seal(execution_id)
    assert await read_all(store, execution_id) == await read_all(whole, execution_id)


async def test_files_survive_the_process(tmp_path: Path) -> None:
    """A store that is opened again goes on where the one before stopped."""
    first = FileLogStore(tmp_path)
    await first.append("e1", 0, "stderr", b"one", is_kept_elsewhere=True)
    await first.close()
    second = FileLogStore(tmp_path)

    assert await second.append("e1", 3, "stderr", b"two", is_kept_elsewhere=True) == 6
    assert await read_all(second, "e1") == [("stderr", b"onetwo")]
    await second.close()


async def test_many_logs_do_not_use_up_the_descriptors(tmp_path: Path) -> None:
    """However many logs grow at once, the number of open files is bounded."""
    before = count_descriptors()
    store = FileLogStore(tmp_path)
    for number in range(600):
        await store.append(f"execution-{number}", 0, "stdout", b"x")

    assert count_descriptors() - before < 600
    assert await store.append("execution-0", 1, "stdout", b"y") == 2
    await store.close()


async def test_logs_are_private(tmp_path: Path) -> None:
    """Other users of the machine can read neither logs nor their names."""
    store = FileLogStore(tmp_path / "logs")
    await store.append("e1", 0, "stdout", b"x")
    await store.close()

    for path in (tmp_path / "logs").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


async def test_a_log_that_grows_long_is_whole(store: LogStore) -> None:
    """Small pieces and large ones, read between them and across, come back in their order."""
    written: list[tuple[LogType, bytes]] = []
    offset = 0
    for number in range(60):
        log_type: LogType = "stderr" if number % 7 == 0 else "stdout"
        data = b"%d" % (number % 10) * (20_000 if number % 20 == 0 else 700)
        offset = await store.append("e1", offset, log_type, data, is_kept_elsewhere=True)
        if written and written[-1][0] == log_type:
            written[-1] = (log_type, written[-1][1] + data)
        else:
            written.append((log_type, data))
        if number % 10 == 0:
            assert await read_all(store, "e1", 5_000) == written
    assert await store.size("e1") == offset
    assert await store.seal("e1") == offset
    assert await read_all(store, "e1", 5_000) == written


async def test_what_is_in_memory_goes_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that goes on for long is in its file soon, so that little is fetched again."""
    monkeypatch.setattr(files, "MAX_TAIL_AGE_S", 0.0)
    store = FileLogStore(tmp_path)
    for number in range(70):
        await store.append(f"e{number:03}", 0, "stdout", b"one", is_kept_elsewhere=True)
    paths = [tmp_path / f"{number:02}" / f"e{number:03}.log" for number in range(70)]
    while not all(path.exists() for path in paths):  # noqa: ASYNC110 - a timer makes them
        await asyncio.sleep(0.001)
    assert await store.append("e000", 3, "stderr", b"two", is_kept_elsewhere=True) == 6
    assert await read_all(store, "e000") == [("stdout", b"one"), ("stderr", b"two")]
    assert await store.seal("e000") == 6
    assert await read_all(FileLogStore(tmp_path), "e000") == await read_all(store, "e000")
    await store.close()


async def test_what_is_kept_nowhere_else_is_in_the_file(tmp_path: Path) -> None:
    """A process that dies at once leaves it there, with what came before it."""
    store = FileLogStore(tmp_path)
    await store.append("e1", 0, "stdout", b"one", is_kept_elsewhere=True)
    assert not (tmp_path / "e1").exists()
    await store.append("e1", 3, "stderr", b"two")
    assert await FileLogStore(tmp_path).size("e1") == 6
    await store.close()


async def test_a_log_that_somebody_else_changed_is_an_error(tmp_path: Path) -> None:
    """What is in memory is never put behind bytes that it does not follow."""
    store = FileLogStore(tmp_path)
    await store.append("e1", 0, "stdout", b"one", is_kept_elsewhere=True)
    (tmp_path / "e1").mkdir()
    (tmp_path / "e1/e1.log").write_bytes(b"another")
    with pytest.raises(LogGapError, match="somebody else"):
        await store.seal("e1")
    await store.close()


async def test_a_disk_that_refuses_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    """A log that cannot be written says why and where to look."""
    (tmp_path / "e1").write_text("a file where the folder should be")
    store = FileLogStore(tmp_path)

    with pytest.raises(LogStorageError, match="MYX_DATA_DIR"):
        await store.append("e1", 0, "stdout", b"x")


async def test_a_log_that_cannot_be_sealed_fails_alone(tmp_path: Path) -> None:
    """Of many that end at once only the one whose file is unusable is an error."""
    store = FileLogStore(tmp_path)
    for execution_id in ("e1", "e2"):
        await store.append(execution_id, 0, "stderr", b"x", is_kept_elsewhere=True)
    await store.close()
    (tmp_path / "e2/e2.index").unlink()
    (tmp_path / "e2/e2.index").mkdir()
    store = FileLogStore(tmp_path)

    good, bad = await asyncio.gather(store.seal("e1"), store.seal("e2"), return_exceptions=True)

    assert good == 1
    assert isinstance(bad, LogStorageError)
    await store.close()
