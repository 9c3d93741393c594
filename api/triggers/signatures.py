# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a delivery from who knows the secret, and is it new? In the three forms that are spoken.

``myx``     ``X-MyX-Signature: sha256=HEX``, the HMAC-SHA256 over ``TIMESTAMP.ID.BODY``, with
            ``X-MyX-Timestamp`` (seconds since 1970) and ``X-MyX-Delivery`` (the id); while a
            secret is replaced, one for each secret with commas in between
``github``  ``X-Hub-Signature-256: sha256=HEX``, the HMAC-SHA256 over the body alone
``gitlab``  ``X-Gitlab-Token``, the secret itself: safe over TLS only
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence

WINDOW_S = 300
"""How far the time of a signature may be from ours."""

MAX_ID_LENGTH = 200

MAX_SIGNATURES_LENGTH = 400
"""Of the header; five of them."""

_PREFIX = "sha256="


def sign(secret: str, timestamp: int, delivery_id: str, body: bytes) -> str:
    """Sign a delivery in our own form."""
    return _sign(secret, f"{timestamp}.{delivery_id}.".encode() + body)


def find_delivery_key(
    scheme: str, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now_s: float
) -> str | None:
    """Return what a delivery has each time it is sent, or None where it is not rightly signed.

    It is made of what is signed: an id that is not signed could be another one at each replay.
    """
    if scheme == "myx":
        return _check_own(secrets, headers, body, now_s)
    if scheme == "github":
        given = headers.get("x-hub-signature-256", "")
        is_right = any_equal([_sign(secret, body) for secret in secrets], given)
    else:
        is_right = any_equal(secrets, headers.get("x-gitlab-token", ""))
    return f"body:{hashlib.sha256(body).hexdigest()}" if is_right else None


def _check_own(
    secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now_s: float
) -> str | None:
    timestamp, delivery_id = headers.get("x-myx-timestamp", ""), headers.get("x-myx-delivery", "")
    is_plain = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= len("9" * 12)
    has_id = 0 < len(delivery_id) <= MAX_ID_LENGTH and delivery_id.isascii()
    if not is_plain or not has_id or not delivery_id.isprintable():
        return None
    expected = [sign(secret, int(timestamp), delivery_id, body) for secret in secrets]
    given = headers.get("x-myx-signature", "")[:MAX_SIGNATURES_LENGTH]
    is_right = any(any_equal(expected, each.strip()) for each in given.split(","))
    is_new = abs(now_s - int(timestamp)) <= WINDOW_S
    return f"id:{delivery_id}" if is_right and is_new else None


def any_equal(expected: Sequence[str], given: str) -> bool:
    """Compare with each, in a time that tells nothing."""
    equal = [hmac.compare_digest(each.encode(), given.encode()) for each in expected]
    return any(equal)


def _sign(secret: str, content: bytes) -> str:
    return _PREFIX + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
