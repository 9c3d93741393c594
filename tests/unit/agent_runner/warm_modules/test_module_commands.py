# SPDX-License-Identifier: GPL-3.0-or-later
"""Which commands are modules."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_runner.warm.modules.commands import (
    ModuleCommand,
    NotUnderstoodError,
    recognize_module,
)

FILE = "/root/.ansible/tmp/ansible-tmp-1.5-2-3/AnsiballZ_stat.py"


def _wrap(inner: str) -> str:
    return f"/bin/sh -c {shlex.quote(inner)}"


@pytest.mark.parametrize("ending", ["", " && sleep 0"])
def test_a_payload_on_a_pipe_is_recognized(ending: str) -> None:
    """Both forms of the versions of Ansible that are supported are."""
    found = recognize_module(_wrap(f"/usr/bin/python3{ending}"), has_input=True)
    assert found == ModuleCommand("/bin/sh", "/usr/bin/python3", {}, None, bool(ending))


def test_a_payload_in_a_file_is_recognized() -> None:
    """It is where files are wanted."""
    found = recognize_module(_wrap(f"/usr/bin/python3.11 {FILE} && sleep 0"), has_input=False)
    assert found == ModuleCommand("/bin/sh", "/usr/bin/python3.11", {}, FILE, shell_stays=True)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        max_size=4,
    )
)
def test_variables_are_what_a_shell_would_make_of_them(variables: dict[str, str]) -> None:
    """Any value that Ansible quotes arrives as it was."""
    settings = "".join(f"{name}={shlex.quote(value)} " for name, value in variables.items())
    found = recognize_module(_wrap(f"{settings}/usr/bin/python3 && sleep 0"), has_input=True)
    assert found is not None
    assert found.variables == variables


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ("/usr/bin/python3; rm -rf /", "command"),
        ("/usr/bin/python3 -E", "command"),
        ("/usr/bin/python3 $(id)", "command"),
        ("FOO=$HOME /usr/bin/python3", "command"),
        ("FOO=`id` /usr/bin/python3", "command"),
        ("FOO=a;b /usr/bin/python3", "command"),
        ("cd /tmp && /usr/bin/python3", "not_python"),
        ("python3", "command"),
        ("$HOME/python3", "command"),
        ("/usr/bin/python3 && sleep 0 && sleep 0", "command"),
        ("/usr/bin/python3  && sleep 0", "command"),
        ("/usr/bin/python3 'unfinished", "command"),
        ("/usr/bin/ruby", "not_python"),
        ("sudo -n /bin/sh -c 'echo BECOME-SUCCESS-abc ; /usr/bin/python3'", "become"),
    ],
)
def test_what_a_shell_could_understand_otherwise_is_left_to_it(inner: str, reason: str) -> None:
    """Nothing is guessed, and each has its reason."""
    with pytest.raises(NotUnderstoodError, match=f"^{reason}$"):
        recognize_module(_wrap(inner), has_input=True)


@pytest.mark.parametrize("shell", ["sh", "/bin/sh -x", "$SHELL"])
def test_an_odd_shell_is_left_to_itself(shell: str) -> None:
    """Only a shell with its path is known to be the one that is meant."""
    with pytest.raises(NotUnderstoodError):
        recognize_module(f"{shell} -c /usr/bin/python3", has_input=True)


def test_a_task_in_the_background_is_counted_as_such() -> None:
    """Ansible's wrapper for these starts the module itself."""
    inner = f"/usr/bin/python3 /root/t/async_wrapper.py j1.2 20 {FILE} _"
    with pytest.raises(NotUnderstoodError, match="async"):
        recognize_module(_wrap(inner), has_input=False)


@pytest.mark.parametrize(
    "inner",
    [
        "echo ~root && sleep 0",
        f"chmod u+rwx /root/t/ {FILE} && sleep 0",
        "rm -f -r /root/t/ > /dev/null 2>&1 && sleep 0",
        "uptime",
    ],
)
def test_other_commands_are_none_of_ours(inner: str) -> None:
    """They are not counted either."""
    assert recognize_module(_wrap(inner), has_input=False) is None
