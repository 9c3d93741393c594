# SPDX-License-Identifier: GPL-3.0-or-later

import io
import zipfile
from pathlib import Path

import pytest

from agent_runner.warm.payloads import Store

NAME = "ansible.modules.ping-ZIP_DEFLATED-none"


class Host:
    """An installed Ansible, a store, and the folder of one playbook's packed modules."""

    def __init__(self, folder: Path) -> None:
        self.module = folder / "site" / "ansible" / "modules" / "ping.py"
        self.module.parent.mkdir(parents=True)
        self.module.write_text("print('pong')\n")
        package = self.module.parent.parent
        package.joinpath("release.py").write_text("__version__ = '1'\n")
        self.store = Store(folder / "store", package)
        self.packed = folder / "packed"
        self.packed.write_bytes(b"the packed module")
        self.cache = folder / "cache"

    def keep(self, content: str) -> None:
        """Keep a module whose archive holds this."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("ansible/__init__.py", "__version__ = '1'\n")
            opened.writestr("ansible/modules/ping.py", content)
        self.store.keep(NAME, self.packed, archive.getvalue())

    def lend(self) -> bytes | None:
        """Return what a playbook finds."""
        self.store.lend(NAME, self.cache)
        found = self.cache / NAME
        return found.read_bytes() if found.exists() else None


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Return a host on which nothing is kept."""
    return Host(tmp_path)


def test_what_is_ansibles_own_is_lent(host: Host) -> None:
    """A module that holds nothing but installed files is found by the next playbook."""
    assert host.lend() is None
    host.keep("print('pong')\n")
    assert host.lend() == b"the packed module"


def test_what_holds_other_files_is_not_kept(host: Host) -> None:
    """A file that the content had put in the place of Ansible's own never reaches another run."""
    host.keep("print('mine')\n")
    assert host.lend() is None


def test_what_has_changed_is_forgotten(host: Host) -> None:
    """When a file that was packed is another one, it is packed again and kept again."""
    host.keep("print('pong')\n")
    host.module.write_text("print('pong!')\n")
    assert host.lend() is None
    host.keep("print('pong!')\n")
    assert host.lend() == b"the packed module"
