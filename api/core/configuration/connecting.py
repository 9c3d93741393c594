# SPDX-License-Identifier: GPL-3.0-or-later
"""How much may go through the control plane to hosts at once? The settings of connections."""

from pydantic import Field
from pydantic_settings import BaseSettings


class ConnectionSettings(BaseSettings):
    """What can be set about connections through agents; a part of ``Settings``."""

    connections_max: int = Field(
        default=200,
        ge=1,
        description="Commands and files of the connection plugin that may be under way at once; "
        "more wait. Runs have places of their own.",
    )
    connections_max_per_host: int = Field(
        default=10, ge=1, description="So many of them to one host."
    )
