# SPDX-License-Identifier: GPL-3.0-or-later
"""How does an unpacked bundle become an installed version? Without network, with uv.

    make_version.py BUNDLE_DIR VERSION_DIR

The version is a virtual environment of this Python, or of the one that the bundle carries, with
bytecode compiled, together with what the installer needs for later runs. The file ``complete`` is
written last: a folder without it, or one that no longer works, is made anew. Two installs at once
wait for each other.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

LOCK_NAME = ".lock"


def make_version(bundle: Path, version: Path) -> str:
    """Make the version unless it is complete, and say what was done."""
    version.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (version.parent / LOCK_NAME).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_whole(version):
            return "there already"
        shutil.rmtree(version, ignore_errors=True)
        try:
            fill_version(bundle, version)
        except BaseException:
            shutil.rmtree(version, ignore_errors=True)
            raise
    return "made"


def is_whole(version: Path) -> bool:
    """Say whether the version was finished and still works."""
    probe = [version / "bin/python", "-c", "import ansible, agent_runner"]
    if not (version / "complete").exists() or not (version / "bin/python").exists():
        return False
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def fill_version(bundle: Path, version: Path) -> None:
    """Make the virtual environment, copy the installer if there is one, mark it complete."""
    interpreter = take_python(bundle, version)
    run_uv(bundle, "venv", "--quiet", "--allow-existing", "--python", interpreter, version)
    run_uv(
        bundle,
        "pip",
        "install",
        "--quiet",
        "--python",
        version / "bin/python",
        "--no-index",
        "--find-links",
        bundle / "wheels",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--compile-bytecode",
        "--requirement",
        bundle / "requirements.txt",
    )
    if (bundle / "installer").exists():  # a control plane has none
        shutil.copytree(bundle / "installer", version / "installer")
    shutil.copy(bundle / "MANIFEST.json", version / "MANIFEST.json")
    (version / "complete").touch()


def take_python(bundle: Path, version: Path) -> str | Path:
    """Return the Python of the version: the bundle's own, which comes along, or this one."""
    if not (bundle / "python").exists():
        return sys.executable
    version.mkdir(mode=0o755)
    shutil.copytree(bundle / "python", version / "python", symlinks=True)
    return version / "python/bin/python3"


def run_uv(bundle: Path, *arguments: str | Path) -> None:
    """Run the bundle's uv, cut off from the host's settings and from the network.

    Raises:
        SystemExit: it failed; the message is uv's own.
    """
    environment = {
        "PATH": os.defpath,
        "UV_CACHE_DIR": str(bundle / "cache"),
        "UV_LINK_MODE": "hardlink",
        "UV_NO_CONFIG": "1",
        "UV_OFFLINE": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    command = [str(bundle / "bin/uv"), *map(str, arguments)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, umask=0o022
    )
    if done.returncode:
        # uv goes from the effect to the cause: the last line is what somebody can do about.
        cause = done.stderr.strip().splitlines()[-1].strip() if done.stderr else "no reason given"
        sys.exit(f"The Python packages could not be installed: {cause}")


if __name__ == "__main__":
    done = make_version(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
    sys.stdout.write(f"{done}\n")
