# SPDX-License-Identifier: GPL-3.0-or-later
"""Which functions use the time? py-spy looks at processes and their children while runs go on."""

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.peers.programs import find_program

RATE_HZ = 200
READY_S = 1.0
"""How long py-spy may take to find its way in a process before the work begins."""
WRITE_S = 60.0

FORMATS = {"flamegraph": "svg", "raw": "txt"}
"""What py-spy can write, and how the file's name ends; raw is a stack and its count a line."""


@dataclass(frozen=True)
class Target:
    """A process that is looked at, and the name of its graph."""

    name: str
    pid: int
    with_children: bool


@contextmanager
def record(targets: Sequence[Target], folder: Path, form: str) -> Iterator[None]:
    """Sample processes until the end of the block and write ``NAME.svg`` or ``NAME.txt``.

    Args:
        targets: what is looked at.
        folder: where the files go.
        form: of ``FORMATS``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recorders = [_start(target, folder, form) for target in targets]
    for recorder in recorders:
        _await_sampling(recorder)
    try:
        yield
    finally:
        for recorder in recorders:
            recorder.send_signal(signal.SIGINT)
        for recorder in recorders:
            recorder.communicate(timeout=WRITE_S)


def _start(target: Target, folder: Path, form: str) -> subprocess.Popen[bytes]:
    path = folder / f"{target.name}.{FORMATS[form]}"
    words = [
        "record",
        "--function",
        "--nonblocking",
        "--gil",
        "--rate",
        str(RATE_HZ),
        "--format",
        form,
    ]
    words += ["--subprocesses"] if target.with_children else []
    return subprocess.Popen(
        [find_program("py-spy"), *words, "--output", str(path), "--pid", str(target.pid)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _await_sampling(recorder: subprocess.Popen[bytes]) -> None:
    """Return when py-spy says that it samples, or that it cannot."""
    assert recorder.stdout is not None
    for line in recorder.stdout:
        if b"Sampling" in line or b"Error" in line:
            return


def list_heaviest(path: Path, count: int) -> list[tuple[str, float]]:
    """Return the functions with the largest share of samples in which they themselves run."""
    samples: Counter[str] = Counter()
    total = 0
    for line in path.read_text().splitlines():
        stack, _, times = line.rpartition(" ")
        if not times.isdecimal():
            continue
        total += int(times)
        samples[stack.rpartition(";")[2]] += int(times)
    return [(name, 100 * seen / total) for name, seen in samples.most_common(count) if total]
