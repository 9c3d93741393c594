# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a playbook leave on its host: which files, whose, with which content, in which mode?"""

import json
import re

from lab.hosts import Host

Footprint = dict[str, list[str]]
"""Kind and mode, owner, group, and the content's digest or a link's target, by path."""

_SCRIPT = r"""
import glob, hashlib, json, os, stat, sys, time

ROOTS = ("/etc", "/home", "/opt", "/root", "/srv", "/tmp", "/usr/local", "/var/cache",
         "/var/spool/cron", "/var/tmp", "/dev/shm", "/run/equality")
TEMPORARY = {f"{home}/.ansible{sub}" for home in ("/root", "/home/deploy") for sub in ("", "/tmp")}
LEFT_OUT = {"/opt/myx-agent", "/opt/myx-deployment-tool", "/etc/myx-agent", "/var/cache/apt"}

def describe(path):
    status = os.lstat(path)
    row = [oct(status.st_mode), str(status.st_uid), str(status.st_gid)]
    if stat.S_ISLNK(status.st_mode):
        row.append(os.readlink(path))
    elif stat.S_ISREG(status.st_mode) and not path.endswith(".pyc"):  # they hold a time
        with open(path, "rb") as file:
            lines = file.read().splitlines(keepends=True)
        if path.startswith("/var/spool/cron/"):  # whose first lines say when and from where
            lines = [line for line in lines if not line.startswith(b"# (")]
        row.append(hashlib.sha256(b"".join(lines)).hexdigest())
    return row

def walk(folder):
    yield folder
    for entry in os.scandir(folder):
        if entry.path in LEFT_OUT or entry.name.startswith("systemd-private-"):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path)
        else:
            yield entry.path

def count_jobs():
    count = 0
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                count += b"async_wrapper" in file.read()
        except OSError:
            pass  # it has ended meanwhile
    return count

# A job's wrapper looks each five seconds whether its job has ended, and then tidies up.
patience = time.monotonic() + 12
while count_jobs() and time.monotonic() < patience:
    time.sleep(0.1)

found = {}
for root in ROOTS:
    if os.path.isdir(root):
        for path in walk(root):
            if path not in TEMPORARY:
                found[path] = describe(path)
json.dump(found, sys.stdout)
"""

_CHANCE = re.compile(
    r"(?<=/j)\d+\.\d+|(?<=tmp-)[\d.]+(?:-[a-z0-9_]+)*|(?<=[._~-])[a-z0-9_]{8}(?=/|$)"
    r"|\.\d+\.\d{4}-\d\d-\d\d@[\d:]+~"
)
"""What of a name is different each time: of async jobs, temporary files and backups."""

_TEMPORARY_PLACES = (
    "/tmp/ansible_",  # noqa: S108 - a host's
    "/var/tmp/ansible-tmp-",  # noqa: S108 - likewise
    "/.ansible/tmp/",
    "/.ansible_async/",
)


def take(host: Host) -> Footprint:
    """Return what lies on a host where playbooks leave things."""
    found = json.loads(host.execute("python3", "-", stdin=_SCRIPT.encode()).stdout)
    return {path: found[path] for path in sorted(found)}


def list_lines(footprint: Footprint) -> list[str]:
    """Return a line for each path but leftovers, under names that two runs can share."""
    footprint = {path: row for path, row in footprint.items() if not _is_leftover(path)}
    return sorted(f"{_CHANCE.sub('?', path)} {' '.join(row)}" for path, row in footprint.items())


def list_leftovers(footprint: Footprint) -> set[str]:
    """Return what Ansible has not removed, as names that two runs can share."""
    return {_CHANCE.sub("?", path) for path in footprint if _is_leftover(path)}


def _is_leftover(path: str) -> bool:
    return any(place in path for place in _TEMPORARY_PLACES)
