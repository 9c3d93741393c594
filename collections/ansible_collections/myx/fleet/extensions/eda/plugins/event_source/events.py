# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How does ansible-rulebook learn what happens to runs and hosts? It asks behind where it stood."""

from __future__ import annotations

DOCUMENTATION = r"""
---
short_description: Receive what happens to the runs and hosts of a MyX control plane
description:
  - An ansible-rulebook event source that waits for events of a MyX control plane. Runs start,
    succeed, fail and are canceled, also those that were started elsewhere and are reported; hosts
    go offline and come online.
  - Events come in order. With a state file each is handed over at least once, over restarts of
    ansible-rulebook and of the control plane; the number C(cursor) tells one that comes again.
    What ansible-rulebook had taken and not answered yet when it was killed does not come again.
author:
  - MyX contributors (@myx)
options:
  myx_url:
    description:
      - URL of the control plane, without C(/api/v1). The environment variable E(MYX_URL) where it
        is left out.
    type: str
  myx_token:
    description:
      - API token with the role C(viewer); it sees the events of the runs and hosts in its reach.
        The environment variable E(MYX_TOKEN) where it is left out.
    type: str
  myx_ca_file:
    description:
      - PEM file that the control plane's certificate is checked against. The environment variable
        E(MYX_CA_FILE) where it is left out.
    type: str
  myx_fingerprint:
    description:
      - SHA-256 fingerprint of the one certificate that is accepted. The environment variable
        E(MYX_FINGERPRINT) where it is left out.
    type: str
  events:
    description:
      - Only events of these names. All where it is left out.
    type: list
    elements: str
    choices: [run_started, run_successful, run_failed, run_canceled, host_offline, host_online]
  state_file:
    description:
      - File that remembers the last event that was handed over. Where it does not exist, or none is
        named, events come from now on.
    type: str
  after:
    description:
      - The cursor behind which events come where the state file says nothing. V(0) stands for all
        that the control plane still has.
    type: int
"""

EXAMPLES = r"""
- name: Answer what happens in the fleet
  hosts: all
  sources:
    - myx.fleet.events:
        events: [run_failed, host_offline]
        state_file: /var/lib/rulebook/myx.cursor
  rules:
    - name: Look after a run that failed
      condition: event.event == "run_failed"
      action:
        run_playbook:
          name: playbooks/look_after.yml
"""

import asyncio
import logging
import os
import ssl
from pathlib import Path
from typing import Any

import aiohttp

WAIT_S = 25
"""How long one question waits for an answer at the control plane."""

TIMEOUT_S = 60
"""How long an answer may take altogether."""

PAUSE_S = 1.0
MAX_PAUSE_S = 60.0
"""The first and the longest pause before a control plane is asked again that did not answer."""

GONE = 410

NAMES = (
    "run_started", "run_successful", "run_failed", "run_canceled", "host_offline", "host_online",
)  # fmt: skip
"""What events are called."""

logger = logging.getLogger(__name__)


class SourceError(Exception):
    """The source cannot go on; the message names the cause and the remedy."""


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Put events into the queue, for ever.

    Raises:
        SourceError: an argument cannot be used, or the control plane refuses for good.
    """
    url, token = _read(args, "myx_url"), _read(args, "myx_token")
    if not url or not token:
        raise SourceError("myx.fleet.events needs myx_url and myx_token, or MYX_URL and MYX_TOKEN.")
    names = _read_names(args)
    state = _State(args.get("state_file"))
    after = state.read()
    if after is None:
        after = args.get("after")
    async with aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        connector=aiohttp.TCPConnector(ssl=_make_tls(args)),
    ) as session:
        feed = _Feed(session, url.rstrip("/") + "/api/v1/events")
        while True:
            answer = await feed.ask(after)
            for event in answer["events"]:
                if event["event"] in names:
                    await queue.put(event)
            if answer["last"] != after:
                after = answer["last"]
                state.write(after)


class _Feed:
    """Asks for events, as often as it takes."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def ask(self, after: Any) -> dict[str, Any]:
        """Return the next events behind a cursor; waits while the control plane is away.

        Without a cursor it returns at once where events stand now.
        """
        pause_s = PAUSE_S
        while True:
            try:
                return await self._ask_once(after)
            except (aiohttp.ClientError, TimeoutError) as error:
                logger.warning("myx.fleet.events: %s: %s", self._url, error or "no answer in time")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, MAX_PAUSE_S)

    async def _ask_once(self, after: Any) -> dict[str, Any]:
        query = {} if after is None else {"wait_s": WAIT_S, "after": after}
        async with self._session.get(self._url, params=query, allow_redirects=False) as answer:
            if answer.status == GONE:
                # Some events were removed before they were asked for: go on with what there is.
                logger.error("myx.fleet.events: %s", await answer.text())
                return await self._ask_once(0)
            if answer.status in (401, 403, 404, 422):
                raise SourceError(f"{self._url} answers {answer.status}: {await answer.text()}")
            answer.raise_for_status()
            parsed: dict[str, Any] = await answer.json()
            return parsed


class _State:
    """The last event that was handed over, in a file."""

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path else None

    def read(self) -> int | None:
        """Return the cursor; None where there is none yet."""
        if self._path is None or not self._path.exists():
            return None
        text = self._path.read_text().strip()
        if not text.isdecimal():
            raise SourceError(f"{self._path} holds no cursor; remove it to begin from now on.")
        return int(text)

    def write(self, cursor: int) -> None:
        """Remember a cursor: whole, or the one before."""
        if self._path is None:
            return
        whole = self._path.with_name(self._path.name + ".new")
        with whole.open("w") as file:
            file.write(f"{cursor}\n")
            file.flush()
            os.fsync(file.fileno())
        whole.replace(self._path)


def _read_names(args: dict[str, Any]) -> frozenset[str]:
    names = args.get("events") or NAMES
    if isinstance(names, str) or not frozenset(names) <= frozenset(NAMES):
        raise SourceError(f"events: {names} is no list of names out of {', '.join(NAMES)}.")
    return frozenset(names)


def _make_tls(args: dict[str, Any]) -> ssl.SSLContext | aiohttp.Fingerprint | bool:
    fingerprint = _read(args, "myx_fingerprint").lower().replace(":", "").removeprefix("sha256=")
    if fingerprint:
        try:
            return aiohttp.Fingerprint(bytes.fromhex(fingerprint))
        except ValueError as error:
            raise SourceError("myx_fingerprint: give 64 hexadecimal digits.") from error
    ca_file = _read(args, "myx_ca_file")
    return ssl.create_default_context(cafile=ca_file) if ca_file else True


def _read(args: dict[str, Any], name: str) -> str:
    return str(args.get(name) or os.environ.get(name.upper(), ""))
