# SPDX-License-Identifier: GPL-3.0-or-later
"""Which archives of modules a run begins with."""

import os
from pathlib import Path

import pytest

from agent_runner.warm.modules.archives import (
    KEPT_STATES,
    Places,
    keep_archives,
    offer_archives,
)

NAME = "ansible.modules.ping-ZIP_DEFLATED-none"


class Installed:
    """An Ansible with one module, and runs of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "ansible"
        self.own = self.package / "module_utils"
        (self.package / "modules").mkdir(parents=True)
        self.own.mkdir()
        (self.package / "modules" / "ping.py").write_text("1")
        (self.own / "basic.py").write_text("1")
        self.cache = folder / "cache"
        self.other = folder / "content" / "module_utils"
        self.other.mkdir(parents=True)
        self._runs = 0

    def begin_run(self) -> Places:
        """Return the places of a new run, which was offered what there is."""
        self._runs += 1
        scratch = self.folder / f"run{self._runs}"
        scratch.mkdir()
        places = Places(self.package, scratch / "ansiballz_cache", self.cache)
        self.offer(places)
        return places

    def offer(self, places: Places) -> None:
        """Do what each worker does first."""
        offer_archives(places, [str(self.other), "/none", str(self.own)])

    def make(self, places: Places, content: str = "archive", name: str = NAME) -> None:
        """Do what Ansible does, and keep it."""
        places.run.mkdir(exist_ok=True)
        (places.run / name).write_text(content)
        (places.run / f"{name}.lock").write_text("")
        keep_archives(places, [str(self.other), str(self.own)])


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    """Return an Ansible of a test's own."""
    return Installed(tmp_path)


def test_what_a_run_has_made_is_there_in_the_next(installed: Installed) -> None:
    """By the name under which Ansible looks for it."""
    first = installed.begin_run()
    assert not (first.run / NAME).exists()
    installed.make(first)
    assert (first.run / NAME).read_text() == "archive"
    second = installed.begin_run()
    assert [path.name for path in second.run.iterdir()] == [NAME]
    assert (second.run / NAME).read_text() == "archive"
    assert (second.run / NAME).resolve().stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("changed", ["modules/ping.py", "module_utils/basic.py", "release.py"])
def test_a_changed_ansible_has_archives_of_its_own(installed: Installed, changed: str) -> None:
    """An upgrade, or an edit by hand."""
    installed.make(installed.begin_run())
    (installed.package / changed).write_text("22")
    assert not (installed.begin_run().run / NAME).exists()


def test_modules_of_others_are_not_kept(installed: Installed) -> None:
    """Their content is not known before it is read."""
    installed.make(installed.begin_run(), name="ansible.legacy.ping-ZIP_DEFLATED-none")
    installed.make(installed.begin_run(), name="ansible_collections.a.b.plugins.modules.ping-X")
    assert not list(installed.begin_run().run.iterdir()) if installed.cache.exists() else True


def test_where_module_utils_are_replaced_nothing_is_taken_or_kept(installed: Installed) -> None:
    """An archive would have the content's own file in it, or should have."""
    installed.make(installed.begin_run())
    (installed.other / "basic.py").write_text("own")
    second = installed.begin_run()
    assert not second.run.exists()
    installed.make(second, "with the content's own")
    (installed.other / "basic.py").unlink()
    assert (installed.begin_run().run / NAME).read_text() == "archive"


def test_what_is_replaced_in_the_middle_of_a_run_counts_from_there(installed: Installed) -> None:
    """A role may bring its own."""
    installed.make(installed.begin_run())
    places = installed.begin_run()
    assert (places.run / NAME).exists()
    (installed.other / "basic.py").write_text("own")
    installed.offer(places)
    assert not (places.run / NAME).exists()


def test_module_utils_of_other_names_do_not_matter(installed: Installed) -> None:
    """Modules of Ansible's import none of them."""
    installed.make(installed.begin_run())
    (installed.other / "mine.py").write_text("own")
    (installed.other / "__init__.py").write_text("")
    assert (installed.begin_run().run / NAME).exists()


def test_a_cache_that_others_can_write_is_not_used(installed: Installed) -> None:
    """Archives are unpacked by pickle: whoever can write one is this account."""
    installed.make(installed.begin_run())
    store = next(path for path in installed.cache.rglob(NAME)).parent
    for folder in (store, store.parent, installed.cache):
        folder.chmod(0o777)
        assert not installed.begin_run().run.exists()
        folder.chmod(0o700)
    assert installed.begin_run().run.exists()


def test_archives_of_former_versions_go(installed: Installed) -> None:
    """The cache does not grow with each upgrade."""
    for number in range(KEPT_STATES + 2):
        (installed.package / "release.py").write_text("1" * number)
        installed.make(installed.begin_run())
        (store,) = {path.parent for path in installed.cache.rglob(NAME)} - set(_old(installed))
        os.utime(store, (number, number))
    assert len(list((installed.cache / "archives").iterdir())) == KEPT_STATES


def _old(installed: Installed) -> list[Path]:
    return [path for path in (installed.cache / "archives").iterdir() if path.stat().st_mtime < 99]
