# SPDX-License-Identifier: GPL-3.0-or-later
"""How are an agent's token and secret key replaced over the wire?"""

from typing import Annotated

import msgspec

from agent_runner.protocol.methods import Message, Principal, Result

SECRET_PATTERN = r"^[\x21-\x7e]{16,512}$"  # noqa: S105 - the form of secrets, not one
"""What an agent's token and secret key may look like: printable ASCII without spaces."""

MAX_OVERLAP_S = 3600.0
"""The longest that the credentials before a rotation may stay valid beside the new ones."""

Secret = Annotated[str, msgspec.Meta(pattern=SECRET_PATTERN)]
OverlapSeconds = Annotated[float, msgspec.Meta(gt=0, le=MAX_OVERLAP_S)]


class RotateCredentialsParams(Message, frozen=True):
    """Parameters of ``rotate_credentials``: the agent's next token and secret key.

    Both tokens are right for ``overlap_s``, or until the first request with the new one: that
    ends the old one. Asking again with the same pair changes nothing.
    """

    agent_token: Secret
    secret_key: Secret
    overlap_s: OverlapSeconds
    principal: Principal = ""


class RotateCredentialsResult(Result, frozen=True):
    """Answer of ``rotate_credentials``, when the new pair is on the host's disk.

    ``changed`` is false where the agent had this pair already. ``overlap_until`` is when the old
    token ends, ``None`` where it has ended.
    """

    changed: bool
    overlap_until: float | None
