# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback ``myx.fleet.report``, with real Ansible and a real control plane."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from real_control_plane import ControlPlaneProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

INVENTORY = """\
[web]
one ansible_connection=local ansible_python_interpreter={python}
two ansible_connection=local ansible_python_interpreter={python}
"""

PLAYBOOK = """\
- name: A play
  hosts: web
  gather_facts: false
  strategy: {strategy}
  tasks:
    - name: Greet
      ansible.builtin.debug:
        msg: "grüß {{{{ item }}}}"
      loop: [you, them]
    - name: Change
      ansible.builtin.command: "true"
      notify: Told
    - name: Hide
      ansible.builtin.command: echo geheim
      changed_when: false
      no_log: true
    - name: Fail on one
      ansible.builtin.fail:
        msg: as it was asked to
      when: inventory_hostname == 'two'
  handlers:
    - name: Told
      ansible.builtin.debug:
        msg: told
"""

WAITING = """\
- name: A play
  hosts: one
  gather_facts: false
  tasks:
    - name: Say that it has begun
      ansible.builtin.debug:
        msg: begun
    - name: Wait
      ansible.builtin.wait_for:
        path: "{{ playbook_dir }}/go"
        sleep: 1
    - name: Say that it goes on
      ansible.builtin.debug:
        msg: went on
"""

Begin = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture(autouse=True)
def content(tmp_path: Path, environment: dict[str, str]) -> None:
    """Write an inventory and playbooks, and let Ansible report."""
    (tmp_path / "hosts").write_text(INVENTORY.format(python=sys.executable))
    (tmp_path / "site.yml").write_text(PLAYBOOK.format(strategy="linear"))
    (tmp_path / "free.yml").write_text(PLAYBOOK.format(strategy="free"))
    (tmp_path / "waiting.yml").write_text(WAITING)
    environment["ANSIBLE_CALLBACKS_ENABLED"] = "myx.fleet.report"
    environment["ANSIBLE_INVENTORY"] = str(tmp_path / "hosts")
    environment["PYTHONUNBUFFERED"] = "1"


