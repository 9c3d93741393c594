# SPDX-License-Identifier: GPL-3.0-or-later

import io
import tarfile
from pathlib import Path

import pytest

from api.runs.errors import PlaybookInvalidError, PlaybookNotFoundError
from api.runs.playbooks import inspect_playbook

FILES = {
    "site.yml": "- hosts: web\n- import_playbook: playbooks/db.yml\n",
    "playbooks/db.yml": "- hosts: db\n- import_playbook: more/cache.yml\n  vars: {x: cache}\n",
    "playbooks/more/cache.yml": "- hosts: '{{ x }}'\n",
    "playbooks/fleet.yml": "- import_playbook: my.fleet.install\n",
    "playbooks/chosen.yml": "- import_playbook: '{{ which }}.yml'\n",
    "playbooks/loop.yml": "- import_playbook: loop.yml\n",
    "playbooks/broken.yml": "- hosts: [\n",
    "playbooks/absent.yml": "- import_playbook: nowhere.yml\n",
    "collections/ansible_collections/my/fleet/playbooks/install.yml": "- hosts: new\n",
    "roles/web/tasks/main.yml": "- debug:\n",
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return a bundle with the files above."""
    path = tmp_path / "bundle.tar.gz"
    with tarfile.open(path, "w:gz") as bundle:
        for name, text in FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            bundle.addfile(member, io.BytesIO(text.encode()))
    return path


def list_hosts(archive: Path, playbook: str, **extra_vars: object) -> list[str]:
    """Return the patterns of all plays."""
    return [play.hosts[0] for play in inspect_playbook(archive, playbook, extra_vars).plays]


def test_imports_are_followed_from_the_importing_file(archive: Path) -> None:
    """The plays of imported playbooks count, in order, and get the import's variables."""
    facts = inspect_playbook(archive, "./site.yml", {})

    assert [play.hosts[0] for play in facts.plays] == ["web", "db", "{{ x }}"]
    assert facts.plays[2].variables == {"x": "cache"}


def test_a_collections_playbook_is_found_by_its_name(archive: Path) -> None:
    """A fully qualified name is looked up in the bundle's collections."""
    assert list_hosts(archive, "my.fleet.install") == ["new"]
    assert list_hosts(archive, "playbooks/fleet.yml") == ["new"]


def test_a_templated_import_is_followed_with_its_variables(archive: Path) -> None:
    """An import that extra vars decide is followed; without them it is noted as unknown."""
    assert list_hosts(archive, "playbooks/chosen.yml", which="db") == ["db", "{{ x }}"]

    facts = inspect_playbook(archive, "playbooks/chosen.yml", {})
    assert facts.unknown_imports == ("{{ which }}.yml",)


@pytest.mark.parametrize(
    ("playbook", "near"),
    [
        ("playbooks/bd.yml", "playbooks/db.yml"),
        ("cache.yml", "playbooks/more/cache.yml"),
        ("sit.yml", "site.yml"),
    ],
)
def test_a_missing_playbook_names_what_is_near(archive: Path, playbook: str, near: str) -> None:
    """A playbook that is not there is answered with those of similar names."""
    with pytest.raises(PlaybookNotFoundError, match=f"not in the content. Did you mean .*{near}"):
        inspect_playbook(archive, playbook, {})


@pytest.mark.parametrize("playbook", ["../etc/passwd", "/etc/passwd", "roles", "x.yml"])
def test_what_is_outside_or_no_file_is_not_found(archive: Path, playbook: str) -> None:
    """Only files of the content are playbooks."""
    with pytest.raises(PlaybookNotFoundError, match="below the content folder"):
        inspect_playbook(archive, playbook, {})


def test_a_missing_import_names_who_imports_it(archive: Path) -> None:
    """An import that leads nowhere names both files."""
    with pytest.raises(PlaybookNotFoundError, match=r"absent\.yml imports the playbook nowhere"):
        inspect_playbook(archive, "playbooks/absent.yml", {})


def test_an_import_of_itself_ends(archive: Path) -> None:
    """Playbooks that import each other in a circle are refused."""
    with pytest.raises(PlaybookInvalidError, match="imports itself"):
        inspect_playbook(archive, "playbooks/loop.yml", {})


def test_a_yaml_error_names_the_place(archive: Path) -> None:
    """The line and column of a YAML error are named with the file."""
    with pytest.raises(PlaybookInvalidError, match=r"broken\.yml, line 2, column 1"):
        inspect_playbook(archive, "playbooks/broken.yml", {})
