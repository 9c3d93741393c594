# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.bundles.archive import BuiltBundle, build_bundle
from api.bundles.errors import ContentError
from api.bundles.intake import BundleIntake
from api.bundles.limits import BundleLimits
from api.bundles.store import BundleStore
from api.composition import Composition
from api.core.settings import Settings

BUNDLES = "/api/v1/bundles"


@pytest.fixture
def built(settings: Settings, tmp_path: Path) -> BuiltBundle:
    """Return a bundle of a folder with one playbook."""
    (settings.content_dir / "site.yml").write_text("- hosts: all\n")
    return build_bundle(settings.content_dir, tmp_path / "bundle.tar.gz")


@pytest.fixture
def composition(app: FastAPI) -> Composition:
    """Return the running application's parts."""
    parts: Composition = app.state.composition
    return parts


def _list_stored(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.bundles_dir.iterdir())


async def _send(
    client: httpx.AsyncClient, content: bytes, digest: str | None = None
) -> httpx.Response:
    name = digest or hashlib.sha256(content).hexdigest()
    return await client.put(f"{BUNDLES}/{name}", content=content)


async def test_a_bundle_is_taken(
    client: httpx.AsyncClient, built: BuiltBundle, settings: Settings
) -> None:
    """What was sent is stored byte for byte; the same again changes nothing."""
    content = built.path.read_bytes()
    first = await _send(client, content)
    assert first.status_code == 201
    bundle = first.json()
    assert (bundle["digest"], bundle["size_bytes"]) == (built.digest, built.size_bytes)
    assert (bundle["files"], bundle["origin"]) == (1, "upload")
    assert _list_stored(settings) == [f"{built.digest}.tar.gz"]
    assert (settings.bundles_dir / f"{built.digest}.tar.gz").read_bytes() == content
    again = await _send(client, content)
    assert (again.status_code, again.json()) == (200, bundle)
    assert (await client.get(f"{BUNDLES}/{built.digest}")).json() == bundle
    assert (await client.get(BUNDLES)).json()["results"] == [bundle]


async def test_a_bundle_may_come_in_pieces(client: httpx.AsyncClient, built: BuiltBundle) -> None:
    """A body of unknown length is taken too."""

    async def pour() -> AsyncIterator[bytes]:
        for byte in built.path.read_bytes():
            yield bytes([byte])

    answer = await client.put(f"{BUNDLES}/{built.digest}", content=pour())
    assert answer.status_code == 201


async def test_a_bundle_of_another_digest_is_refused(
    client: httpx.AsyncClient, built: BuiltBundle, settings: Settings
) -> None:
    """A body that is not what the path says is not kept."""
    answer = await _send(client, built.path.read_bytes(), "a" * 64)
    assert (answer.status_code, answer.json()["code"]) == (422, "bundle_rejected")
    assert built.digest in answer.json()["detail"]
    assert _list_stored(settings) == []


async def test_an_unsafe_bundle_is_refused(client: httpx.AsyncClient, settings: Settings) -> None:
    """An archive that is none is not kept, and nothing is known of it."""
    answer = await _send(client, b"no archive")
    assert (answer.status_code, answer.json()["code"]) == (422, "bundle_rejected")
    assert _list_stored(settings) == []
    assert (await client.get(BUNDLES)).json()["count"] == 0


async def test_a_large_bundle_is_refused(
    client: httpx.AsyncClient, composition: Composition, built: BuiltBundle, settings: Settings
) -> None:
    """Beyond the limit the upload ends with 413, and nothing is left of it."""
    composition.bundle_intake = BundleIntake(
        composition.unit_of_work,
        composition.bundle_store,
        settings.content_dir,
        BundleLimits(max_bytes=built.size_bytes - 1),
    )
    answer = await _send(client, built.path.read_bytes())
    assert (answer.status_code, answer.json()["code"]) == (413, "bundle_too_large")
    assert "MYX_BUNDLE_MAX_BYTES" in answer.json()["detail"]
    assert _list_stored(settings) == []


async def test_an_unknown_bundle_is_not_found(client: httpx.AsyncClient) -> None:
    """404 says how to send it; what is no digest is 422."""
    answer = await client.get(f"{BUNDLES}/{'a' * 64}")
    assert (answer.status_code, answer.json()["code"]) == (404, "bundle_not_found")
    assert "PUT" in answer.json()["detail"]
    assert (await client.get(f"{BUNDLES}/..%2f..%2fetc")).status_code in {404, 422}
    assert (await client.put(f"{BUNDLES}/ABC", content=b"")).status_code == 422


async def test_the_content_folder_is_packed_once(
    client: httpx.AsyncClient, composition: Composition, built: BuiltBundle
) -> None:
    """Runs at once and runs later share the bundle of an unchanged folder."""
    digests = await asyncio.gather(
        *[composition.bundle_intake.ensure_content_bundle() for _ in range(5)]
    )
    assert set(digests) == {built.digest}
    [bundle] = (await client.get(BUNDLES)).json()["results"]
    assert bundle["origin"] == "content_dir"
    assert composition.bundle_store.get_archive(built.digest).is_file()


async def test_a_change_on_disk_is_a_new_bundle(
    composition: Composition, built: BuiltBundle, settings: Settings
) -> None:
    """Even a change of the same size right behind a run is noticed by the next."""
    intake, playbook = composition.bundle_intake, settings.content_dir / "site.yml"
    digests = []
    for word in ("all", "web", "dbs", "all"):
        playbook.write_text(f"- hosts: {word}\n")
        digests.append(await intake.ensure_content_bundle())
    assert len(set(digests)) == 3
    assert digests[0] == digests[3] == built.digest


async def test_a_lost_bundle_is_packed_again(
    composition: Composition, built: BuiltBundle, settings: Settings
) -> None:
    """A file that somebody removed from the store comes back with the next run."""
    os.utime(settings.content_dir / "site.yml", (1, 1))
    await composition.bundle_intake.ensure_content_bundle()
    composition.bundle_store.get_archive(built.digest).unlink()
    assert await composition.bundle_intake.ensure_content_bundle() == built.digest
    assert composition.bundle_store.has(built.digest)


async def test_a_bad_content_folder_is_told(composition: Composition, settings: Settings) -> None:
    """A folder that cannot be packed fails the run that wants it, and leaves nothing behind."""
    (settings.content_dir / "bad").symlink_to("/etc")
    with pytest.raises(ContentError, match="'bad' leads to /etc"):
        await composition.bundle_intake.ensure_content_bundle()
    assert _list_stored(settings) == []


def test_what_a_crash_left_is_removed(tmp_path: Path) -> None:
    """At its start the store forgets unfinished files and keeps bundles."""
    store = BundleStore(tmp_path / "bundles")
    store.open()
    (tmp_path / "bundles/.unfinished-x").touch()
    (tmp_path / f"bundles/{'a' * 64}.tar.gz").touch()
    store.open()
    assert not (tmp_path / "bundles/.unfinished-x").exists()
    assert store.has("a" * 64)
    assert (tmp_path / "bundles").stat().st_mode & 0o777 == 0o700