@pytest.fixture
async def begin(tmp_path: Path, environment: dict[str, str]) -> AsyncIterator[Begin]:
    """Return a function that begins the playbook that waits, and returns when it does."""
    begun = []

    async def start(**variables: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("ansible-playbook"),
            "waiting.yml",
            cwd=tmp_path,
            env=environment | variables,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        begun.append(process)
        assert process.stdout is not None
        while b"TASK [Wait]" not in await process.stdout.readline():
            pass
        return process

    yield start
    for process in begun:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def find_run(control_plane: ControlPlaneProcess, name: str = "") -> dict[str, Any]:
    """Return the newest run, by name."""
    asked = {"search": name} if name else {}
    run: dict[str, Any] = (await control_plane.get("/runs", **asked))["results"][0]
    return run


async def list_executions(
    control_plane: ControlPlaneProcess, run: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the executions of a run by host."""
    rows = (await control_plane.get(f"/runs/{run['id']}/executions"))["results"]
    return {row["host"]: row for row in rows}


async def read_log(control_plane: ControlPlaneProcess, run: dict[str, Any]) -> str:
    """Return the whole log of a run."""
    executions = await list_executions(control_plane, run)
    return (await control_plane.download(executions["control node"]["id"])).decode()


@pytest.mark.parametrize("playbook", ["site.yml", "free.yml"])
async def test_a_playbook_shows_up_as_it_went(
    ansible: Any, control_plane: ControlPlaneProcess, playbook: str
) -> None:
    """Its log is what the terminal shows, each host has its events and its recap."""
    outcome = await ansible("ansible-playbook", playbook, "--diff", AWX_JOB_ID=playbook)

    assert outcome.code == 2
    assert not outcome.err
    run = await find_run(control_plane)
    assert (run["kind"], run["name"], run["status"]) == ("reported", playbook, "failed")
    assert (run["reason"], run["diff"]) == ("2 hosts: 1 successful, 1 failed.", True)
    assert run["job"] == f"awx-{playbook}"
    assert await read_log(control_plane, run) == outcome.out
    executions = await list_executions(control_plane, run)
    assert {host: each["status"] for host, each in executions.items()} == {
        "control node": "failed",
        "one": "successful",
        "two": "failed",
    }
    assert executions["one"]["recap"]["ok"] == 4
    events = await control_plane.get(f"/executions/{executions['two']['id']}/events")
    told = [(e["event"], e["event_data"].get("task")) for e in events["events"]]
    assert ("runner_item_on_ok", "Greet") in told
    assert ("runner_on_failed", "Fail on one") in told
    assert "geheim" not in str(events)
    hidden = [e for e in events["events"] if e["event_data"].get("task") == "Hide"]
    assert "censored" in hidden[-1]["event_data"]["res"]
    greeted = [e for e in events["events"] if e["event"] == "runner_item_on_ok"]
    assert "grüß you" in "".join(e["stdout"] for e in greeted)


async def test_verbose_lines_are_reported_too(
    ansible: Any, control_plane: ControlPlaneProcess
) -> None:
    """Only what is printed before there are plays is missing."""
    outcome = await ansible("ansible-playbook", "site.yml", "-vv")
    run = await find_run(control_plane)
    log = await read_log(control_plane, run)
    assert "task path: " in log
    assert outcome.out.endswith(log[log.index("PLAY [A play]") :])


async def test_a_job_may_start_several_playbooks(
    ansible: Any, control_plane: ControlPlaneProcess
) -> None:
    """Each is a run, whether of one command or of several."""
    before = (await control_plane.get("/runs"))["count"]
    for _ in range(2):
        await ansible("ansible-playbook", "site.yml", "free.yml", SEMAPHORE_TASK_DETAILS_ID="7")
    runs = (await control_plane.get("/runs"))["results"][: -before or None]
    # The failure of a host ends the first playbook, and with it the command.
    assert {(run["name"], run["job"], run["status"]) for run in runs} == {
        ("site.yml", "semaphore-7", "failed")
    }
    assert len(runs) == 2


async def test_nothing_is_lost_where_the_control_plane_is_killed(
    begin: Begin, control_plane: ControlPlaneProcess, tmp_path: Path
) -> None:
    """What happens while it is away is reported when it is back."""
    process = await begin(MYX_REPORT_WAIT="300")
    await _wait_for_log(control_plane, "begun")
    await control_plane.stop(signal.SIGKILL)
    (tmp_path / "go").touch()
    assert process.stdout is not None
    out = b""
    while b"PLAY RECAP" not in out:
        out += await process.stdout.readline()
    await control_plane.start()
    _, err = await process.communicate()

    assert process.returncode == 0
    assert not err
    run = await find_run(control_plane)
    assert run["status"] == "successful"
    log = await read_log(control_plane, run)
    assert (
        log.count('"msg": "begun"') == log.count('"msg": "went on"') == log.count("PLAY RECAP") == 1
    )
    executions = await list_executions(control_plane, run)
    events = []
    for each in executions.values():
        events += (await control_plane.get(f"/executions/{each['id']}/events"))["events"]
    assert sorted(e["counter"] for e in events) == list(range(1, len(events) + 1))
    assert "playbook_on_stats" in {e["event"] for e in events}


async def _wait_for_log(control_plane: ControlPlaneProcess, text: str) -> None:
    """Return when the newest run has a text in its log."""
    seen = ""
    async for name, data in control_plane.follow((await _await_run(control_plane))["id"]):
        seen += data["log_data"] if name == "log" else ""
        if text in seen:
            return


async def _await_run(control_plane: ControlPlaneProcess) -> dict[str, Any]:
    """Return the run that is under way, as soon as it is opened."""
    while True:
        runs = await control_plane.get("/runs", status="running")
        if runs["count"]:
            run: dict[str, Any] = runs["results"][0]
            return run
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_playbook_is_canceled(
    begin: Begin, control_plane: ControlPlaneProcess, number: signal.Signals
) -> None:
    """Its log says what came until then."""
    process = await begin()
    process.send_signal(number)
    await process.communicate()
    run = await find_run(control_plane)
    assert (run["name"], run["status"]) == ("waiting.yml", "canceled")
    assert "begun" in await read_log(control_plane, run)


async def test_a_control_plane_that_is_away_stops_no_playbook(ansible: Any) -> None:
    """What was not reported is told once, at the end."""
    away = {"MYX_URL": "http://127.0.0.1:9", "MYX_REPORT_WAIT": "0"}
    outcome = await ansible("ansible-playbook", "site.yml", "-l", "one", **away)
    assert outcome.code == 0
    assert outcome.err.count("was not reported to MyX completely") == 1
    assert "127.0.0.1:9 cannot be reached" in outcome.err.replace("\n", " ")


@pytest.mark.parametrize(
    ("variables", "cause"),
    [({"MYX_URL": ""}, "MYX_URL"), ({"MYX_TOKEN": "wrong"}, "not reported")],
)
async def test_a_wrong_setting_stops_no_playbook(
    ansible: Any, variables: dict[str, str], cause: str
) -> None:
    """What is wrong is told."""
    outcome = await ansible("ansible-playbook", "site.yml", "-l", "one", **variables)
    assert outcome.code == 0
    assert cause in outcome.err


async def test_it_offers_no_retries(ansible: Any) -> None:
    """It goes on until the time is over, so a number of tries would mean nothing."""
    told = await ansible("ansible-doc", "-t", "callback", "-j", "myx.fleet.report")
    options = told.json["myx.fleet.report"]["doc"]["options"]
    assert {"myx_url", "myx_timeout", "report_wait"} < set(options)
    assert "myx_retries" not in options
