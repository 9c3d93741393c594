# SPDX-License-Identifier: GPL-3.0-or-later
"""``awx/bootstrap.yml`` with the real modules of awx.awx, against an AWX of a few pages."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fake_awx import FakeAwx

ROOT = Path(__file__).parents[4]


@pytest.fixture
def awx() -> Iterator[FakeAwx]:
    """Return an AWX with nothing but its default organization."""
    with FakeAwx() as serving:
        yield serving


def bootstrap(awx: FakeAwx, community: Path, folder: Path) -> dict[str, int]:
    """Run the playbook, and return the numbers of its recap."""
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            ROOT / "awx/bootstrap.yml",
            *("-e", "awx_project_url=https://git.example.org/fleet.git"),
        ],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(community),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "CONTROLLER_HOST": awx.url,
            "CONTROLLER_OAUTH_TOKEN": "token-of-a-test",
            "MYX_URL": "https://myx.example.org",
            "MYX_TOKEN": "geheim1234",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "geheim1234" not in done.stdout + done.stderr
    return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", done.stdout)}


def test_awx_is_set_up_once(awx: FakeAwx, community: Path, tmp_path: Path) -> None:
    """Credential, project, inventory and templates are made; the second run changes nothing."""
    assert bootstrap(awx, community, tmp_path)["changed"] >= 5
    [credential] = awx.list("credentials")
    assert credential["inputs"] == {"url": "https://myx.example.org", "token": "geheim1234"}
    assert awx.get("credential_types", "MyX")["kind"] == "cloud"
    source = awx.get("inventory_sources", "MyX fleet")
    assert source["source_path"] == "inventory/fleet.myx.yml"
    assert (ROOT / source["source_path"]).is_file()
    templates = {each["playbook"]: each for each in awx.list("job_templates")}
    assert set(templates) == {
        f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")
    }
    caddy = templates["playbooks/deploy_caddy.yml"]
    survey = awx.parts["job_templates", caddy["id"], "survey_spec"]
    assert "caddy_state" in {question["variable"] for question in survey["spec"]}
    assert awx.parts["job_templates", caddy["id"], "credentials"] == [{"id": credential["id"]}]
    made = len(awx.changes)
    assert bootstrap(awx, community, tmp_path)["changed"] == 0
    assert awx.changes[made:] == []


def test_the_injectors_are_what_the_plugins_read() -> None:
    """Each variable is one that the doc fragment of the plugins names, and each input is used."""
    text = (ROOT / "awx/credential_type.yml").read_text()
    defined = yaml.safe_load(text.replace("!unsafe ", ""))
    fragment = ROOT / "collections/ansible_collections/myx/fleet/plugins/doc_fragments/api.py"
    known = set(re.findall(r"- name: (MYX_\w+)", fragment.read_text()))
    variables = defined["awx_credential_injectors"]["env"]
    assert set(variables) == known - {"MYX_TIMEOUT", "MYX_RETRIES"}
    used = json.dumps(defined["awx_credential_injectors"])
    for field in defined["awx_credential_inputs"]["fields"]:
        assert re.search(rf"\{{\{{ {field['id']} \}}\}}", used), field
