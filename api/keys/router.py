# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes has the key that seals secrets?"""

from fastapi import APIRouter

from api.auth.permissions import ROTATE_KEYS
from api.auth.requirements import allow
from api.dependencies import RequestComposition
from api.keys.schemas import Rotation

router = APIRouter(prefix="/keys", tags=["access"])


@router.post(
    "/rotate",
    summary="Replace the key that seals secrets",
    operation_id="rotate_key",
    dependencies=[allow(ROTATE_KEYS)],
)
async def rotate_key(composition: RequestComposition) -> Rotation:
    """Make a new key, seal every secret with it, and forget the old key.

    Everything goes on meanwhile. Where it was interrupted, asking again goes on from there.
    """
    return await composition.access.key_rotator.rotate()
