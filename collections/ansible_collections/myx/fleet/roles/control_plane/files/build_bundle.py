# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a checkout become a file from which a host without internet installs the control plane?

    build_bundle.py CHECKOUT CACHE_DIR PYTHON ARCHITECTURE

Runs on the controller and needs nothing but pip. Prints the path of
``myx-VERSION-cpXY-ARCHITECTURE-DIGEST.tar.gz``, which holds every wheel with its hash, and uv, who
installs them. The digest covers what goes in, so a bundle that is there is the right one.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

FORMAT = 1
"""Raised when the layout of a bundle changes."""

PARTS = (
    "agent_runner",
    "api",
    "collections/ansible_collections/myx",
    "pyproject.toml",
    "constraints.txt",
    "VERSION",
    "README.md",
)
"""What of a checkout goes into the wheel or decides what is downloaded."""

IGNORED = {"__pycache__", "molecule", "node_modules"}
"""Folders, with those whose name begins with a dot, that make no other program."""

GLIBC_TAGS = ("2_28", "2_27", "2_26", "2_25", "2_24", "2_17", "2_12", "2_5")
"""The glibc versions that wheels may be built for: 2.28 is what the host must have."""

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")


def main() -> None:
    """Build the bundle unless it is there, and print its path."""
    checkout, cache = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
    python, architecture = sys.argv[3:]
    if not (checkout / "pyproject.toml").is_file():
        sys.exit(f"{checkout} is no checkout of MyX; name one with control_plane_checkout.")
    version = (checkout / "VERSION").read_text().strip()
    target = f"cp{python.replace('.', '')}-{architecture}"
    digest = compute_digest(checkout, target)[:12]
    bundle = cache / f"myx-{version}-{target}-{digest}.tar.gz"
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not bundle.is_file():
            for outdated in cache.glob(f"myx-*-{target}-*.tar.gz"):
                outdated.unlink()
            with tempfile.TemporaryDirectory(dir=cache, prefix="building-") as place:
                tree = Path(place) / "tree"
                fill(tree, checkout, python, architecture)
                manifest = {"name": "myx", "version": version, "version_id": f"{version}-{digest}"}
                (tree / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
                pack(tree, Path(place) / "packed")
                (Path(place) / "packed").rename(bundle)
    sys.stdout.write(f"{bundle}\n")


def compute_digest(checkout: Path, target: str) -> str:
    """Return what names a bundle: it changes with every file that goes in."""
    running = hashlib.sha256(f"{FORMAT} {target}\n".encode())
    for part in PARTS:
        top = checkout / part
        for path in [top] if top.is_file() else list_files(top):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            running.update(f"{path.relative_to(checkout).as_posix()} {content}\n".encode())
    return running.hexdigest()


def list_files(folder: Path) -> Iterator[Path]:
    """Yield a folder's files in a fixed order, without what tools keep there."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in IGNORED)
        yield from (Path(place) / name for name in sorted(names))


def fill(tree: Path, checkout: Path, python: str, architecture: str) -> None:
    """Build MyX's wheel, download what it needs, and write down each file's hash."""
    wheels = tree / "wheels"
    wheels.mkdir(parents=True)
    (tree / "bin").mkdir()
    run_pip("wheel", "--no-deps", "--wheel-dir", wheels, checkout)
    target = [*describe_target(python, architecture), "--constraint", checkout / "constraints.txt"]
    run_pip("download", *target, "--dest", wheels, next(wheels.glob("myx-*.whl")))
    run_pip("download", *target, "--dest", wheels, "--no-deps", "uv")
    take_uv(wheels, tree / "bin/uv")
    lines = []
    for wheel in sorted(wheels.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name.replace('_', '-')}=={version} --hash=sha256:{digest}\n")
    (tree / "requirements.txt").write_text("".join(lines))


def describe_target(python: str, architecture: str) -> list[str]:
    """Return pip's options for a Python and a processor that need not be ours."""
    abi = f"cp{python.replace('.', '')}"
    options = ["--only-binary", ":all:", "--implementation", "cp", "--python-version", python]
    options += [word for name in (abi, "abi3", "none") for word in ("--abi", name)]
    platforms = [f"manylinux_{tag}_{architecture}" for tag in GLIBC_TAGS]
    platforms.append(f"manylinux2014_{architecture}")
    return options + [word for platform in platforms for word in ("--platform", platform)]


def take_uv(wheels: Path, destination: Path) -> None:
    """Move uv's program out of its wheel."""
    wheel = next(wheels.glob("uv-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        destination.write_bytes(archive.read(name))
    destination.chmod(0o755)
    wheel.unlink()


def run_pip(*arguments: str | Path) -> None:
    """Run pip with the user's own index settings.

    Raises:
        SystemExit: it failed; the message is pip's own.
    """
    # The build must come out the same everywhere, so no time stamp of today goes into a wheel.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}
    command = [*PIP, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        cause = (errors or done.stderr.splitlines() or ["pip gave no reason"])[0]
        sys.exit(
            f"The bundle could not be built: {cause} Check pip's index settings, or build it on a "
            "machine that reaches an index and name the file with control_plane_bundle."
        )


def pack(tree: Path, destination: Path) -> None:
    """Write a tar.gz whose files belong to root."""
    with tarfile.open(destination, "w:gz", compresslevel=1) as archive:
        archive.add(tree, arcname=".", filter=give_to_root)
    shutil.rmtree(tree)


def give_to_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return the member as root's."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


if __name__ == "__main__":
    main()
