# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a host without unzip unpack the archive of Xray?

Its Python does. Everybody may read what comes out, whatever the umask and the archive say.
"""

import sys
import zipfile
from pathlib import Path


def main(archive: str, folder: str) -> None:
    """Unpack an archive, whose paths cannot leave the folder."""
    with zipfile.ZipFile(archive) as opened:
        for member in opened.namelist():
            path = Path(opened.extract(member, folder))
            path.chmod(0o755 if path.is_dir() else 0o644)
            for parent in path.relative_to(folder).parents[:-1]:
                (Path(folder) / parent).chmod(0o755)


if __name__ == "__main__":
    main(*sys.argv[1:])
