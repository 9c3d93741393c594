# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a module in a ready interpreter not see, and what does none of them leave behind?"""

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from module_bench import PATIENCE_S

from agent_runner.executions.processes import identify, list_descendants, list_marked
from agent_runner.warm.modules.counts import read_counts
from agent_runner.warm.modules.settings import locate_cache, locate_scratch

HEAD = "- hosts: all\n  gather_facts: false\n  tasks:\n"


def test_a_module_sees_nothing_of_the_one_before(bench: Any) -> None:
    """Variables, directory, umask and loaded code of one are not those of the next."""
    (bench.content / "library" / "spoil.py").write_text(
        "import os, sys, json, tempfile, types\n"
        "import ansible.module_utils.basic as basic\n"
        "seen = [os.environ.get('SPOILED'), getattr(basic, 'spoiled', 0),\n"
        "        'spoiled' in sys.modules,\n"
        "        os.getcwd(), oct(os.umask(0)), tempfile.tempdir, hasattr(json, 'spoiled')]\n"
        "os.environ['SPOILED'] = '1'; basic.spoiled = 1; sys.modules['spoiled'] = json\n"
        "json.spoiled = 1; os.chdir('/'); tempfile.tempdir = '/nowhere'\n"
        "print(json.dumps({'seen': seen}))\n"
        "sys.exit(0)\n"
    )
    played = bench.play_text(HEAD + "    - {name: spoil, spoil: {}, loop: [1, 2, 3]}\n")
    assert played.counts == {"warm": 3}, played.stdout
    first, *others = [result["seen"] for kind, result in played.results["spoil"] if kind == "item"]
    assert others == [first, first]
    assert first[:3] == [None, 0, False]


def test_no_argument_is_left_in_the_ready_interpreter(bench: Any) -> None:
    """The memory of what all modules are forked from has nothing of what they were given."""
    (bench.content / "library" / "look.py").write_text(
        "import os, re, sys, json\n"
        "from ansible.module_utils.basic import AnsibleModule\n"
        "module = AnsibleModule(argument_spec={'part': {'type': 'str'}})\n"
        "leader = int(open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1])\n"
        "word, found = ('qu1et' + module.params['part']).encode(), 0\n"
        "memory = open(f'/proc/{leader}/mem', 'rb', 0)\n"
        "for line in open(f'/proc/{leader}/maps'):\n"
        "    place, mode, *rest = line.split()\n"
        "    begin, end = (int(part, 16) for part in place.split('-'))\n"
        "    if 'rw' in mode and '[v' not in line:\n"
        "        memory.seek(begin)\n"
        "        found += memory.read(end - begin).count(word)\n"
        "module.exit_json(found=found, leader=open(f'/proc/{leader}/cmdline').read())\n"
    )
    if os.geteuid() != 0:
        pytest.skip("only root reads the memory of other processes")
    text = HEAD + "    - {probe: {secret: qu1et-value}, environment: {Q: qu1et-value}}\n"
    played = bench.play_text(text + "    - {name: look, look: {part: -value}}\n")
    ((_, result),) = played.results["look"]
    assert "agent_runner.warm" in result["leader"]
    assert result["found"] == 0
    assert played.counts == {"warm": 2}


def test_killing_the_playbook_leaves_nothing(bench: Any) -> None:
    """Ready interpreters end with their playbook, however it ends."""
    bench.begin_execution()
    (bench.content / "text.yml").write_text(HEAD + "    - command: sleep 1000\n")
    process = bench.start("text.yml", warm=True)
    _wait_for(lambda: _runs(bench.execution, b"sleep\x001000"))
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    _wait_for(lambda: not _answers(bench.execution))
    for each in list_marked(bench.execution):
        os.kill(each.pid, signal.SIGKILL)  # modules go on without their playbook, as the stock ones


