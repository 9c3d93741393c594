# SPDX-License-Identifier: GPL-3.0-or-later
"""How far is each host of a run in its tasks? Told in a few bytes a task, for many hosts at once.

Events hold everything that a task said; a matrix of a thousand hosts needs only how it ended. The
whole result of one task are the events from ``first`` to ``counter`` of its execution.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.core.storable import MAX_INT4

MAX_EXECUTIONS = 50
"""The most executions that one request asks for."""

MAX_STEPS = 5000
"""The most events that one answer is made of."""

TaskState = Literal["running", "ok", "changed", "failed", "ignored", "skipped", "unreachable"]

_ENDS: Mapping[str, TaskState] = {
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_skipped": "skipped",
    "runner_on_unreachable": "unreachable",
}
STEP_EVENTS = (*_ENDS, "playbook_on_task_start", "playbook_on_handler_task_start")
"""The events that say how far a host is."""


class TasksQuery(BaseModel):
    """Whose tasks are read, and from where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Annotated[
        str,
        Field(
            description=f"Executions, and the last event known of each: id:counter,... "
            f"({MAX_EXECUTIONS} at most); 0 for all",
            examples=["0199b0c4-...:0"],
            max_length=16 * 1024,
        ),
    ]

    @property
    def counter_by_execution(self) -> dict[str, int]:
        """The last counters by execution."""
        pairs = (part.rpartition(":") for part in self.after.split(",") if part)
        return {execution_id: int(counter) for execution_id, _, counter in pairs}

    @model_validator(mode="after")
    def _check_after(self) -> Self:
        parts = [part for part in self.after.split(",") if part]
        if len(parts) > MAX_EXECUTIONS:
            raise ValueError(f"at most {MAX_EXECUTIONS} executions")
        for part in parts:
            execution_id, _, counter = part.rpartition(":")
            is_number = (
                counter.isascii() and counter.isdecimal() and len(counter) <= len(str(MAX_INT4))
            )
            if not execution_id or not is_number or int(counter) > MAX_INT4:
                raise ValueError(f"'{part[:80]}' is not EXECUTION_ID:COUNTER")
        return self


class TaskName(BaseModel):
    """A task, the same on every host."""

    play: str
    name: str
    path: Annotated[str, Field(description="Where it stands, as the host has it: file:line")]


class TaskStep(BaseModel):
    """How a task stands on a host."""

    task: Annotated[int, Field(description="Its place in 'tasks'")]
    state: TaskState
    seconds: float | None
    first: Annotated[int, Field(description="Counter of the first event here that is about it")]
    counter: Annotated[int, Field(description="Counter of the last one")]


class ExecutionTasks(BaseModel):
    """What is new of one execution."""

    execution_id: str
    steps: list[TaskStep]
    last: Annotated[int, Field(description="Send it as the counter to read on")]
    is_final: Annotated[bool, Field(description="The execution has ended and this is all")]


class RunTasks(BaseModel):
    """What is new of the tasks of some executions."""

    tasks: list[TaskName]
    executions: list[ExecutionTasks]
    has_more: Annotated[bool, Field(description="More is there already: ask again")]


@dataclass(frozen=True, slots=True)
class Step:
    """What the database tells of an event; what came from the host may be anything."""

    execution_id: str
    counter: int
    event: str
    play: str | None
    task: str | None
    path: Any
    changed: Any
    ignore_errors: Any
    duration: Any

    @property
    def state(self) -> TaskState:
        """How the task stands by this event."""
        state = _ENDS.get(self.event, "running")
        if state == "ok" and _is_true(self.changed):
            return "changed"
        return "ignored" if state == "failed" and _is_true(self.ignore_errors) else state


def _is_true(value: object) -> bool:
    """Say whether a value is JSON's true, which SQLite tells as 1."""
    return isinstance(value, int) and value == 1


@dataclass(slots=True)
class _Names:
    """Gives each task its place."""

    names: list[TaskName] = field(default_factory=list)
    _places: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def place(self, step: Step) -> int:
        path = step.path if isinstance(step.path, str) else ""
        key = (step.play or "", step.task or "", path)
        if key not in self._places:
            self._places[key] = len(self.names)
            self.names.append(TaskName(play=key[0], name=key[1], path=key[2]))
        return self._places[key]


def summarise(after: Mapping[str, int], ended: set[str], steps: Sequence[Step]) -> RunTasks:
    """Build the answer of what is behind the counters ``after``; ``MAX_STEPS`` may be cut off."""
    has_more = len(steps) >= MAX_STEPS
    names = _Names()
    by_execution: dict[str, list[Step]] = {execution_id: [] for execution_id in after}
    for step in steps:
        by_execution[step.execution_id].append(step)
    executions = [
        ExecutionTasks(
            execution_id=execution_id,
            steps=_join(names, own),
            last=own[-1].counter if own else after[execution_id],
            is_final=execution_id in ended and not has_more,
        )
        for execution_id, own in by_execution.items()
    ]
    return RunTasks(tasks=names.names, executions=executions, has_more=has_more)


def _join(names: _Names, steps: Iterable[Step]) -> list[TaskStep]:
    """Let the end of a task take the place of its beginning."""
    joined: list[TaskStep] = []
    for step in steps:
        task, first = names.place(step), step.counter
        if joined and joined[-1].task == task and joined[-1].state == "running":
            first = joined.pop().first
        duration = step.duration
        is_number = isinstance(duration, int | float) and not isinstance(duration, bool)
        seconds = float(duration) if is_number else None
        joined.append(
            TaskStep(
                task=task, state=step.state, seconds=seconds, first=first, counter=step.counter
            )
        )
    return joined
