# SPDX-License-Identifier: GPL-3.0-or-later
"""Which token is right, and how do new credentials take the place of old ones?

A rotation writes the new pair and the old one to the configuration before it is answered. From
then on both tokens are right, until the new one is seen for the first time or the overlap is
over. Each step is one replacement of the file, so that after a power cut at any moment the agent
starts with a pair that the control plane has.
"""

import asyncio
import hmac
import json
import logging
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from agent_runner.audit import AuditLog
from agent_runner.config import Config, PreviousCredentials, convert_config, read_config_text
from agent_runner.errors import ConfigError
from agent_runner.protocol.credentials import (
    MAX_OVERLAP_S,
    RotateCredentialsParams,
    RotateCredentialsResult,
)
from agent_runner.protocol.errors import RotationRefusedError

PREVIOUS_KEY = "previous_credentials"

logger = logging.getLogger(__name__)


class Credentials:
    """The agent's token and secret key, and during a rotation those before them."""

    def __init__(
        self,
        path: Path,
        config: Config,
        audit: AuditLog,
        *,
        now: Callable[[], float] = time.time,
        hide: Callable[..., None] = lambda *_: None,
    ) -> None:
        """Take the configuration and its file, the wall clock, and what is told new secrets."""
        self._path = path.resolve()
        self._audit = audit
        self._now = now
        self._hide = hide
        self._token, self._key = config.agent_token, config.secret_key
        self._previous = config.previous_credentials
        self._is_unsettled = False
        self._lock = asyncio.Lock()

    def is_right(self, token: bytes) -> bool:
        """Compare a token in constant time; the new one, once seen, ends the old one."""
        previous = self._previous
        is_current = hmac.compare_digest(token, self._token.encode())
        other = self._token if previous is None else previous.agent_token
        is_previous = hmac.compare_digest(token, other.encode())
        if previous is not None and (is_current or not self._is_alive(previous)):
            self._previous = None
            self._is_unsettled = True
            return is_current
        return is_current or is_previous

    async def settle(self) -> None:
        """Write down that the old pair has ended, if that is new."""
        if self._is_unsettled:
            async with self._lock:
                await self._settle()

    async def rotate(self, params: RotateCredentialsParams) -> RotateCredentialsResult:
        """Take a new pair, and keep the one that the caller has for the overlap.

        Raises:
            RotationRefusedError: the configuration cannot be changed; nothing has.
        """
        async with self._lock:
            if (params.agent_token, params.secret_key) == (self._token, self._key):
                until = self._previous.valid_until if self._previous else None
                return RotateCredentialsResult(changed=False, overlap_until=until)
            previous = self._keep(self._now() + params.overlap_s)
            self._hide(params.agent_token, params.secret_key)
            try:
                await asyncio.to_thread(self._carry_out, params, previous)
            except (OSError, ConfigError) as error:
                reason = error.strerror if isinstance(error, OSError) else error.message
                raise RotationRefusedError(
                    f"{self._path} cannot be changed ({reason}); the agent keeps its credentials"
                ) from error
            self._token, self._key = params.agent_token, params.secret_key
            self._previous, self._is_unsettled = previous, False
        logger.info("credentials_rotated", extra={"overlap_until": previous.valid_until})
        return RotateCredentialsResult(changed=True, overlap_until=previous.valid_until)

    async def _settle(self) -> None:
        if not self._is_unsettled:
            return  # somebody else was faster
        try:
            await asyncio.to_thread(self._write, self._token, self._key, None)
            await asyncio.to_thread(self._audit.write, "end_rotation", None, {})
            logger.info("credentials_settled")
        except (OSError, ConfigError, RotationRefusedError) as error:
            # It has ended here; only a restart within the overlap would let it in again.
            logger.warning("rotation_not_settled", extra={"error": str(error)})
        self._is_unsettled = False

    def _keep(self, valid_until: float) -> PreviousCredentials:
        """Return the pair that stays valid: the oldest living one, which the caller has shown."""
        living = self._previous if self._previous and self._is_alive(self._previous) else None
        return PreviousCredentials(
            agent_token=living.agent_token if living else self._token,
            secret_key=living.secret_key if living else self._key,
            valid_until=valid_until,
        )

    def _is_alive(self, previous: PreviousCredentials) -> bool:
        """Tell whether the overlap goes on; a clock that was set back does not stretch it far."""
        return 0 < previous.valid_until - self._now() <= MAX_OVERLAP_S

    def _carry_out(self, params: RotateCredentialsParams, previous: PreviousCredentials) -> None:
        facts = {"principal": params.principal, "overlap_until": previous.valid_until}
        self._audit.write("rotate_credentials", None, facts)
        self._write(params.agent_token, params.secret_key, previous)

    def _write(self, token: str, key: str, previous: PreviousCredentials | None) -> None:
        """Replace the pair in the file, and leave the rest as the administrator has it by now."""
        text = read_config_text(self._path)
        convert_config(self._path, text)
        data: dict[str, Any] = json.loads(text)
        if data["agent_token"] != self._token:
            raise RotationRefusedError(
                f"{self._path} has another token than this agent started with; restart the agent"
                " first: systemctl restart myx-agent"
            )
        data |= {"agent_token": token, "secret_key": key}
        data.pop(PREVIOUS_KEY, None)
        if previous is not None:
            data[PREVIOUS_KEY] = msgspec.to_builtins(previous)
        replace_private_file(self._path, write_like(text, data))


def write_like(text: bytes, data: dict[str, Any]) -> bytes:
    """Write an object as JSON, indented as ``text`` is."""
    indent = re.match(rb"\s*\{\r?\n( +|\t+)", text)
    end = "\n" if text.endswith(b"\n") else ""
    return (json.dumps(data, indent=indent and indent[1].decode()) + end).encode()


def replace_private_file(path: Path, content: bytes) -> None:
    """Replace a file in one step, with the same owner, and return when it is on disk."""
    owner = path.stat()
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(draft, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
