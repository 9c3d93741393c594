# SPDX-License-Identifier: GPL-3.0-or-later
"""What do agents that are installed over SSH come from, and how many are installed at once?"""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from api.core.configuration.folders import Folder


class InstallSettings(BaseSettings):
    """What can be set about installs over SSH; a part of ``Settings``."""

    max_concurrent_installs: int = Field(
        default=10,
        ge=1,
        le=1_000,
        description="Agents that are installed or removed over SSH at once; more wait.",
    )
    agent_bundle_dir: Folder | None = Field(
        default=None,
        description="Folder with agent bundles that 'myx agent-bundle' built elsewhere, for a "
        "control plane that reaches no package index. It is looked at before one is built.",
    )
    agent_standalone_python: Folder | None = Field(
        default=None,
        description="Folder with a CPython that can be moved, 3.11 to 3.13, as 'uv python install' "
        "makes them. 'myx host install' brings it to hosts that have no Python which fits; they "
        "need one of 3.9 or newer for the installer.",
    )

    @model_validator(mode="after")
    def _check_standalone_python(self) -> Self:
        folder = self.agent_standalone_python
        if folder is not None and not (folder / "bin/python3").exists():
            raise ValueError(
                f"MYX_AGENT_STANDALONE_PYTHON={folder} holds no Python: name a folder that "
                "'uv python install' made, with bin/python3 in it"
            )
        return self
