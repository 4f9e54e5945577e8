"""A gateway in this process, on a real Redis, with the dummy platform's worker beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from sockethub.config.loader import loads
from sockethub.config.models import Declaration
from sockethub.crypto import KeyRing, RootKey, Secret
from sockethub.gateway.server import serve_gateway
from tests.integration.gateway.echo_worker import EchoWorker, echo_worker


@dataclass
class House:
    """A running gateway."""

    port: int
    keys: KeyRing
    worker: EchoWorker
    redis_url: str
    stop: Callable[[], None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"


def declare(
    directory: Path, *, http: bool = False, platforms: Mapping[str, Any] | None = None, **gateway: Any
) -> Declaration:
    """The shipped declaration with other settings of the gateway and of platforms; HTTP may be on."""
    import json

    import yaml

    from tests.support.deployment import declaration

    settings = {"gateway": gateway, "http": {"enabled": http}, "platforms": platforms or {}}
    declared = declaration({"state_dir": str(directory), **settings})
    return loads(yaml.safe_dump(json.loads(json.dumps(declared))), directory, {})


Make = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def house_of(redis_url: str, tmp_path: Path) -> Make:
    """Starts a gateway with other settings; several with one ``root`` key are gateways of one service."""

    @asynccontextmanager
    async def make(*, root: RootKey | None = None, **gateway: Any) -> AsyncIterator[House]:
        root = root or RootKey.new(0)
        keys = KeyRing(root)
        declaration = declare(tmp_path, **gateway)
        async with echo_worker(redis_url, keys) as worker, anyio.create_task_group() as tasks:
            scope = anyio.CancelScope()

            async def serve(*, task_status: Any) -> None:
                with scope:
                    await serve_gateway(
                        declaration, redis_url=Secret(redis_url), root_key=root, task_status=task_status
                    )

            port = await tasks.start(serve)
            yield House(port, keys, worker, redis_url, scope.cancel)
            scope.cancel()

    return make


@pytest.fixture
async def house(house_of: Make) -> AsyncIterator[House]:
    """A gateway with the shipped settings, out of the rate limiter's way."""
    async with house_of(rate={"events": 100_000, "seconds": 1, "block_seconds": 1}) as running:
        yield running
