# SPDX-License-Identifier: GPL-3.0-or-later
"""How are the secrets kept that sign deliveries? Sealed, and two at once while one is replaced."""

from datetime import datetime, timedelta
from typing import Any

from api.core.clock import Clock
from api.core.sealing import Sealer


class SigningSecrets:
    """Keeps the secrets of a row as ``[{"secret": ..., "until": null or a time}]``, newest first.

    A context names the place that they are sealed for. Raises ``SealingError`` where they do not
    open with the key of this data directory.
    """

    def __init__(self, sealer: Sealer, clock: Clock) -> None:
        self._sealer = sealer
        self._clock = clock

    def keep(self, secret: str, context: str) -> bytes:
        """Seal the first secret."""
        return self._sealer.seal_json([{"secret": secret, "until": None}], context)

    def replace(self, sealed: bytes, secret: str, overlap_s: float, context: str) -> bytes:
        """Seal a new secret; the one before stays right for ``overlap_s`` seconds."""
        until = self._clock.now() + timedelta(seconds=overlap_s)
        old = {"secret": self._read(sealed, context)[0]["secret"], "until": until.isoformat()}
        return self._sealer.seal_json([{"secret": secret, "until": None}, old], context)

    def list_valid(self, sealed: bytes, context: str) -> list[str]:
        """List the secrets that are right now, the newest first."""
        now = self._clock.now()
        return [
            kept["secret"]
            for kept in self._read(sealed, context)
            if kept["until"] is None or datetime.fromisoformat(kept["until"]) > now
        ]

    def _read(self, sealed: bytes, context: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._sealer.unseal_json(sealed, context)
        return found
