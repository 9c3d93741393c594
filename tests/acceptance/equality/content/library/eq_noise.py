#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that does not behave: it prints, dies, stays, or answers no JSON."""

import os
import signal
import subprocess
import sys
import threading
import time

from ansible.module_utils.basic import AnsibleModule


def main():
    """Misbehave as asked."""
    module = AnsibleModule(argument_spec={"how": {"type": "str"}, "size": {"type": "int", "default": 1}})
    how = module.params["how"]
    if how == "print before":
        print("a line before the answer")
        sys.stdout.flush()
        module.exit_json(changed=False)
    if how == "print after":
        sys.stdout.write('{"changed": false, "fine": true}\n')
        print("a line after the answer")
        sys.exit(0)
    if how == "stderr":
        sys.stderr.write("a word to stderr\n")
        module.exit_json(changed=False)
    if how == "no json":
        print("this is no JSON at all")
        sys.exit(0)
    if how == "nothing":
        sys.exit(0)
    if how == "nothing, wrong exit":
        sys.exit(7)
    if how == "answer, wrong exit":
        print('{"changed": true, "msg": "answered, and then exit 9"}')
        sys.exit(9)
    if how == "os._exit":
        sys.stdout.write('{"changed": true}')
        sys.stdout.flush()
        os._exit(0)
    if how == "os._exit unflushed":
        os._exit(3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "term":
        os.kill(os.getpid(), signal.SIGTERM)
    if how == "segfault":
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "exception":
        raise RuntimeError("it broke with a ü")
    if how == "deep exception":
        import json as parser

        parser.loads("{")
    if how == "system exit text":
        sys.exit("a sentence as exit code")
    if how == "keyboard":
        raise KeyboardInterrupt
    if how == "large":
        module.exit_json(changed=False, blob="x" * module.params["size"])
    if how == "large stderr":
        sys.stderr.write("e" * module.params["size"])
        module.exit_json(changed=False)
    if how == "thread":
        thread = threading.Thread(target=time.sleep, args=(0.3,))
        thread.start()
        module.exit_json(changed=False, threads=threading.active_count())
    if how == "atexit":
        import atexit

        atexit.register(lambda: open("/srv/equality/atexit", "w").write("ran"))
        module.exit_json(changed=True)
    if how == "child":
        subprocess.Popen(["sh", "-c", "sleep 0.2; echo late >/srv/equality/late"],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        module.exit_json(changed=True)
    if how == "daemon":
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            time.sleep(0.2)
            with open("/srv/equality/daemon", "w") as file:
                file.write("it went on")
            os._exit(0)
        os.wait()
        module.exit_json(changed=True)
    if how == "mess":
        os.chdir("/")
        os.umask(0o777)
        os.environ["EQ_MESS"] = "left"
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        sys.path.insert(0, "/nonsense")
        import json

        json.dumps_before, json.leaked = json.dumps, True
        import ansible.module_utils.basic as basic

        basic.leaked = True
        module.exit_json(changed=True)
    if how == "look":
        import json

        import ansible.module_utils.basic as basic

        module.exit_json(
            changed=False,
            leaks=[hasattr(json, "leaked"), hasattr(basic, "leaked"), "/nonsense" in sys.path],
            mess=os.environ.get("EQ_MESS"),
            cwd=os.getcwd(),
            signals=[str(signal.getsignal(number)) for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGHUP)],
            threads=threading.active_count(),
            fds=sorted(fd for fd in map(int, os.listdir("/proc/self/fd")) if fd > 2 and os.path.exists("/proc/self/fd/%d" % fd)),
            niceness=os.nice(0),
            groups=os.getgroups(),
            ids=[os.getuid(), os.geteuid(), os.getgid()],
            limits=__import__("resource").getrlimit(__import__("resource").RLIMIT_NOFILE),
            main=sys.modules["__main__"].__name__,
            file=os.path.basename(__file__),
            spec=__spec__ is None,
            encoding=[sys.stdout.encoding, sys.stderr.encoding, sys.getfilesystemencoding()],
            flags=list(sys.flags),
            executable=sys.executable,
            buffering=sys.stdout.line_buffering,
            recursion=sys.getrecursionlimit(),
            oom=open("/proc/self/oom_score_adj").read().strip(),
            sigmask=[line.split()[1] for line in open("/proc/self/status") if line.startswith(("SigBlk", "SigIgn"))],
        )
    module.fail_json(msg="unknown: %s" % how)


if __name__ == "__main__":
    main()
