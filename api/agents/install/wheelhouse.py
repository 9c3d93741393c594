# SPDX-License-Identifier: GPL-3.0-or-later
"""How do all packages of the agent come into one folder, for a Python and processor not ours?

pip downloads them with the user's own index settings; nothing is compiled. The requirements
file then names each file's version and SHA-256, so that the host installs exactly these.
"""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from api.agents.install.errors import BundleError
from api.agents.install.sources import BundleSources

GLIBC_TAGS = ("2_28", "2_27", "2_26", "2_25", "2_24", "2_17", "2_12", "2_5")
"""The glibc versions that wheels may be built for: 2.28 is what the host must have."""

_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")
_PIP_TIMEOUT_S = 900


def fill_wheelhouse(folder: Path, sources: BundleSources, python: str, architecture: str) -> None:
    """Build the agent's wheel and download it with everything it needs, and uv.

    Raises:
        BundleError: the index cannot be reached, or has no fitting file.
    """
    _run_pip("wheel", "--no-deps", "--wheel-dir", folder, sources.agent)
    agent_wheel = next(folder.glob("*.whl"))
    target = (*_describe_target(python, architecture), "--constraint", str(sources.lock))
    _run_pip("download", *target, "--dest", folder, agent_wheel)
    _run_pip("download", *target, "--dest", folder, "--no-deps", "uv")


def take_uv(wheels: Path, destination: Path) -> None:
    """Move uv's program out of its wheel, which the host does not install."""
    wheel = next(wheels.glob("uv-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        destination.write_bytes(archive.read(name))
    destination.chmod(0o755)
    wheel.unlink()


def write_requirements(wheels: Path, destination: Path) -> None:
    """Write a requirement with version and hash for each wheel."""
    lines = []
    for wheel in sorted(wheels.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name.replace('_', '-')}=={version} --hash=sha256:{digest}\n")
    destination.write_text("".join(lines))


def _describe_target(python: str, architecture: str) -> tuple[str, ...]:
    abi = f"cp{python.replace('.', '')}"
    platforms = (f"manylinux_{tag}_{architecture}" for tag in GLIBC_TAGS)
    return (
        *("--only-binary", ":all:", "--implementation", "cp", "--python-version", python),
        *("--abi", abi, "--abi", "abi3", "--abi", "none"),
        *(word for platform in platforms for word in ("--platform", platform)),
        *("--platform", f"manylinux2014_{architecture}"),
    )


def _run_pip(*arguments: str | Path) -> None:
    # The build must come out the same everywhere, so no time stamp of today goes into a wheel.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}
    try:
        done = subprocess.run(
            [*_PIP, *map(str, arguments)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PIP_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BundleError(_explain(f"pip took longer than {_PIP_TIMEOUT_S} s")) from error
    if done.returncode:
        raise BundleError(_explain(_find_cause(done.stderr)))


def _find_cause(output: str) -> str:
    if "after connection broken by" in output:
        return "the package index cannot be reached"
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    lines = errors or output.strip().splitlines() or ["pip gave no reason"]
    return f"pip says: {lines[0].removeprefix('ERROR:').strip().rstrip('.')}"


def _explain(cause: str) -> str:
    return (
        f"The agent bundle could not be built, because {cause}. Check "
        "pip's index settings; or run 'myx agent-bundle' on a machine that reaches an index, and "
        "name the folder with the file it makes by MYX_AGENT_BUNDLE_DIR."
    )
