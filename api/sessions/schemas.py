# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form does signing in cross the API?"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class SignIn(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=1024)]


class Session(BaseModel):
    """Somebody who has signed in; the session itself travels in a cookie."""

    name: str
    csrf_token: Annotated[
        str, Field(description="Send it as X-CSRF-Token with each change of this session")
    ]
    expires_at: Annotated[datetime, Field(description="However much it is used")]
