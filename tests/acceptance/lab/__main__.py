# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a developer use the lab by hand? ``PYTHONPATH=tests/acceptance python3 -m lab``."""

import argparse
import contextlib
import json
import os
import signal
import sys
from pathlib import Path

from lab.hosts import Host, Lab, remove_orphans
from lab.image import DEFAULT_SUITE, DEPLOY_USER, ensure_image, remove_images
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
        _hold_hosts(arguments.suite, arguments.names, arguments.instance_config)
    else:
        _remove_all(with_images=arguments.images)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab", description="Hosts that boot systemd.")
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("names", nargs="*", help="names of hosts, for up")
    parser.add_argument("--suite", default=os.environ.get("MYX_LAB_SUITE", DEFAULT_SUITE))
    parser.add_argument(
        "--instance-config", type=Path, help="up: written for molecule when all greet"
    )
    parser.add_argument("--images", action="store_true", help="down: remove the images as well")
    return parser.parse_args()


def _hold_hosts(suite: str, names: list[str], instance_config: Path | None) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    lab = Lab(suite)
    try:
        hosts = lab.boot(*names)
        for host in hosts:
            _say(f"{host.name}  ssh -i {lab.key_path} root@{host.address}")
        if instance_config:
            _write_instance_config(instance_config, hosts, lab.key_path)
        _say("Ctrl-C removes them")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    finally:
        lab.close()


def _write_instance_config(path: Path, hosts: list[Host], key_path: Path) -> None:
    """Write how molecule reaches the hosts, at once or not at all; ``holder`` is who has them."""
    shared = {
        "user": DEPLOY_USER,
        "port": 22,
        "identity_file": str(key_path),
        "holder": os.getpid(),
    }
    instances = [{"instance": host.name, "address": host.address, **shared} for host in hosts]
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(instances))
    draft.replace(path)


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
