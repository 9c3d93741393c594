#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that does not behave: it prints, dies, stays, or answers no JSON."""

import atexit
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time

import ansible.module_utils.basic as basic
from ansible.module_utils.basic import AnsibleModule

WORK = "/srv/equality"

LIBC_SIGNALS = 0b11 << 31  # 32 and 33 are the C library's own: posix_spawn ignores them in children


def print_before(module):
    print("a line before the answer")
    sys.stdout.flush()
    module.exit_json(changed=False)


def print_after(module):
    sys.stdout.write('{"changed": false, "fine": true}\n')
    print("a line after the answer")
    sys.exit(0)


def write_errors(module):
    sys.stderr.write("a word to stderr\n")
    module.exit_json(changed=False)


def answer_no_json(module):
    print("this is no JSON at all")
    sys.exit(0)


def answer_and_exit(module):
    print('{"changed": true, "msg": "answered, and then exit 9"}')
    sys.exit(9)


def leave_hard(module):
    sys.stdout.write('{"changed": true}')
    sys.stdout.flush()
    os._exit(0)


def die(number):
    signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else None
    os.kill(os.getpid(), number)


def break_down(module):
    raise RuntimeError("it broke with a ü")


def interrupt(module):
    raise KeyboardInterrupt


def answer_much(module):
    module.exit_json(changed=False, blob="x" * module.params["size"])


def complain_much(module):
    sys.stderr.write("e" * module.params["size"])
    module.exit_json(changed=False)


def start_thread(module):
    threading.Thread(target=time.sleep, args=(0.3,)).start()
    module.exit_json(changed=False, threads=threading.active_count())


def note_end():
    with open(WORK + "/atexit", "w") as file:
        file.write("ran")


def leave_a_note_at_exit(module):
    atexit.register(note_end)
    module.exit_json(changed=True)


def leave_a_child(module):
    null = subprocess.DEVNULL
    command = ["sh", "-c", "sleep 0.2; echo late >%s/late" % WORK]
    subprocess.Popen(command, stdin=null, stdout=null, stderr=null)
    module.exit_json(changed=True)


def leave_a_daemon(module):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        time.sleep(0.2)
        with open(WORK + "/daemon", "w") as file:
            file.write("it went on")
        os._exit(0)
    os.wait()
    module.exit_json(changed=True)


def make_a_mess(module):
    os.chdir("/")
    os.umask(0o777)
    os.environ["EQ_MESS"] = "left"
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.path.insert(0, "/nonsense")
    json.leaked = basic.leaked = True
    module.exit_json(changed=True)


def look(module):
    watched = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGHUP)
    with open("/proc/self/status") as file:
        lines = [line.split() for line in file if line.startswith(("SigBlk", "SigIgn"))]
    masks = ["%016x" % (int(line[1], 16) & ~LIBC_SIGNALS) for line in lines]
    with open("/proc/self/oom_score_adj") as file:
        oom = file.read().strip()
    module.exit_json(
        changed=False,
        leaks=[hasattr(json, "leaked"), hasattr(basic, "leaked"), "/nonsense" in sys.path],
        mess=os.environ.get("EQ_MESS"),
        cwd=os.getcwd(),
        signals=[str(signal.getsignal(number)) for number in watched],
        threads=threading.active_count(),
        fds=sorted(fd for fd in range(3, 200) if os.path.exists("/proc/self/fd/%d" % fd)),
        niceness=os.nice(0),
        groups=os.getgroups(),
        ids=[os.getuid(), os.geteuid(), os.getgid()],
        limits=resource.getrlimit(resource.RLIMIT_NOFILE),
        main=sys.modules["__main__"].__name__,
        file=os.path.basename(__file__),
        encoding=[sys.stdout.encoding, sys.stderr.encoding, sys.getfilesystemencoding()],
        flags=list(sys.flags),
        executable=sys.executable,
        buffering=sys.stdout.line_buffering,
        recursion=sys.getrecursionlimit(),
        oom=oom,
        masks=masks,
    )


WAYS = {
    "print before": print_before,
    "print after": print_after,
    "stderr": write_errors,
    "no json": answer_no_json,
    "nothing": lambda module: sys.exit(0),
    "nothing, wrong exit": lambda module: sys.exit(7),
    "answer, wrong exit": answer_and_exit,
    "os._exit": leave_hard,
    "os._exit unflushed": lambda module: os._exit(3),
    "kill": lambda module: die(signal.SIGKILL),
    "term": lambda module: die(signal.SIGTERM),
    "segfault": lambda module: die(signal.SIGSEGV),
    "exception": break_down,
    "deep exception": lambda module: json.loads("{"),
    "system exit text": lambda module: sys.exit("a sentence as exit code"),
    "keyboard": interrupt,
    "large": answer_much,
    "large stderr": complain_much,
    "thread": start_thread,
    "atexit": leave_a_note_at_exit,
    "child": leave_a_child,
    "daemon": leave_a_daemon,
    "mess": make_a_mess,
    "look": look,
}


def main():
    """Misbehave as asked."""
    spec = {"how": {"type": "str"}, "size": {"type": "int", "default": 1}}
    module = AnsibleModule(argument_spec=spec)
    way = WAYS.get(module.params["how"])
    if way is None:
        module.fail_json(msg="unknown: %s" % module.params["how"])
    way(module)


if __name__ == "__main__":
    main()
