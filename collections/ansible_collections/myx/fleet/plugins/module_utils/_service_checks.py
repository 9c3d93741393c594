# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a unit, a port, a URL or a certificate as it should be? Each answer is a ``Check``."""

from __future__ import annotations

import datetime as dt
import socket
import time
import typing as t
from http.client import HTTPException
from urllib.error import HTTPError

from ansible.module_utils.urls import ConnectionError as RefusedError
from ansible.module_utils.urls import open_url
from ansible_collections.myx.fleet.plugins.module_utils._certificates import (
    fetch_certificate,
    load_certificate,
    read_end_of_validity,
)

MAX_BODY_BYTES = 1048576
"""So much of an answer is looked through for a text."""

Wanted = t.Mapping[str, t.Any]
RunCommand = t.Callable[[t.List[str]], t.Tuple[int, str, str]]


class Check(t.NamedTuple):
    """What came of one check.

    Attributes:
        kind: unit, port, url or certificate.
        name: what was looked at.
        problem: the sentence that says what is wrong; empty where nothing is.
        details: what was seen.
    """

    kind: str
    name: str
    problem: str
    details: dict[str, t.Any]

    def as_result(self) -> dict[str, t.Any]:
        """Return it as a module's result."""
        return {
            "kind": self.kind,
            "name": self.name,
            "healthy": not self.problem,
            "problem": self.problem,
            "details": self.details,
        }


def check_unit(wanted: Wanted, run: RunCommand) -> Check:
    """Look at a unit of systemd."""
    name = wanted["name"]
    properties = "--property=LoadState,ActiveState,SubState,UnitFileState,NRestarts"
    code, output, error = run(["systemctl", "show", properties, "--", name])
    seen = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    details = {
        "state": seen.get("ActiveState", ""),
        "sub_state": seen.get("SubState", ""),
        "enabled": seen.get("UnitFileState") in ("enabled", "enabled-runtime", "static", "alias"),
        "restarts": int(seen.get("NRestarts") or 0),
    }
    problem = ""
    if code:
        problem = f"systemd cannot be asked about {name}: {error.strip()}"
    elif seen.get("LoadState") == "not-found" and wanted["state"] == "active":
        problem = f"There is no unit {name}."
    elif details["state"] != wanted["state"]:
        problem = f"{name} is {details['state']} instead of {wanted['state']}."
    elif wanted["enabled"] is not None and details["enabled"] != wanted["enabled"]:
        word = "not " if wanted["enabled"] else ""
        problem = f"{name} is {word}started at boot."
    return Check("unit", name, problem, details)


def check_failed_units(ignored: t.Sequence[str], run: RunCommand) -> Check:
    """See that no unit of the host has failed, but for some that may."""
    command = ["systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager"]
    code, output, error = run(command)
    listed = [line.split()[0] for line in output.splitlines() if line.strip()]
    failed = sorted(set(listed) - set(ignored))
    problem = ""
    if code:
        problem = f"systemd cannot be asked for failed units: {error.strip()}"
    elif failed:
        problem = f"These units have failed: {', '.join(failed)}."
    return Check("unit", "failed units", problem, {"failed": failed})


def check_port(wanted: Wanted, timeout_s: float) -> Check:
    """See whether something listens on a TCP port."""
    address, port = wanted["address"], wanted["port"]
    name = f"{address}:{port}"
    began = time.monotonic()
    reason = ""
    try:
        socket.create_connection((address, port), timeout=timeout_s).close()
    except OSError as error:
        reason = error.strerror or str(error)
    is_open = not reason
    problem = ""
    if wanted["open"] and not is_open:
        problem = f"Nothing answers on {name}: {reason}."
    elif is_open and not wanted["open"]:
        problem = f"Something listens on {name}, where nothing should."
    return Check("port", name, problem, {"open": is_open, "latency_ms": _measure(began)})


def check_url(wanted: Wanted, timeout_s: float) -> Check:
    """Ask a web server."""
    url = wanted["url"]
    began = time.monotonic()
    try:
        status, body = _fetch(wanted, timeout_s)
    except (OSError, ValueError, HTTPException, RefusedError) as error:
        return Check("url", url, f"{url} does not answer: {_explain(error)}.", {"status": 0})
    details = {"status": status, "latency_ms": _measure(began)}
    problem = ""
    if status not in wanted["status"]:
        expected = " or ".join(map(str, wanted["status"]))
        problem = f"{url} answers {status} instead of {expected}."
    elif wanted["contains"] and wanted["contains"] not in body:
        problem = f"The answer of {url} does not contain '{wanted['contains']}'."
    return Check("url", url, problem, details)


def check_certificate(wanted: Wanted, timeout_s: float, now: dt.datetime) -> Check:
    """See for how long a certificate is still valid."""
    path, address, port = wanted["path"], wanted["address"], wanted["port"]
    name = path or f"{address}:{port}"
    try:
        if path:
            certificate = load_certificate(path)
        else:
            server_name = wanted["server_name"] or address
            certificate = fetch_certificate(address, port, server_name, timeout_s)
        ends = read_end_of_validity(certificate)
    except (OSError, ValueError) as error:
        problem = f"The certificate of {name} cannot be read: {_explain(error)}."
        return Check("certificate", name, problem, {})
    days = (ends - now).total_seconds() / 86400
    details = {"expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ"), "days_left": int(days // 1)}
    problem = ""
    if days < 0:
        problem = f"The certificate of {name} has expired at {details['expires_at']}."
    elif days < wanted["days_left"]:
        problem = (
            f"The certificate of {name} expires in {details['days_left']} days; "
            f"it should be valid for {wanted['days_left']} at least."
        )
    return Check("certificate", name, problem, details)


def _fetch(wanted: Wanted, timeout_s: float) -> tuple[int, str]:
    """Return status and text of an answer."""
    try:
        answer = open_url(
            wanted["url"],
            headers=wanted["headers"] or {},
            timeout=timeout_s,
            validate_certs=wanted["validate_certs"],
            ca_path=wanted["ca_path"],
            follow_redirects="safe" if wanted["follow_redirects"] else "none",
            http_agent="myx.fleet.service_check",
        )
    except HTTPError as error:
        answer = error
    body = answer.read(MAX_BODY_BYTES).decode("utf-8", "replace")
    return int(answer.code), body


def _explain(error: BaseException) -> str:
    """Return what an exception says, in one line."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return " ".join(str(reason).split()).rstrip(".")


def _measure(began: float) -> int:
    """Return the milliseconds since a moment."""
    return int((time.monotonic() - began) * 1000)
