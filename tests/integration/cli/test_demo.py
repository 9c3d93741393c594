# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo, and with it every verb against a real control plane and a real agent."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

MYX = Path(sys.executable).with_name("myx")
TIMEOUT_S = 180
"""Far above what it takes on a busy machine; a test that reaches it has found a fault."""

CONTENT = {
    "playbooks/demo.yml": """
- name: Show that it works
  hosts: all
  gather_facts: false
  tasks:
    - name: Say it
      ansible.builtin.debug:
        msg: "this is {{ inventory_hostname }}"
""",
    "playbooks/wait.yml": """
- name: Wait for a file
  hosts: all
  gather_facts: false
  tasks:
    - name: Wait
      ansible.builtin.wait_for:
        path: "{{ gate }}"
        sleep: 1
""",
}


class Demo:
    """A demo that runs as a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.seen = ""
        self._process = subprocess.Popen(
            [MYX, "demo", "--data-dir", ".data", *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._watchdog = threading.Timer(TIMEOUT_S, self._process.kill)
        self._watchdog.daemon = True
        self._watchdog.start()

    @property
    def environment(self) -> dict[str, str]:
        """What the command line needs to find it."""
        [url] = re.findall(r"Browser page +(\S+)", self.seen)
        return os.environ | {
            "MYX_DATA_DIR": str(self.folder / ".data/control-plane"),
            "MYX_LISTEN": url.removeprefix("http://").rstrip("/"),
        }

    def wait_for(self, text: str) -> None:
        """Return when it has printed the text."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.seen += line
            if text in line:
                return
        pytest.fail(f"the demo ended without {text!r}:\n{self.seen}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Return its exit code when it has ended; what it printed is in ``seen``."""
        assert self._process.stdout is not None
        with self._process.stdout as rest:
            self.seen += rest.read()
        code = self._process.wait()
        self._watchdog.cancel()
        return code

    def find_processes(self) -> list[str]:
        """Return the command lines of everything that belongs to its folder."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # it has ended meanwhile
            if str(self.folder / ".data") in command:
                found.append(command)
        return found

    def find_child(self, word: str) -> int:
        """Return the process id of one of its programs."""
        children = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        for pid in Path(children).read_text().split():
            if word in Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0"):
                return int(pid)
        pytest.fail(f"no {word} among the children")


def _make_content(folder: Path) -> Path:
    for name, text in CONTENT.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Return a demo that serves; at the end, Ctrl-C stops everything that it started."""
    running = Demo(_make_content(tmp_path_factory.mktemp("demo")))
    running.wait_for("Serving until Ctrl-C")
    yield running
    running.send(signal.SIGINT)
    assert running.wait() == 0, running.seen
    assert running.find_processes() == []


Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def myx(demo: Demo) -> Run:
    """Return a function that types ``myx ...`` against the demo."""

    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [MYX, *arguments],
            env=demo.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    return run


def test_it_shows_the_playbook_live_and_where_to_look(demo: Demo) -> None:
    """The log is ansible-playbook's own, and the addresses answer."""
    assert "this is local" in demo.seen
    assert "PLAY RECAP" in demo.seen
    for words in ("Browser page", "API documentation", ".data/control-plane/admin-token"):
        assert words in demo.seen


def test_a_command_on_a_real_agent(myx: Run) -> None:
    """Bytes, streams and exit code arrive as they are."""
    done = myx("exec", "-l", "local", "--", "sh", "-c", r"printf 'a\377\0b'; echo no >&2; exit 3")
    assert done.returncode == 2
    assert done.stdout == b"a\xff\x00b"
    assert b"no\n" in done.stderr
    assert b"exit code 3" in done.stderr


def test_json_of_a_real_command(myx: Run) -> None:
    """The document holds output and result, and nothing else is printed."""
    done = myx("exec", "-l", "local", "--json", "--", "echo", "grüß")
    document = json.loads(done.stdout)
    assert document["executions"][0]["stdout"] == "grüß\n"
    assert document["run"]["status"] == "successful"
    assert done.stderr == b""


def test_a_script_and_its_log_by_offset(myx: Run, tmp_path: Path) -> None:
    """What a script printed can be read again from any byte."""
    (tmp_path / "report.py").write_text("#!/usr/bin/env python3\nprint('0123456789')\n")
    run_id = myx("script", "-l", "all", "--detach", str(tmp_path / "report.py")).stdout.decode()
    followed = myx("log", run_id.strip(), "--follow")
    assert (followed.returncode, followed.stdout) == (0, b"0123456789\n")
    assert myx("log", run_id.strip(), "local", "--offset", "4").stdout == b"456789\n"
    newest = json.loads(myx("runs", "-n", "1", "--json").stdout)
    assert [str(run["id"]) for run in newest] == [run_id.strip()]


def test_content_of_ones_own(myx: Run, tmp_path: Path) -> None:
    """A folder that the control plane has never seen is sent along."""
    text = CONTENT["playbooks/demo.yml"].replace("this is", "mine is")
    (tmp_path / "mine.yml").write_text(text)
    done = myx("run", "mine.yml", "--content", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert b"mine is local" in done.stdout


def test_a_pattern_that_matches_nothing(myx: Run) -> None:
    """The error names it, in one or two lines."""
    done = myx("exec", "-l", "nosuch", "--", "true")
    assert done.returncode == 1
    assert b"nosuch" in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_ctrl_c_leaves_the_run_going(myx: Run, demo: Demo, tmp_path: Path) -> None:
    """It tells how to follow and how to cancel; a cancel then ends the run."""
    watching = subprocess.Popen(
        [MYX, "run", "playbooks/wait.yml", "-e", f"gate={tmp_path}/gate", "-l", "local"],
        env=demo.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert watching.stdout is not None
    for line in watching.stdout:
        if b"TASK [Wait]" in line:
            break
    watching.send_signal(signal.SIGINT)
    _rest, told = watching.communicate(timeout=TIMEOUT_S)
    assert watching.returncode == 130
    [run_id] = re.findall(rb"myx log (\d+) --follow", told)
    assert f"myx cancel {run_id.decode()}".encode() in told
    assert b"is being canceled" in myx("cancel", run_id.decode()).stderr
    ended = myx("log", run_id.decode(), "--follow")
    assert ended.returncode == 2
    assert b"canceled" in ended.stderr


def test_the_host_and_what_its_agent_says(myx: Run) -> None:
    """It is listed, and shown with what the agent answers now."""
    shown = myx("host", "show", "local")
    assert shown.returncode == 0
    assert b"online" in shown.stdout
    assert b"ansible-core" in shown.stdout
    listed = json.loads(myx("host", "list", "--json").stdout)
    assert [host["name"] for host in listed] == ["local"]


def test_a_second_demo_in_the_same_folder_is_refused(demo: Demo) -> None:
    """It names the first one's process."""
    second = Demo(demo.folder)
    assert second.wait() == 1
    assert "A demo is running" in second.seen


def test_a_killed_demo_leaves_nothing_in_the_way(tmp_path: Path, demo: Demo) -> None:
    """After kill -9 nothing of it runs on, and the next one starts; --once ends with the run."""
    killed = Demo(_make_content(tmp_path))
    killed.wait_for("Serving until Ctrl-C")
    killed.send(signal.SIGKILL)
    killed.wait()
    again = Demo(tmp_path, "--once")
    assert again.wait() == 0, again.seen
    assert "this is local" in again.seen
    assert "is taken" in again.seen  # the other demo has the usual port
    assert demo.find_processes()
    assert again.find_processes() == []


def test_a_dead_child_ends_the_demo(tmp_path: Path) -> None:
    """It says which of its programs died and shows the end of its log."""
    bereaved = Demo(_make_content(tmp_path))
    bereaved.wait_for("Serving until Ctrl-C")
    os.kill(bereaved.find_child("--config"), signal.SIGKILL)
    assert bereaved.wait() == 1
    assert "The agent was ended by SIGKILL." in bereaved.seen
    assert "event=listening" in bereaved.seen
    assert bereaved.find_processes() == []


def test_outside_a_checkout(tmp_path: Path) -> None:
    """Where there is no playbook to show, it says where to go."""
    lost = Demo(tmp_path)
    assert lost.wait() == 1
    assert "playbooks/demo.yml is not here" in lost.seen