def test_modules_descend_from_who_adopts_orphans(bench: Any) -> None:
    """All that runs for an execution can be found below its supervisor."""
    bench.begin_execution()
    (bench.content / "text.yml").write_text(
        HEAD + "    - command: 'true'\n    - command: sleep 1000\n"
    )
    read_fd, write_fd = os.pipe()
    supervisor = os.fork()
    if supervisor == 0:
        import ctypes  # noqa: PLC0415 - only here

        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
        bench.start("text.yml", warm=True)
        signal.pause()
    os.close(write_fd)
    os.close(read_fd)
    root = identify(supervisor)
    assert root is not None
    try:
        _wait_for(lambda: _runs(bench.execution, b"sleep\x001000"))
        assert read_counts(bench.execution) == {"warm": 1}
        before = set(list_marked(bench.execution))
        below = set(list_descendants(root))
        assert before & set(list_marked(bench.execution)) <= below
    finally:
        for each in [*list_descendants(root), root]:
            os.kill(each.pid, signal.SIGKILL)
        os.waitpid(supervisor, 0)
    _wait_for(lambda: not list_marked(bench.execution))


def test_a_module_util_of_the_content_wins_over_what_is_loaded(bench: Any) -> None:
    """Where a payload has another basic.py, its module runs the stock way with it."""
    import ansible.module_utils  # noqa: PLC0415 - the tests of the agent do not need it

    basic = Path(ansible.module_utils.__file__).parent / "basic.py"
    own = bench.content / "module_utils" / "basic.py"
    own.write_text(basic.read_text() + "\nAnsibleModule.said = 'by the content'\n")
    (bench.content / "library" / "ask.py").write_text(
        "from ansible.module_utils.basic import AnsibleModule\n"
        "module = AnsibleModule(argument_spec={})\n"
        "module.exit_json(said=module.said)\n"
    )
    played = bench.play_text(HEAD + "    - {name: ask, ask: {}}\n")
    assert played.results["ask"][0][1]["said"] == "by the content"
    assert played.counts == {"module_utils": 1}


def test_code_that_changes_is_compiled_again(bench: Any) -> None:
    """What a module says is what its file says now, from run to run."""
    module = bench.content / "library" / "ask.py"
    for word in ("one", "two"):
        module.write_text(
            "from ansible.module_utils.basic import AnsibleModule\n"
            f"AnsibleModule(argument_spec={{}}).exit_json(said='{word}')\n"
        )
        played = bench.play_text(HEAD + "    - {name: ask, ask: {}}\n")
        assert played.results["ask"][0][1]["said"] == word
        assert played.counts == {"warm": 1}


def test_a_cache_that_others_can_write_is_not_used(bench: Any) -> None:
    """Nothing is read from, nor written to, a folder that is not this account's alone."""
    cache = locate_cache(bench.execution)
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    played = bench.play_text(HEAD + "    - {name: run, command: 'true'}\n")
    assert played.counts == {"warm": 1}
    assert not list(cache.rglob("*-*"))


def test_an_interpreter_that_dies_is_started_again_and_then_no_more(bench: Any) -> None:
    """Modules run, whatever becomes of the interpreters."""
    (bench.content / "library" / "assassin.py").write_text(
        "import os, signal, sys, json\n"
        "import ansible.module_utils.basic\n"
        "leader = int(open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1])\n"
        "command = open(f'/proc/{leader}/cmdline').read()\n"
        "'agent_runner.warm' in command and os.kill(leader, signal.SIGKILL)\n"
        "print(json.dumps({'killed': 'agent_runner.warm' in command}))\n"
        "sys.exit(0)\n"
    )
    played = bench.play_text(HEAD + "    - {name: kill, assassin: {}, loop: [1, 2, 3, 4, 5]}\n")
    killed = [result["killed"] for kind, result in played.results["kill"] if kind == "item"]
    assert killed == [True, True, True, False, False], played.stdout
    assert played.counts == {"warm": 3, "interpreter_failed": 2}


