"""What all processes that run one stateless platform have in common, on whichever machines they are.

A platform is given a :class:`Commons`. The worker's goes through Redis, sealed with the platform's own key; without
Redis each process is :data:`ALONE`: a cache that is empty, and nobody to be considerate of.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

__all__ = ["ALONE", "Alone", "Commons", "PauseWanted", "Room"]


class PauseWanted(Exception):
    """Nobody is to go there for ``seconds`` more."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s more")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Room:
    """What all that is kept may take: ``size`` in bytes, sealing included; records; ``seconds`` since the last use."""

    size: int
    entries: int
    seconds: float


class Commons(Protocol):
    """Best effort: what cannot be had is done without, and nothing here raises because of that, or takes long.

    Names are shown to nobody: they may be URLs.
    """

    async def kept(self, name: str) -> bytes | None:
        """What was kept under ``name``; this counts as its use."""

    async def keep(self, name: str, data: bytes, room: Room) -> None:
        """Keep ``data``; what was not used for longest makes room for it."""

    async def forget(self, name: str) -> None:
        """Keep nothing under ``name``."""

    def place(self, name: str, at_once: int, seconds: float) -> AbstractAsyncContextManager[None]:
        """One of ``at_once`` places, first come, first served; given to another after ``seconds``, waiting included.

        Raises :class:`PauseWanted`. The caller bounds the wait.
        """

    async def pause(self, name: str, seconds: float) -> None:
        """Give out no places for so long; those given out stay."""


class Alone:
    """Nothing in common with anybody."""

    async def kept(self, _name: str) -> bytes | None:
        return None

    async def keep(self, _name: str, _data: bytes, _room: Room) -> None:
        return

    async def forget(self, _name: str) -> None:
        return

    @asynccontextmanager
    async def place(self, _name: str, _at_once: int, _seconds: float) -> AsyncIterator[None]:
        yield

    async def pause(self, _name: str, _seconds: float) -> None:
        return


ALONE: Final[Commons] = Alone()
