# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options say how a run goes through its hosts? The same for all verbs that start one."""

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import typer

from api.cli.errors import UsageError

Waves = Annotated[
    str | None,
    typer.Option(
        "--waves",
        metavar="SIZES",
        help="Numbers or shares of the hosts, one after the other: '1,5%,100%'. "
        "The last one is repeated.",
    ),
]
Order = Annotated[
    Literal["inventory", "reverse_inventory", "sorted", "reverse_sorted", "shuffle"] | None,
    typer.Option("--order", metavar="O", help="Order of the hosts, as Ansible's 'order'."),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="Repeats a shuffled order.")]
MaxFailures = Annotated[
    str | None,
    typer.Option(
        "--max-failures", metavar="N|P%", help="So many hosts may fail; one more stops the run."
    ),
]
MaxFailuresPerWave = Annotated[
    str | None,
    typer.Option("--max-failures-per-wave", metavar="N|P%", help="The same of each wave."),
]
WavePause = Annotated[
    str | None,
    typer.Option("--wave-pause", metavar="T", help="Wait so long between waves: 30, 5m, 1h."),
]
PauseAfter = Annotated[
    list[int] | None,
    typer.Option(
        "--pause-after", metavar="N", help="Pause after wave N until 'myx resume'. Repeatable."
    ),
]
Forks = Annotated[
    int | None, typer.Option("--forks", "-f", metavar="N", help="So many hosts at once.")
]
Priority = Annotated[
    int | None,
    typer.Option("--priority", metavar="N", help="More comes first in the queue, -100 to 100."),
]
Offline = Annotated[
    Literal["fail", "wait"] | None,
    typer.Option("--offline", metavar="fail|wait", help="What to do with hosts that are offline."),
]
Maintenance = Annotated[
    Literal["skip", "wait"] | None,
    typer.Option(
        "--maintenance", metavar="skip|wait", help="What to do with hosts in maintenance."
    ),
]
Ttl = Annotated[
    str | None,
    typer.Option("--ttl", metavar="T", help="Wait so long for a host: 90, 30m, 1h, 7d."),
]
Preview = Annotated[
    bool, typer.Option("--preview", help="Show hosts and waves, and start nothing.")
]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Rollout:
    """How a run goes through its hosts, and whether it is only to be shown."""

    fields: dict[str, Any]
    preview: bool = False


def collect_rollout(  # noqa: PLR0913 - an option each
    *,
    waves: Waves = None,
    order: Order = None,
    seed: Seed = None,
    max_failures: MaxFailures = None,
    max_failures_per_wave: MaxFailuresPerWave = None,
    wave_pause: WavePause = None,
    pause_after: PauseAfter = None,
    forks: Forks = None,
    priority: Priority = None,
    offline: Offline = None,
    maintenance: Maintenance = None,
    ttl: Ttl = None,
    preview: Preview = False,
) -> Rollout:
    """Gather what was given."""
    given = {
        "waves": [size.strip() for size in waves.split(",")] if waves else None,
        "order": order,
        "seed": seed,
        "max_failures": max_failures,
        "max_failures_per_wave": max_failures_per_wave,
        "wave_pause_s": parse_duration(wave_pause, "--wave-pause"),
        "pause_after": pause_after,
        "forks": forks,
        "priority": priority,
        "offline": offline,
        "maintenance": maintenance,
        "ttl_s": parse_duration(ttl, "--ttl"),
    }
    return Rollout({key: value for key, value in given.items() if value is not None}, preview)


def parse_duration(text: str | None, option: str) -> float | None:
    """Return seconds; ``30``, ``30s``, ``5m``, ``1.5h``, ``7d``."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{option} '{text}' is no time. Write seconds, or 5m, 1h, 7d.")
    return float(found[1]) * _SECONDS[found[2]]


def with_rollout(verb: Callable[..., int]) -> Callable[..., int]:
    """Give a verb all these options; it gets them as ``rollout``."""
    own = inspect.signature(verb)
    ours = inspect.signature(collect_rollout)

    @functools.wraps(verb)
    def run(**given: Any) -> int:
        chosen = {name: given.pop(name) for name in ours.parameters}
        return verb(**given, rollout=collect_rollout(**chosen))

    kept = [each for name, each in own.parameters.items() if name != "rollout"]
    parameters = [*kept, *ours.parameters.values()]
    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run
