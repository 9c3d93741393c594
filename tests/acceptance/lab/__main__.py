# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a developer use the lab by hand? ``PYTHONPATH=tests/acceptance python3 -m lab``."""

import argparse
import contextlib
import os
import signal
import sys

from lab.hosts import Lab, remove_orphans
from lab.image import DEFAULT_SUITE, ensure_image, remove_images
from lab.podman import LabError
from lab.prerequisites import find_obstacle

VERBS = ("setup", "up", "down")
"""Build the image; boot hosts and hold them until Ctrl-C; remove every session's hosts."""


def main() -> int:
    """Run one verb and return the exit code."""
    arguments = _parse()
    obstacle = find_obstacle()
    if obstacle:
        return _fail(obstacle)
    try:
        _run(arguments)
    except LabError as error:
        return _fail(str(error))
    return 0


def _run(arguments: argparse.Namespace) -> None:
    if arguments.verb == "setup":
        _say(ensure_image(arguments.suite))
    elif arguments.verb == "up":
        _hold_hosts(arguments.suite, arguments.names)
    else:
        _remove_all(with_images=arguments.images)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab", description="Hosts that boot systemd.")
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("names", nargs="*", help="names of hosts, for up")
    parser.add_argument("--suite", default=os.environ.get("MYX_LAB_SUITE", DEFAULT_SUITE))
    parser.add_argument("--images", action="store_true", help="down: remove the images as well")
    return parser.parse_args()


def _hold_hosts(suite: str, names: list[str]) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    lab = Lab(suite)
    try:
        for host in lab.boot(*names):
            _say(f"{host.name}  ssh -i {lab.key_path} root@{host.address}")
        _say("Ctrl-C removes them")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    finally:
        lab.close()


def _remove_all(*, with_images: bool) -> None:
    for name in remove_orphans(every=True):
        _say(f"removed {name}")
    if with_images:
        remove_images()


def _fail(sentence: str) -> int:
    sys.stderr.write(f"lab: {sentence}\n")
    return 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
