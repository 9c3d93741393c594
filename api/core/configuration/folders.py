# SPDX-License-Identifier: GPL-3.0-or-later
"""Where is a folder that a setting names, whatever the working directory is later?"""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


Folder = Annotated[Path, AfterValidator(_absolute)]
