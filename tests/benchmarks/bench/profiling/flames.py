# SPDX-License-Identifier: GPL-3.0-or-later
"""Which functions use the time? py-spy looks at processes and their children while runs go on."""

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.peers.programs import find_program

RATE_HZ = 200
READY_S = 1.0
"""How long py-spy may take to find its way in a process before the work begins."""
WRITE_S = 60.0

FORMATS = {"flamegraph": "svg", "raw": "txt"}
"""What py-spy can write, and how the file's name ends; raw is a stack and its count a line."""


@contextmanager
def record(targets: Mapping[str, int], folder: Path, form: str) -> Iterator[None]:
    """Sample processes until the end of the block and write ``NAME.svg`` or ``NAME.txt``.

    Args:
        targets: names of the graphs, and processes.
        folder: where the files go.
        form: of ``FORMATS``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recorders = [
        _start(folder / f"{name}.{FORMATS[form]}", pid, form) for name, pid in targets.items()
    ]
    for recorder in recorders:
        _await_sampling(recorder)
    try:
        yield
    finally:
        for recorder in recorders:
            recorder.send_signal(signal.SIGINT)
        for recorder in recorders:
            recorder.communicate(timeout=WRITE_S)


def _start(path: Path, pid: int, form: str) -> subprocess.Popen[bytes]:
    words = ("record", "--subprocesses", "--function", "--nonblocking")
    more = ("--rate", str(RATE_HZ), "--format", form, "--output", str(path), "--pid", str(pid))
    return subprocess.Popen(
        [find_program("py-spy"), *words, *more],
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
    """Return the functions with the largest share of samples in which they are on the stack."""
    samples: Counter[str] = Counter()
    total = 0
    for line in path.read_text().splitlines():
        stack, _, times = line.rpartition(" ")
        if not times.isdecimal():
            continue
        total += int(times)
        for frame in {_shorten(frame) for frame in stack.split(";")}:
            samples[frame] += int(times)
    return [(name, 100 * seen / total) for name, seen in samples.most_common(count) if total]


def _shorten(frame: str) -> str:
    return re.sub(r"^process \d+:.*", "(process)", frame)
