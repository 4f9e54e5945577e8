"""Commons in memory, for one test: as much as a cache and its manners ask of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sockethub.commons import PauseWanted, Room


class MemoryCommons:
    """Keeps everything; a pause lasts until it is lifted."""

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}
        self.pauses: dict[str, float] = {}

    async def kept(self, name: str) -> bytes | None:
        return self.records.get(name)

    async def keep(self, name: str, data: bytes, room: Room) -> None:
        self.records[name] = data

    async def forget(self, name: str) -> None:
        self.records.pop(name, None)

    @asynccontextmanager
    async def place(self, name: str, at_once: int, seconds: float) -> AsyncIterator[None]:
        if name in self.pauses:
            raise PauseWanted(self.pauses[name])
        yield

    async def pause(self, name: str, seconds: float) -> None:
        self.pauses[name] = seconds
