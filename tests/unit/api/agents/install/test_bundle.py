# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import tarfile
import zipfile
from pathlib import Path

import pytest

from api.agents.install import wheelhouse
from api.agents.install.bundle import AgentBundles
from api.agents.install.errors import BundleError
from api.agents.install.sources import BundleSources, find_sources


class QuickBundles(AgentBundles):
    """Bundles whose wheels come from nowhere, with the number of builds."""

    builds = 0

    def _fill(self, tree: Path, *_: str) -> None:
        self.builds += 1
        tree.mkdir()
        (tree / "MANIFEST.json").write_text("{}")


async def ignore(line: str) -> None:
    """Take a progress line."""


@pytest.fixture
def sources(tmp_path: Path) -> BundleSources:
    """Give small sources of a bundle."""
    for name in ("agent", "collection/roles/agent", "collection/meta", "on_host"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file.py").write_text(name)
    (tmp_path / "lock.txt").write_text("a==1\n")
    return BundleSources(
        "1.2.3",
        tmp_path / "agent",
        tmp_path / "collection",
        tmp_path / "on_host",
        tmp_path / "lock.txt",
    )


@pytest.fixture
def bundles(sources: BundleSources, tmp_path: Path) -> QuickBundles:
    """Give bundles with an empty cache."""
    return QuickBundles(sources, tmp_path / "cache", tmp_path / "ready")


async def test_many_installs_at_once_build_once(bundles: QuickBundles) -> None:
    """However many hosts wait for the bundle, it is built one time."""
    asked = [bundles.get_bundle("3.11", "x86_64", ignore) for _ in range(8)]
    found = await asyncio.gather(*asked)
    assert bundles.builds == 1
    assert len({bundle.path for bundle in found}) == 1


async def test_a_bundle_is_named_by_what_it_is_for_and_made_of(bundles: QuickBundles) -> None:
    """Version, Python, processor and digest are in the name."""
    bundle = await bundles.get_bundle("3.12", "aarch64", ignore)
    assert bundle.path.name == f"myx-agent-1.2.3-cp312-aarch64-{bundle.digest}.tar.gz"
    assert bundle.version_id == f"1.2.3-{bundle.digest}"


async def test_a_change_of_a_source_makes_a_new_bundle(
    bundles: QuickBundles, sources: BundleSources
) -> None:
    """The cache holds only the bundle of the present sources."""
    before = await bundles.get_bundle("3.11", "x86_64", ignore)
    (sources.agent / "file.py").write_text("changed")
    after = await bundles.get_bundle("3.11", "x86_64", ignore)
    assert after.digest != before.digest
    assert not before.path.exists()


def test_caches_do_not_count(sources: BundleSources) -> None:
    """Running the agent from a checkout does not make its bundle another one."""
    before = sources.digest("3.11", "x86_64")
    (sources.agent / "__pycache__").mkdir()
    (sources.agent / "__pycache__/file.cpython-311.pyc").write_bytes(b"x")
    assert sources.digest("3.11", "x86_64") == before


def test_a_bundle_from_elsewhere_is_taken(bundles: QuickBundles, tmp_path: Path) -> None:
    """A control plane without an index uses the file that was put there."""
    built = bundles.build_bundle("3.11", "x86_64")
    (tmp_path / "ready").mkdir()
    built.path.rename(tmp_path / "ready" / built.path.name)
    found = bundles.find_bundle("3.11", "x86_64")
    assert found is not None
    assert found.path.parent == tmp_path / "ready"


@pytest.mark.parametrize(("python", "processor"), [("3.9", "x86_64"), ("3.11", "riscv64")])
def test_hosts_without_agents_are_named(bundles: QuickBundles, python: str, processor: str) -> None:
    """An unknown Python or processor is refused with what there is."""
    with pytest.raises(BundleError, match=r"agents for Python 3\.11"):
        bundles.find_bundle(python, processor)


def test_the_same_files_make_the_same_archive(bundles: QuickBundles) -> None:
    """Nothing of the machine or the hour is in the archive."""
    first = bundles.build_bundle("3.11", "x86_64").path
    content = first.read_bytes()
    first.unlink()
    assert bundles.build_bundle("3.11", "x86_64").path.read_bytes() == content
    with tarfile.open(first) as archive:
        assert {(m.mtime, m.uid, m.uname) for m in archive} == {(0, 0, "root")}


def test_the_sources_of_this_checkout_are_complete() -> None:
    """Everything that a bundle is made of is found."""
    sources = find_sources()
    assert (sources.agent / "pyproject.toml").is_file()
    assert all(part.exists() for part in sources.collection_parts)
    assert (sources.on_host / "apply.py").is_file()


def test_requirements_pin_each_wheel_by_its_hash(tmp_path: Path) -> None:
    """The host installs exactly the files that were downloaded."""
    (tmp_path / "ansible_core-2.19.14-py3-none-any.whl").write_bytes(b"")
    wheelhouse.write_requirements(tmp_path, tmp_path / "requirements.txt")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert (tmp_path / "requirements.txt").read_text() == (
        f"ansible-core==2.19.14 --hash=sha256:{empty}\n"
    )


def test_uv_leaves_its_wheel(tmp_path: Path) -> None:
    """The installer's program stands alone, and its wheel is not installed on hosts."""
    with zipfile.ZipFile(tmp_path / "uv-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("uv-1.0.data/scripts/uv", "program")
    wheelhouse.take_uv(tmp_path, tmp_path / "uv")
    assert (tmp_path / "uv").read_text() == "program"
    assert not list(tmp_path.glob("*.whl"))


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("WARNING: Retrying after connection broken by 'X'", "the package index cannot be reached"),
        ("ERROR: No matching distribution found for a.\n", "pip says: No matching distribution"),
        ("", "pip says: pip gave no reason"),
    ],
)
def test_a_failed_download_names_cause_and_remedy(output: str, cause: str) -> None:
    """People learn what pip complained of and how to do without an index."""
    message = wheelhouse._explain(wheelhouse._find_cause(output))
    assert cause in message
    assert "MYX_AGENT_BUNDLE_DIR" in message
