# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a backup that is made under load hold everything, and come back?"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_installer import FakeInstaller
from manual_clock import ManualClock
from one_host import open_one_host
from postgres import PASSWORD, PostgresCluster

from api.agents.calls import Endpoint
from api.agents.memory import MemoryAgents, MemoryExecution
from api.auth.principals import ADMIN
from api.auth.scopes import EVERYTHING
from api.composition import Composition
from api.core.exclusive import DataDirTakenError
from api.core.settings import Settings, load_settings
from api.maintenance import pg_programs
from api.maintenance.backup import back_up
from api.maintenance.checks import check_database, migrate_database
from api.maintenance.errors import BackupFormError, BackupToolError, RestoreTargetError
from api.maintenance.restore import restore
from api.runs.schemas import CommandRunCreate, RunQuery

ECHO = CommandRunCreate(kind="command", command=["echo", "x"], limit="all")

LINES = 40


@pytest.fixture
def settings(tmp_path: Path, database_url: str | None) -> Settings:
    """Return settings of the control plane that is saved."""
    return load_settings(
        data_dir=tmp_path / "data", content_dir=tmp_path / "content", database_url=database_url
    )


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: str | None
) -> Iterator[Settings]:
    """Return settings of an empty place of the same kind."""
    folders = {"data_dir": tmp_path / "elsewhere", "content_dir": tmp_path / "content"}
    if database_url is None:
        yield load_settings(**folders)
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres")
    name = cluster.create_database()
    yield load_settings(**folders, database_url=cluster.make_url(name))
    cluster.drop_database(name)


async def write_lines(execution: MemoryExecution) -> int:
    """Do what the program of each run does."""
    for number in range(LINES):
        await execution.write(b"line %d\n" % number)
    return 0


async def test_a_backup_under_load_comes_back(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """What had ended when the backup began is there with its log, and what had not goes on."""
    saved = tmp_path / "saved"
    composition = await open_one_host(settings, write_lines)
    first = (await composition.run_launcher.launch(ECHO, ADMIN, None)).run
    async for _ in composition.run_streams.follow(first.id, EVERYTHING, {}, with_log=False):
        pass
    saving = asyncio.create_task(asyncio.to_thread(back_up, settings, saved, with_keys=True))
    launched = 1
    while not saving.done():
        await composition.run_launcher.launch(ECHO, ADMIN, None)
        launched += 1
    await saving
    await composition.close()

    await asyncio.to_thread(restore, elsewhere, saved, replace=False)
    restored = await open_restored(elsewhere)
    async with restored.unit_of_work(read_only=True) as work:
        runs = (await work.runs.list_runs(RunQuery(page_size=500))).items
    assert 1 <= len(runs) <= launched
    for run in runs:
        await assert_whole(restored, run.id)
    await restored.close()
    assert not (await asyncio.to_thread(check_database, elsewhere)).faults


async def open_restored(settings: Settings) -> Composition:
    """Return a control plane whose agent has forgotten everything."""
    fleet = MemoryAgents()
    fleet.add(
        Endpoint("web1", "192.0.2.1", 9000, "abcdefghijkl", "token-of-the-agent", "ab" * 32),
        write_lines,
    )
    composition = Composition(settings, ManualClock(), fleet, FakeInstaller())
    await composition.open()
    return composition


async def assert_whole(composition: Composition, run_id: int) -> None:
    """Check that the run ends, and that its log is whole where it was successful."""
    async for _ in composition.run_streams.follow(run_id, EVERYTHING, {}, with_log=False):
        pass
    async with composition.unit_of_work(read_only=True) as work:
        [execution] = await work.executions.list_all(run_id)
    stored = await composition.execution_reader.open_log(execution.id, EVERYTHING)
    log = b"".join([d async for d in stored])
    assert execution.log_bytes == len(log)
    if execution.status == "successful":
        assert log == b"".join(b"line %d\n" % number for number in range(LINES))


async def test_a_backup_goes_only_where_nothing_is(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """Neither a folder nor a database is written over, unless that is asked for."""
    composition = await open_one_host(settings, write_lines)
    saved = tmp_path / "saved"
    await asyncio.to_thread(back_up, settings, saved, with_keys=True)
    with pytest.raises(RestoreTargetError, match="does not"):
        await asyncio.to_thread(back_up, settings, saved, with_keys=True)
    with pytest.raises(DataDirTakenError):
        await asyncio.to_thread(restore, settings, saved, replace=True)
    await composition.close()

    with pytest.raises(RestoreTargetError, match="--replace"):
        await asyncio.to_thread(restore, settings, saved, replace=False)
    await asyncio.to_thread(restore, settings, saved, replace=True)
    await asyncio.to_thread(restore, elsewhere, saved, replace=False)
    restored = await open_restored(settings)
    async with restored.unit_of_work(read_only=True) as work:
        assert (await work.hosts.get_host("web1")).name == "web1"
    await restored.close()


async def test_a_backup_without_keys_wants_the_right_ones(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """No key is saved unasked, and what is restored under another key is refused."""
    await (await open_one_host(settings, write_lines)).close()
    saved = tmp_path / "saved"
    await asyncio.to_thread(back_up, settings, saved, with_keys=False)
    assert not [path for path in saved.rglob("*") if "key" in path.name or "token" in path.name]

    with pytest.raises(BackupFormError, match=r"secret\.key"):
        await asyncio.to_thread(restore, elsewhere, saved, replace=False)
    elsewhere.secret_key_file.write_bytes(b"k" * 32)
    with pytest.raises(BackupFormError, match="not the key"):
        await asyncio.to_thread(restore, elsewhere, saved, replace=False)


def test_what_is_no_backup_is_refused(settings: Settings, tmp_path: Path) -> None:
    """A folder of something else is named."""
    with pytest.raises(BackupFormError, match="no backup"):
        restore(settings, tmp_path, replace=False)


def test_a_database_is_made_and_checked(elsewhere: Settings) -> None:
    """Migrating makes the tables, checking names place and revision, and no password."""
    made = migrate_database(elsewhere)

    assert not made.faults
    assert check_database(elsewhere) == made
    assert PASSWORD not in made.place
    assert PASSWORD.replace("%40", "@") not in made.place


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_old_pg_dump_is_refused(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is newer than the programs is named, with what to install."""
    settings.data_dir.mkdir()
    settings.secret_key_file.write_bytes(b"k" * 32)
    monkeypatch.setattr(pg_programs, "read_server_version", lambda _settings: 99)

    with pytest.raises(BackupToolError, match="postgresql-client-99"):
        back_up(settings, tmp_path / "saved", with_keys=False)

    assert not (tmp_path / "saved").exists()
