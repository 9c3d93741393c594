# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a run that was started here, at its beginning and at its end?"""

from __future__ import annotations

import datetime as dt
import os
import socket
import typing as t
import uuid

from ansible import context

Json = t.Dict[str, t.Any]

MAX_KEY_CHARS = 200
"""The API takes 255, and a key may get an end of its own."""

MAX_JOB_CHARS = 255

_NAMES = {
    "ok": "ok",
    "changed": "changed",
    "unreachable": "dark",
    "failed": "failures",
    "skipped": "skipped",
    "rescued": "rescued",
    "ignored": "ignored",
}
"""Ansible's names for what a recap counts, by the API's."""

_FAILED_HOSTS = 2
_UNREACHABLE_HOSTS = 4
_INTERRUPTED = 99


def name_playbook(path: str) -> str:
    """Return a playbook's path as it is called there, where that is shorter."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def make_key(job: str | None, count: int) -> str:
    """Make the key under which the run is opened once: the job's, and which of its playbooks."""
    return f"report/{(job or uuid.uuid4().hex)[:MAX_KEY_CHARS]}/{count}"


def describe_run(name: str, job: str | None) -> Json:
    """Return what the API is told when the run is opened."""
    asked = context.CLIARGS
    tags = [tag for tag in asked.get("tags") or () if tag != "all"]
    return {
        "name": name[:1024],
        "reported_from": socket.gethostname()[:255] or "unknown",
        "job": job[:MAX_JOB_CHARS] if job else None,
        "began_at": dt.datetime.now(dt.timezone.utc).isoformat(),
        "limit": (asked.get("subset") or "")[:4096] or None,
        "check": bool(asked.get("check")),
        "diff": bool(asked.get("diff")),
        "tags": tags,
        "skip_tags": list(asked.get("skip_tags") or ()),
    }


def describe_end(stats: t.Any, *, interrupted: bool) -> Json:
    """Return what the API is told at the end; ``stats`` is None where there was no recap."""
    if stats is None and interrupted:
        reason = "Somebody ended it where it ran."
        return {"status": "canceled", "reason": reason, "return_code": _INTERRUPTED}
    if stats is None:
        return {"status": "failed", "reason": "It ended before its recap: its log says why."}
    recap = {
        str(host): {ours: getattr(stats, theirs).get(host, 0) for ours, theirs in _NAMES.items()}
        for host in stats.processed
    }
    failed = sum(bool(counts["failed"]) for counts in recap.values())
    unreachable = sum(bool(counts["unreachable"]) for counts in recap.values())
    code = (_FAILED_HOSTS if failed else 0) or (_UNREACHABLE_HOSTS if unreachable else 0)
    end: Json = {"status": "failed" if code else "successful", "return_code": code}
    if code:
        end["reason"] = _tell(len(recap), failed, unreachable)
    end["recap"] = recap
    return end


def _tell(total: int, failed: int, unreachable: int) -> str:
    parts = [(total - failed - unreachable, "successful"), (failed, "failed")]
    parts.append((unreachable, "unreachable"))
    told = ", ".join(f"{count} {word}" for count, word in parts if count > 0)
    return f"{total} host{'' if total == 1 else 's'}: {told}."
