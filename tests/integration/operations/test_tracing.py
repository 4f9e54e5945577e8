"""One command is one trace, from the gateway through the queue and a real worker and back."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from sockethub.config.loader import loads
from sockethub.crypto import RootKey, Secret
from sockethub.errors import ConfigError
from sockethub.gateway.server import serve_gateway
from sockethub.gateway.tracing import Tracing, tracing_of
from sockethub.supervisor.launch import run_supervisor
from tests.support.deployment import declaration
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio

CONTENT = "nobody's business"
STEPS = ["validate", "seal", "enqueue", "queue", "perform", "reply", "deliver"]


def message(verb: str, content: str = CONTENT) -> dict[str, Any]:
    actor = {"id": "ann", "type": "person"}
    return {"type": verb, "context": "dummy", "actor": actor, "object": {"type": "note", "content": content}}


@asynccontextmanager
async def stack(redis_url: str, folder: Path, provider: TracerProvider) -> AsyncIterator[WsClient]:
    """A client of a gateway in this process, whose workers are real; only the dummy platform."""
    tree = declaration({"state_dir": str(folder)})
    tree["platforms"] = {"dummy": tree["platforms"]["dummy"] | {"worker": {"pool_size": 1}}}
    declared, root = loads(yaml.safe_dump(tree), folder, {}), RootKey.new(0)
    async with (
        run_supervisor(declared, redis_url=Secret(redis_url), root_key=root),
        anyio.create_task_group() as tasks,
    ):

        async def serve(*, task_status: Any) -> None:
            await serve_gateway(
                declared,
                redis_url=Secret(redis_url),
                root_key=root,
                tracing=Tracing(provider),
                task_status=task_status,
            )

        port = await tasks.start(serve)
        async with ws_client(f"ws://127.0.0.1:{port}/ws") as client:
            yield client
        tasks.cancel_scope.cancel()


def traces(exporter: InMemorySpanExporter) -> list[tuple[ReadableSpan, list[ReadableSpan]]]:
    """Each command's span with its steps by when they began."""
    spans = exporter.get_finished_spans()
    return [
        (
            root,
            sorted(
                (span for span in spans if span.parent is not None and span.parent.span_id == root.context.span_id),
                key=lambda span: span.start_time or 0,
            ),
        )
        for root in spans
        if root.parent is None
    ]


async def test_a_command_is_one_trace(redis_url: str, tmp_path: Path) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with stack(redis_url, tmp_path, provider) as client:
        await client.ok("message", message("echo"))
        assert (await client.request("message", message("fail")))["error"]
        assert (await client.request("message", message("dance")))["error"]
        shown = traces(exporter)

    assert [root.attributes["sockethub.outcome"] for root, _ in shown] == ["result", "error", "refused"]
    for root, steps in shown[:2]:
        assert [step.name for step in steps] == STEPS
        assert {step.context.trace_id for step in steps} == {root.context.trace_id}
        for step in steps:
            assert root.start_time <= step.start_time <= step.end_time <= root.end_time, step.name
        assert {"sockethub.platform", "sockethub.verb", "sockethub.job", "sockethub.login"} < root.attributes.keys()
    refused, steps = shown[2]
    assert [step.name for step in steps] == []
    assert refused.attributes["sockethub.reason"] == "unsupported-verb"
    assert CONTENT not in "".join(span.to_json() for span in exporter.get_finished_spans())


async def test_a_reply_that_overtakes_the_news_that_its_command_is_queued_says_it_too() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace = Tracing(provider).begin()
    assert trace is not None
    for step in ("validate", "seal"):
        trace.step(step)
    trace.performed(time.time_ns(), 0.001)
    trace.step("deliver")
    trace.end("result")
    trace.step("enqueue")
    [(_, steps)] = traces(exporter)
    assert [step.name for step in steps] == STEPS


async def test_what_is_not_sampled_is_not_traced(redis_url: str, tmp_path: Path) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider(sampler=ALWAYS_OFF)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with stack(redis_url, tmp_path, provider) as client:
        await client.ok("message", message("echo"))
    assert exporter.get_finished_spans() == ()


async def test_the_packages_it_needs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigError, match=r"sockethub\[otel\]"):
        Tracing.declared(loads(yaml.safe_dump(declaration({"traces": {"endpoint": "http://a"}})), Path(), {}).traces)


async def test_none_are_the_default() -> None:
    async with tracing_of(loads(yaml.safe_dump(declaration()), Path(), {}).traces) as tracing:
        assert tracing is None
