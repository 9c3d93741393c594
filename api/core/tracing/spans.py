# SPDX-License-Identifier: GPL-3.0-or-later
"""How long does what takes, from a request to the host? OpenTelemetry's spans; owns its SDK.

Off, unless ``MYX_TRACES`` is set: then a span costs nothing. The id of a trace is that of the
request that began it, so that spans and log lines are found by the same id, and what another
process carries on belongs to the same trace.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from uuid import UUID

from api.core.errors import SettingsError
from api.core.tracing.request_ids import get_request_id, make_traceparent

_KINDS = {"internal": 0, "server": 1, "client": 2}
"""OpenTelemetry's numbers of what a span is about."""

_tracers: list[Any] = []
"""The tracer where traces are on; none is the usual case."""


def start_tracing(exporter: Any = None) -> None:
    """Make spans from now on, and export them: as the ``OTEL_*`` variables say, or to ``exporter``.

    Raises:
        SettingsError: the packages are not installed.
    """
    try:
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - optional, and heavy
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above

        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(exporter or _make_exporter()))
    except ImportError as error:
        raise SettingsError(
            "MYX_TRACES=true needs OpenTelemetry: install 'myx[otel]', or leave MYX_TRACES out."
        ) from error
    _tracers[:] = [(provider, provider.get_tracer("myx"))]


def stop_tracing() -> None:
    """Export what is left, and make no more spans; blocks."""
    for provider, _ in _tracers:
        provider.shutdown()
    _tracers.clear()


def is_tracing() -> bool:
    """Say whether spans are made."""
    return bool(_tracers)


@contextmanager
def span(
    name: str, kind: Literal["internal", "server", "client"] = "internal", **facts: str | int
) -> Iterator[None]:
    """Measure the block as a part of what a request led to; what no request led to is not."""
    if not _tracers or not get_request_id():
        yield
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - as above

    (_, tracer), *_ = _tracers
    with tracer.start_as_current_span(
        name,
        context=_find_parent(),
        kind=SpanKind(_KINDS[kind]),
        attributes={f"myx.{key}": value for key, value in facts.items()},
    ):
        yield


def describe_span() -> str | None:
    """Return the ``traceparent`` of the innermost span; without one as ``make_traceparent``."""
    if not _tracers:
        return make_traceparent()
    from opentelemetry.trace import get_current_span  # noqa: PLC0415 - as above

    inner = get_current_span().get_span_context()
    if not inner.is_valid:
        return make_traceparent()
    return f"00-{inner.trace_id:032x}-{inner.span_id:016x}-{inner.trace_flags:02x}"


def _make_exporter() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - as above
        OTLPSpanExporter,
    )

    return OTLPSpanExporter()


def _find_parent() -> Any:
    """Return the context to begin a span in: the one around it, or else the request's own."""
    from opentelemetry import trace  # noqa: PLC0415 - as above

    trace_id = UUID(get_request_id()).int
    if trace.get_current_span().get_span_context().trace_id == trace_id:
        return None
    remote = trace.SpanContext(
        trace_id, trace_id & (2**64 - 1), is_remote=True, trace_flags=trace.TraceFlags(1)
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(remote))
