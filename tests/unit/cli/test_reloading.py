"""The declaration is read again: once for an order, one time after the other, and with an answer in any case."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml

from sockethub import logs
from sockethub.cli.reloading import Reloading
from sockethub.config import Declaration
from sockethub.config.loader import loads
from sockethub.config.reload import Live
from sockethub.config.resources import SHIPPED_DECLARATION
from sockethub.errors import ConfigError

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    yield
    logs.set_level("info")


def sized(most: int) -> Declaration:
    tree = yaml.safe_load(SHIPPED_DECLARATION.read_text())
    tree["gateway"] |= {"max_message_bytes": most, "port": most}
    return loads(yaml.safe_dump(tree), Path.cwd(), {})


class Reading:
    """A file that changes each time it is read."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Declaration:
        self.times += 1
        return sized(10_000 + self.times)


async def test_one_order_is_carried_out_once() -> None:
    live, read = Live(sized(10_000)), Reading()
    reloading = Reloading(live, read)
    answers: list[dict[str, Any]] = []

    async def ask(order: str) -> None:
        answers.append(await reloading(order))

    async with anyio.create_task_group() as tasks:
        for order in ("one", "one", "one"):
            tasks.start_soon(ask, order)
    assert answers == [{"changed": ["gateway.max_message_bytes"], "restart": ["gateway.port"]}] * 3
    assert read.times == 1
    await ask("two")
    await reloading.hangup()
    await reloading.hangup()
    assert read.times == 4
    assert live.now.gateway.max_message_bytes == 10_004
    assert live.now.gateway.port == 10_000


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigError("a.yaml:1: wrong\na.yaml:2: wrong, too"), "a.yaml:1: wrong\na.yaml:2: wrong, too"),
        (TimeoutError(), "TimeoutError"),
    ],
)
async def test_what_is_wrong_is_told_and_changes_nothing(error: Exception, text: str) -> None:
    live = Live(sized(10_000))

    def fail() -> Declaration:
        raise error

    assert await Reloading(live, fail)("one") == {"error": text}
    assert live.now == sized(10_000)


async def test_one_after_the_other() -> None:
    live, read = Live(sized(10_000)), Reading()
    under_way: list[int] = []

    async def told(declaration: Declaration) -> None:
        under_way.append(1)
        assert len(under_way) == 1
        await anyio.lowlevel.checkpoint()
        under_way.pop()

    live.watch(told)
    reloading = Reloading(live, read)
    async with anyio.create_task_group() as tasks:
        for order in ("one", "", "two"):
            tasks.start_soon(partial(reloading, order))
    assert read.times == 3
