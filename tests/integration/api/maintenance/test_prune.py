# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx db prune``: at once, with or without a control plane that runs."""

import asyncio
import hashlib
import json
import os
from pathlib import Path

import pytest
from dbos import DBOS
from manual_clock import ManualClock
from one_host import open_one_host

from api.agents.memory import MemoryExecution
from api.auth.principals import ADMIN
from api.auth.scopes import EVERYTHING
from api.cli import main
from api.composition import Composition
from api.core import log_setup
from api.core.settings import Settings, load_settings
from api.maintenance.errors import NothingThereError
from api.maintenance.prune import prune
from api.retention.removed import Removed
from api.runs.schemas import CommandRunCreate, PlaybookRunCreate, RunQuery
from api.schedules.schemas import ScheduleCreate
from api.triggers.owners import make_owner

ECHO = CommandRunCreate(kind="command", command=["echo", "x"], limit="all")

# The clock of these control planes stands still in January 2026: all that they did is old.


@pytest.fixture
def settings(tmp_path: Path, database_url: str | None) -> Settings:
    """Return settings of the control plane whose data becomes old."""
    return load_settings(
        data_dir=tmp_path / "data",
        content_dir=tmp_path / "content",
        database_url=database_url,
        keep_runs_days=30,
        retention_every_s=0,
    )


async def write_ten(execution: MemoryExecution) -> int:
    """Do what the program of each run does."""
    await execution.write(b"0123456789")
    return 0


async def test_a_control_plane_that_runs_is_pruned(settings: Settings) -> None:
    """It first says what would go, then that goes, and the control plane goes on."""
    composition = await open_one_host(settings, write_ten)
    for _ in range(3):
        run = (await composition.run_launcher.launch(ECHO, ADMIN, None)).run
        async for _ in composition.run_streams.follow(run.id, EVERYTHING, {}, with_log=False):
            pass

    wanted = await asyncio.to_thread(prune, settings, dry_run=True)
    removed = await asyncio.to_thread(prune, settings, dry_run=False)

    assert wanted.runs == 3
    assert (removed.runs, removed.executions, removed.log_bytes) == (3, 3, 30)
    run = (await composition.run_launcher.launch(ECHO, ADMIN, None)).run
    async for _ in composition.run_streams.follow(run.id, EVERYTHING, {}, with_log=False):
        pass
    async with composition.unit_of_work(read_only=True) as work:
        assert [run.id for run in (await work.runs.list_runs(RunQuery())).items] == [4]
    assert (await composition.access.verifier.verify()).intact
    await composition.close()


async def test_bundles_that_nothing_needs_are_pruned(settings: Settings) -> None:
    """Not the newest, not what a schedule brings, and not what was asked for a moment ago."""
    settings = settings.model_copy(update={"keep_bundles": 1})
    clock = ManualClock()
    composition = Composition(settings, clock)
    await composition.open()
    names = ("brought", "unneeded", "asked", "newest")
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in names}
    for digest in digests.values():
        await clock.sleep(1)
        async with composition.unit_of_work() as work:
            await work.bundles.record_bundle(digest, 3, 1, "upload")
        file = settings.bundles_dir / f"{digest}.tar.gz"
        file.write_bytes(b"abc")
        os.utime(file, (0, 0))
    composition.bundle_store.get_archive(digests["asked"])
    brings = PlaybookRunCreate(
        kind="playbook", playbook="site.yml", bundle_digest=digests["brought"]
    )
    schedule = ScheduleCreate(name="nightly", cron="0 3 * * *", run=brings)
    async with composition.unit_of_work() as work:
        owner = await make_owner(work, ADMIN)
        await work.schedules.create_schedule(schedule, ADMIN, owner)
    await composition.close()

    assert (await asyncio.to_thread(prune, settings, dry_run=True)).bundles >= 1
    removed = await asyncio.to_thread(prune, settings, dry_run=False)

    assert (removed.bundles, removed.bundle_bytes) == (1, 3)
    assert {file.name for file in settings.bundles_dir.glob("*.tar.gz")} == {
        f"{digest}.tar.gz" for name, digest in digests.items() if name != "unneeded"
    }


async def test_what_the_engine_remembers_goes_too(settings: Settings) -> None:
    """Without a control plane that runs, the workflows of runs that have ended are forgotten."""
    composition = await open_one_host(settings, write_ten)
    run = (await composition.run_launcher.launch(ECHO, ADMIN, None)).run
    async for _ in composition.run_streams.follow(run.id, EVERYTHING, {}, with_log=False):
        pass
    await asyncio.to_thread(lambda: DBOS.retrieve_workflow("run-1").get_result())
    await composition.close()

    removed = await asyncio.to_thread(prune, settings, dry_run=False)

    assert (removed.runs, removed.workflows) == (1, 1)
    assert await asyncio.to_thread(prune, settings, dry_run=False) == Removed()


def test_the_command_says_what_it_removed(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In words, or as JSON; of a control plane that never ran, nothing."""
    monkeypatch.setenv("MYX_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("MYX_CONTENT_DIR", str(settings.content_dir))
    # What the command sets for its whole process is not for the other tests.
    monkeypatch.setattr(log_setup, "configure_logging", lambda *_: None)
    if settings.database_url is not None:
        monkeypatch.setenv("MYX_DATABASE_URL", settings.database_url.get_secret_value())
    for name in ("RUNS", "LOGS", "EVENTS"):
        monkeypatch.setenv(f"MYX_KEEP_{name}_DAYS", "0")
    assert main(["db", "prune"]) == 1
    assert "There is no control plane in" in capsys.readouterr().err

    asyncio.run(leave_a_run(settings))
    assert main(["db", "prune", "--dry-run"]) == 0
    assert "Would be removed: nothing" in capsys.readouterr().out
    monkeypatch.setenv("MYX_KEEP_RUNS_DAYS", "30")
    assert main(["db", "prune", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == 1
    assert main(["db", "prune"]) == 0
    told = capsys.readouterr().out
    assert "Removed:\n" in told
    assert "           1 runs\n" in told
    assert "           1 logs, 10 bytes\n" in told


def test_an_empty_folder_is_no_control_plane(settings: Settings) -> None:
    """Nothing is made where nothing was."""
    with pytest.raises(NothingThereError, match="set MYX_DATA_DIR"):
        prune(settings, dry_run=False)
    assert not settings.data_dir.exists()


async def leave_a_run(settings: Settings) -> None:
    """Let a control plane carry out a run, and stop."""
    composition = await open_one_host(settings, write_ten)
    run = (await composition.run_launcher.launch(ECHO, ADMIN, None)).run
    async for _ in composition.run_streams.follow(run.id, EVERYTHING, {}, with_log=False):
        pass
    await composition.close()
