"""Stacks that stand for many runs: most faults leave nothing behind, and to start everything anew takes longest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Literal

import pytest

from tests.faults.services import Service
from tests.faults.stack import Stack, running

Sort = Literal["standing", "own", "clocks"]
"""One that others use too; one for this run alone, which would leave traces; one where clocks can be set."""


class Houses:
    """One for each service and sort. After a run that did not end well there is another."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._standing: dict[tuple[str, Sort], tuple[Stack, AsyncExitStack]] = {}

    @asynccontextmanager
    async def house(self, service: Service, chance: Random, sort: Sort = "standing") -> AsyncIterator[Stack]:
        """Use one; ``chance`` decides how long faults last."""
        name = service.platform, sort
        stack, parts = self._standing.pop(name, None) or await self._built(service, sort)
        stack.chance = chance
        async with AsyncExitStack() as unless_well:
            unless_well.push_async_callback(parts.aclose)
            yield stack
            if sort != "own":
                await stack.tidy()
                unless_well.pop_all()
                self._standing[name] = stack, parts

    async def end(self) -> None:
        for _, parts in self._standing.values():
            await parts.aclose()

    async def _built(self, service: Service, sort: Sort) -> tuple[Stack, AsyncExitStack]:
        folder: Path = self._factory.mktemp(f"{service.platform}-{sort}")
        parts = AsyncExitStack()
        stack = await parts.enter_async_context(running(folder, Random(), service, clocks=sort == "clocks"))
        return stack, parts
