# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory update of AWX with a control plane as its source, and the credential's injectors."""

import json
import shutil
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from real_control_plane import ControlPlaneProcess

ROOT = Path(__file__).parents[4]


def inject(inputs: dict[str, str], folder: Path) -> dict[str, str]:
    """Return the variables that AWX makes of a credential: files first, then the environment."""
    text = (ROOT / "awx/credential_type.yml").read_text().replace("!unsafe ", "")
    injectors = yaml.safe_load(text)["awx_credential_injectors"]
    paths = {}
    for name, template in injectors["file"].items():
        path = folder / f"awx_{name.removeprefix('template.')}"
        path.write_text(jinja2.Template(template).render(**inputs))
        paths[name.removeprefix("template.")] = str(path)
    return {
        name: jinja2.Template(template).render(**inputs, tower={"filename": paths})
        for name, template in injectors["env"].items()
    }


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("variable", ["ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_COLLECTIONS_PATHS"])
async def test_the_fleet_is_an_inventory_source(
    ansible: Any, tmp_path: Path, control_plane: ControlPlaneProcess, variable: str
) -> None:
    """AWX does not look into the project's collections here, but beside the inventory file."""
    await control_plane.post("/hosts", {"name": "web1", "address": "192.0.2.1"})
    runner = tmp_path / "runner"
    for name in ("collections", "inventory"):
        shutil.copytree(ROOT / name, runner / "project" / name, symlinks=True)
    output = runner / "output.json"
    credential = {"url": control_plane.url, "token": control_plane.token}
    updated = await ansible(
        "ansible-inventory",
        *("--list", "--export", "-i", runner / "project/inventory/fleet.myx.yml"),
        *("--output", output, "--playbook-dir", runner / "project/inventory"),
        **{
            "ANSIBLE_COLLECTIONS_PATH": "/usr/share/ansible/collections",
            "ANSIBLE_INVENTORY_EXPORT": "True",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_VERBOSE_TO_STDERR": "True",
            variable: f"{runner}/requirements_collections:/usr/share/ansible/collections",
            **inject(credential, tmp_path),
        },
    )
    assert updated.code == 0, updated.out + updated.err
    listed = json.loads(output.read_text())
    assert listed["agent_not_installed"]["hosts"] == ["web1"]
    assert listed["_meta"]["hostvars"]["web1"]["ansible_host"] == "192.0.2.1"


def test_a_ca_is_passed_as_a_file_and_else_not(tmp_path: Path) -> None:
    """AWX writes the file in any case; an empty one would refuse every certificate."""
    inputs = {"url": "https://myx.example.org", "token": "geheim1234"}
    assert inject(inputs, tmp_path) == {
        "MYX_URL": "https://myx.example.org",
        "MYX_TOKEN": "geheim1234",
        "MYX_CA_FILE": "",
        "MYX_FINGERPRINT": "",
    }
    path = inject({**inputs, "ca": "-----BEGIN"}, tmp_path)["MYX_CA_FILE"]
    assert Path(path).read_text() == "-----BEGIN"