def test_what_is_installed_meanwhile_is_found(bench: Any, tmp_path: Path) -> None:
    """A package that a task installs is there for the next module."""
    site = tmp_path / "home" / f".local/lib/python{sys.version_info[0]}.{sys.version_info[1]}"
    package = site / "site-packages"
    (bench.content / "library" / "find.py").write_text(
        "import json, sys, importlib.util\n"
        "import ansible.module_utils.basic\n"
        "print(json.dumps({'found': importlib.util.find_spec('lately_installed') is not None}))\n"
        "sys.exit(0)\n"
    )
    text = (
        "    - {name: before, find: {}}\n"
        f"    - {{file: {{path: {package}, state: directory}}}}\n"
        f"    - {{copy: {{content: '', dest: {package}/lately_installed.py}}}}\n"
        "    - {name: after, find: {}}\n"
    )
    interpreter = f"  vars: {{ansible_python_interpreter: {os.path.realpath(sys.executable)}}}\n"
    head = "- hosts: all\n  gather_facts: false\n" + interpreter + "  tasks:\n"
    played = bench.play_text(head + text, HOME=str(tmp_path / "home"))
    assert [played.results[name][0][1]["found"] for name in ("before", "after")] == [False, True]
    assert set(played.counts) == {"warm"}


@pytest.mark.parametrize(
    ("env", "reason"),
    [
        ({"ANSIBLE_DISPLAY_TRACEBACK": "always"}, "tracebacks"),
        ({"ANSIBLE_EXECUTABLE": "/bin/bash"}, "warm"),
        ({"ANSIBLE_KEEP_REMOTE_FILES": "1"}, "warm"),
        ({"ANSIBLE_PIPELINING": "0"}, "warm"),
        ({"ANSIBLE_MODULE_COMPRESSION": "ZIP_STORED"}, "warm"),
    ],
)
def test_settings_decide_the_way(bench: Any, env: dict[str, str], reason: str) -> None:
    """What ansible.cfg can say is obeyed, and counted where it needs the stock way."""
    played = bench.play_text(HEAD + "    - {name: run, command: echo on}\n", **env)
    assert played.counts == {reason: 1}, played.stdout
    assert played.results["run"][0][1]["stdout"] == "on"


def test_an_interpreter_that_is_a_script_is_left_to_the_shell(bench: Any) -> None:
    """What another program does before it becomes Python is done for each module."""
    script = bench.content / "python-with-a-note"
    script.write_text('#!/bin/sh\necho note >> "$(dirname "$0")/notes"\nexec python3 "$@"\n')
    script.chmod(0o755)
    head = "- hosts: all\n  gather_facts: false\n"
    head += f"  vars: {{ansible_python_interpreter: {script}}}\n  tasks:\n"
    played = bench.play_text(head + "    - {command: 'true'}\n    - {command: 'true'}\n")
    assert played.counts == {"interpreter": 2}
    assert (bench.content / "notes").read_text() == "note\nnote\n"


def test_only_this_account_reaches_the_interpreters(bench: Any) -> None:
    """The sockets lie where nobody else can go, and counts are nobody else's to read."""
    bench.play_text(HEAD + "    - command: 'true'\n")
    assert locate_scratch(bench.execution).stat().st_mode & 0o777 == 0o700
    (counts,) = bench.execution.glob("warm-modules")
    assert counts.stat().st_mode & 0o777 == 0o600
    files = [path for path in locate_cache(bench.execution).rglob("*") if path.is_file()]
    assert files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def _runs(execution: Path, words: bytes) -> bool:
    for each in list_marked(execution):
        with contextlib.suppress(OSError):
            if words in Path(f"/proc/{each.pid}/cmdline").read_bytes():
                return True
    return False


def _answers(execution: Path) -> bool:
    """Tell whether a ready interpreter is there."""
    (path,) = locate_scratch(execution).glob("*.0")
    folder_fd = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(f"/proc/self/fd/{folder_fd}/{path.name}") == 0
    finally:
        os.close(folder_fd)


def _wait_for(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
