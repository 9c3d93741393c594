# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from api.agents.install.role_output import RoleOutput


def translate(*lines: str) -> list[str]:
    """Return what is told of the lines."""
    output = RoleOutput()
    return [told for line in lines if (told := output.translate(line))]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            ["TASK [myx.fleet.agent : Write the unit] ****", "changed: [localhost]"],
            "Write the unit: changed",
        ),
        (
            ["RUNNING HANDLER [myx.fleet.agent : Restart] **", "changed: [localhost]"],
            "Restart: changed",
        ),
        (
            ["TASK [Make folders] **", "ok: [localhost] => (item=/etc/myx-agent)"],
            "Make folders (/etc/myx-agent): ok",
        ),
        (
            [
                "TASK [myx.fleet.agent : Wait] **",
                "FAILED - RETRYING: [localhost]: myx.fleet.agent : Wait (59 retries left).",
            ],
            "Wait (59 more tries)",
        ),
    ],
)
def test_a_result_becomes_one_line(lines: list[str], told: str) -> None:
    """Each task's result is told with the task's name."""
    assert translate(*lines) == [told]


def test_what_is_no_result_is_not_told() -> None:
    """Headings, recaps and empty lines stay away."""
    assert translate("", "PLAY [all] ***", "localhost : ok=3 changed=1", "[WARNING]: x") == []


def test_the_last_failure_is_kept_as_the_reason() -> None:
    """The message of the task that failed last is what the error will say."""
    output = RoleOutput()
    output.translate("TASK [myx.fleet.agent : Look] **")
    output.translate('fatal: [localhost]: FAILED! => {"changed": false, "msg": "first"}')
    output.translate("TASK [myx.fleet.agent : Say what happened] **")
    line = 'fatal: [localhost]: FAILED! => {"changed": false, "msg": "It did\\nnot come up."}'
    assert output.translate(line) == "Say what happened: failed"
    assert output.failure == "It did not come up."
