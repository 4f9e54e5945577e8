"""What the application is told, one after the other."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import anyio

from sockethub.client.errors import OverrunError

KEPT: Final = 1_000
"""What is kept for somebody who does not read; the gateway keeps as much for a client."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """``message``: an activity. Others are about the connection: docs/reference/python-client.md."""

    name: str
    detail: Any = field(repr=False)


class Stream(Generic[T]):
    """An asynchronous iterator over what is told from now on; ends when the client is closed.

    Of events with this ``name`` (None: of all) it gives what ``pick`` makes of them, if anything.
    Raises :class:`~sockethub.client.OverrunError` where more than :data:`KEPT` were not read: some are gone.
    """

    def __init__(self, name: str | None, pick: Callable[[Event], T | None], gone: Callable[[Stream[T]], None]) -> None:
        self._name = name
        self._pick = pick
        self._gone = gone
        self._kept: deque[Event] = deque()
        self._arrived = anyio.Event()
        self._overrun = False
        self._closed = False

    def put(self, event: Event) -> None:
        """Keep it until it is read."""
        if self._closed or self._overrun or self._name not in (None, event.name):
            return
        if len(self._kept) >= KEPT:
            self._overrun = True
        else:
            self._kept.append(event)
        self._notice()

    def finish(self) -> None:
        """Nothing comes any more."""
        self._closed = True
        self._notice()

    def _notice(self) -> None:
        self._arrived.set()
        self._arrived = anyio.Event()

    def close(self) -> None:
        """Keep nothing any more."""
        self.finish()
        self._gone(self)

    def __aiter__(self) -> Stream[T]:
        return self

    async def __anext__(self) -> T:
        return await self._next(math.inf)

    async def next(self, within: float = math.inf) -> T:
        """The next one; raises :class:`TimeoutError` when it does not come ``within`` so many seconds."""
        try:
            return await self._next(within)
        except StopAsyncIteration:
            raise EOFError("the client is closed") from None

    async def _next(self, within: float) -> T:
        with anyio.fail_after(within):
            while True:
                while self._kept:
                    # Here rather than when it came: what goes wrong in it is the reader's affair.
                    wanted = self._pick(self._kept.popleft())
                    if wanted is not None:
                        return wanted
                if self._overrun:
                    self.close()
                    raise OverrunError(f"more than {KEPT} were not read; some are gone")
                if self._closed:
                    raise StopAsyncIteration
                await self._arrived.wait()

    async def __aenter__(self) -> Stream[T]:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self.close()
