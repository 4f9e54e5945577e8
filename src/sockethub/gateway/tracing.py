"""Traces of commands for OpenTelemetry, where they are declared: what a command went through, and for how long.

::

    command ─┬─ validate   the pipeline
             ├─ seal
             ├─ enqueue    until Redis has it
             ├─ queue      until a worker is given it
             ├─ perform    the worker, and its service
             ├─ reply      until this gateway has it
             └─ deliver    to the client's outbox

A worker may reach nothing that takes spans, so it sends none: the trace goes to it in the sealed job, for its log, and
when it began and how long it took comes back in the sealed reply. Its clock may differ from this machine's.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio

from sockethub import __version__
from sockethub.config.models import Traces
from sockethub.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

__all__ = ["CommandTrace", "Tracing", "tracing_of"]

SCOPE: Final = "sockethub"
PREFIX: Final = "sockethub."
"""Of the names of attributes."""

ENQUEUE: Final = "enqueue"
"""The step until Redis has a command."""

FLUSH_SECONDS: Final = 3.0
"""How long the last spans may take to be sent at the end."""

MISSING: Final = (
    "traces.endpoint: OpenTelemetry is not installed; run: pip install 'sockethub[otel]', or leave `traces` out"
)


class Tracing:
    """Begins traces."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer: Tracer = provider.get_tracer(SCOPE, __version__)

    @classmethod
    def declared(cls, traces: Traces) -> Tracing:
        """As the declaration says; raises :class:`~sockethub.errors.ConfigError` where the packages are missing."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
        except ImportError:
            raise ConfigError(MISSING) from None
        resource = Resource.create({"service.name": "sockethub-gateway", "service.version": __version__})
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(traces.share)), resource=resource, shutdown_on_exit=False
        )
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=traces.endpoint)))
        return cls(provider)

    def begin(self) -> CommandTrace | None:
        """A command has come; None where it is not one of those that are traced."""
        span = self._tracer.start_span("command", start_time=time.time_ns())
        return CommandTrace(self._tracer, span) if span.is_recording() else None

    def close(self) -> None:
        """Send what is left; blocks."""
        self._provider.shutdown()


class CommandTrace:
    """The trace of one command (:class:`~sockethub.sessions.session.Trace`)."""

    def __init__(self, tracer: Tracer, span: Span) -> None:
        from opentelemetry.trace import set_span_in_context

        self._tracer = tracer
        self._span = span
        self._context = set_span_in_context(span)
        self._at = time.time_ns()
        self._queued = False
        """Whether it is known to be."""
        self._ended = False
        context = span.get_span_context()
        self.parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def step(self, name: str) -> None:
        """From the step before until now."""
        self._queued |= name == ENQUEUE
        self._step(name, self._at, time.time_ns())

    def performed(self, began: int, took: float) -> None:
        """The steps of a worker, by its own clock, and those around them."""
        done = began + int(took * 1e9)
        if not self._queued:  # a reply may overtake the news of that, and says it, too
            self._queued = True
            self._step(ENQUEUE, self._at, max(self._at, began))
        self._step("queue", min(self._at, began), began)
        self._step("perform", began, done)
        self._step("reply", done, max(done, time.time_ns()))

    def end(self, outcome: str, **about: str) -> None:
        """It has its answer."""
        if self._ended:
            return
        self._ended = True
        self._span.set_attributes(_attributes({"outcome": outcome, **about}))
        self._span.end(self._at)

    def _step(self, name: str, start: int, end: int) -> None:
        if self._ended:  # the news that it is queued may come behind its reply
            return
        self._tracer.start_span(name, self._context, start_time=start).end(end)
        self._at = end


def _attributes(about: Mapping[str, str]) -> dict[str, str]:
    return {PREFIX + name: value for name, value in about.items()}


@asynccontextmanager
async def tracing_of(traces: Traces, given: Tracing | None = None) -> AsyncIterator[Tracing | None]:
    """What ``traces`` declares, or ``given``; at the end of the block what is left is sent, if that goes quickly."""
    tracing = given if given is not None or traces.endpoint is None else Tracing.declared(traces)
    try:
        yield tracing
    finally:
        if tracing is not None:
            with anyio.CancelScope(shield=True), anyio.move_on_after(FLUSH_SECONDS):
                await anyio.to_thread.run_sync(tracing.close, abandon_on_cancel=True)
