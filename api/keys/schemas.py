# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form does a rotation of keys cross the API?"""

from typing import Annotated

from pydantic import BaseModel, Field


class Rotation(BaseModel):
    """A rotation that came to its end."""

    resealed: Annotated[int, Field(description="Values that were sealed with the new key")]
    was_resumed: Annotated[
        bool, Field(description="It was begun before and went on; the new key is the one of then")
    ]
