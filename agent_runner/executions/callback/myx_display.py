# SPDX-License-Identifier: GPL-3.0-or-later
"""How do the structured events of a playbook leave ansible-playbook?

A stdout callback: ansible-runner's ``awx_display`` knows which events there are, what is in
them and what ``no_log`` hides. It weaves them into the output; here they are written as lines of
JSON to a pipe of their own, so that the output stays what ``ansible-playbook`` prints.

Loaded by ansible-playbook, never by the agent.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import uuid
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

DOCUMENTATION = """
    name: myx_display
    type: stdout
    short_description: Writes ansible-runner's events to a pipe
    version_added: "0.1.0"
    description:
      - Prints what the callback named in E(ORIGINAL_STDOUT_CALLBACK) prints, and writes each event
        in the form of ansible-runner as one line of JSON to the descriptor in E(MYX_EVENTS_FD).
    extends_documentation_fragment:
      - default_callback
    requirements:
      - ansible-runner
"""

MAX_STDOUT_CHARS = 64 * 1024
"""An event repeats at most this much of the output; the log has all of it."""


MAX_EVENT_CHARS = 1024 * 1024
"""In an event that is longer, texts longer than ``MAX_STDOUT_CHARS`` are cut, like the output of
a task that prints a whole database."""


def _load_awx_display() -> ModuleType:
    """Load ansible-runner's plugin without ansible-runner, which would cost 200 ms."""
    package = importlib.util.find_spec("ansible_runner")
    if package is None or package.origin is None:
        raise ImportError("ansible-runner is not installed beside ansible-core")
    path = Path(package.origin).parent / "display_callback" / "callback" / "awx_display.py"
    spec = importlib.util.spec_from_file_location("myx_awx_display", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


awx_display = _load_awx_display()


class _EventEncoder(awx_display.AnsibleJSONEncoderLocal):  # type: ignore[name-defined,misc]
    """Writes what JSON does not know as text: an odd result must not cost the event."""

    def default(self, o: Any) -> Any:
        try:
            return super().default(o)
        except TypeError:
            return str(o)


def _encode(event: dict[str, Any]) -> str:
    """Return an event as JSON that any reader takes, with the longest texts cut."""
    try:
        text = _dump(event, allow_nan=False)
    except ValueError:  # JSON has no word for "not a number" and infinity
        text = _dump(json.loads(_dump(event), parse_constant=str))
    return text if len(text) <= MAX_EVENT_CHARS else _dump(_shorten(json.loads(text)))


def _dump(event: Any, **options: Any) -> str:
    return json.dumps(
        event,
        cls=_EventEncoder,
        ensure_ascii=False,
        separators=(",", ":"),
        skipkeys=True,
        **options,
    )


def _shorten(value: Any) -> Any:
    """Return a value with its long texts cut."""
    if isinstance(value, dict):
        return {key: _shorten(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shorten(each) for each in value]
    if not isinstance(value, str) or len(value) <= MAX_STDOUT_CHARS:
        return value
    left_out = len(value) - MAX_STDOUT_CHARS
    return f"{value[:MAX_STDOUT_CHARS]}[myx] {left_out} characters are left out of this event"


class EventWriter:
    """Numbers events and writes them to the pipe."""

    def __init__(self, fd: int, ident: str) -> None:
        self._fd = fd
        self._ident = ident
        self._counter = 0
        self._line = 0

    def write(self, event: dict[str, Any], printed: str) -> None:
        """Write one event with what was printed for it.

        ``event`` comes first in the line: the supervisor recognizes failures by it.
        """
        self._counter += 1
        start_line = self._line
        self._line += printed.count("\n")
        complete = {
            "event": event["event"],
            "counter": self._counter,
            "runner_ident": self._ident,
            "stdout": printed.rstrip("\r\n")[:MAX_STDOUT_CHARS],
            "start_line": start_line,
            "end_line": self._line,
            **event,
        }
        view = memoryview(_encode(complete).encode("utf-8", "replace") + b"\n")
        while view:
            view = view[os.write(self._fd, view) :]


class EventContext(awx_display.EventContext):  # type: ignore[name-defined,misc]
    """Collects what is printed between the beginning and the end of an event, and writes both."""

    def __init__(self, writer: EventWriter) -> None:
        super().__init__()
        self._writer = writer
        self._open: dict[str, Any] | None = None
        self._printed: list[str] = []
        self._loose = ""

    def dump_begin(self, fileobj: IO[str]) -> None:
        """Open an event; one that is still open ends here."""
        self.dump_end(fileobj)
        self._open = self.get_begin_dict()

    def dump_end(self, fileobj: IO[str]) -> None:
        """Write the event that is open; the output becomes visible with it."""
        fileobj.flush()
        event, self._open = self._open, None
        printed, self._printed = "".join(self._printed), []
        if event is not None:
            self._writer.write(event, printed)

    def note(self, text: str) -> None:
        """Take what is printed: for the open event, or line by line as ``verbose`` events."""
        if self._open is not None:
            self._printed.append(text)
            return
        *lines, self._loose = (self._loose + text).split("\n")
        for line in lines:
            self._writer.write(self._make_verbose(), f"{line}\n")

    @staticmethod
    def _make_verbose() -> dict[str, Any]:
        return {
            "event": "verbose",
            "uuid": str(uuid.uuid4()),
            "created": awx_display.current_time().isoformat(),
            "pid": os.getpid(),
            "event_data": {},
        }


class NotingStream:
    """A text stream that tells the event context what goes through it."""

    def __init__(self, stream: IO[str], context: EventContext) -> None:
        self._stream = stream
        self._context = context
        self._pid = os.getpid()

    def write(self, text: str) -> int:
        """Write, and note it; a worker process that was forked from here has no events."""
        written = self._stream.write(text)
        if os.getpid() == self._pid:
            self._context.note(text)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _divert_events() -> None:
    """Let events go to the descriptor that the supervisor has left.

    An ansible-playbook that a task starts inherits the settings and has no such descriptor: it
    prints as usual and its events go nowhere.
    """
    fd_text = os.environ.pop("MYX_EVENTS_FD", None)
    fd = int(fd_text) if fd_text else os.open(os.devnull, os.O_WRONLY)
    os.set_inheritable(fd, False)
    context = EventContext(EventWriter(fd, Path(os.environ.get("MYX_EXECUTION_FOLDER", "")).name))
    awx_display.event_context = context  # type: ignore[attr-defined]
    sys.stdout = NotingStream(sys.stdout, context)
    sys.stderr = NotingStream(sys.stderr, context)


_divert_events()


class CallbackModule(awx_display.CallbackModule):  # type: ignore[name-defined,misc]
    """Prints what the chosen callback prints and writes events."""

    CALLBACK_NAME = "myx_display"

    def set_options(self, *args: Any, **kwargs: Any) -> None:
        """Take the options, of which a callback like ``oneline`` documents none.

        ansible-runner's plugin takes it for granted that there are some.
        """
        name = awx_display.DefaultCallbackModule._load_name  # noqa: SLF001 - as ansible-runner does
        config = awx_display.C.config
        if not config.has_configuration_definition("callback", name):
            config.initialize_plugin_configuration_definitions("callback", name, {})
        super().set_options(*args, **kwargs)
