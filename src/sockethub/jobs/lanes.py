"""Order among commands of one slot, while it moves from one server to another.

As long as nothing is in doubt, commands of a slot go to its server as they come, many at a time. Once one was
redirected, or a server was lost, those that come wait until all that is under way was answered. Then the first, of
those that were redirected and those that came, finds out where the slot is; when it has, all of them go on as before,
in the order in which they came at first.

That is order among commands of the same keys, as long as no slot comes back to a server within the time that this one
takes to answer.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from typing import Final

from sockethub.jobs.wire import NotDone

__all__ = ["Lane"]

TURN_SECONDS: Final = 5.0
"""As long as a server may take to be connected to: those behind somebody who waits for it fail as it does."""

_Place = tuple[int, "asyncio.Future[bool]"]
"""A number, and what it is granted: to be alone, or not."""


class Lane:
    """Of one slot."""

    __slots__ = ("_found", "_line", "_taken", "_waking", "under_way")

    def __init__(self) -> None:
        self.under_way = 0
        """Commands that were sent as they came, and not answered yet."""
        self._line: list[_Place] = []
        self._taken = False
        """One is alone."""
        self._waking = 0
        """Those who were let go and do not know it yet."""
        self._found = False
        """Whether those in the line may go on as before."""

    @property
    def open(self) -> bool:
        """Whether commands go as they come."""
        return not self._line and not self._taken and not self._waking

    @property
    def idle(self) -> bool:
        return self.open and not self.under_way

    def answered(self) -> None:
        """One of those under way, and not redirected."""
        self.under_way -= 1
        self._next()

    async def turn(self, number: int, *, redirected: bool = False) -> bool:
        """Wait for it. ``redirected``: it was under way, and is now to be sent again.

        Returns whether one is alone, until :meth:`finished`; else it is as if one had just come, in time to send.
        Raises :class:`~sockethub.jobs.link.NotDone` after :data:`TURN_SECONDS`.
        """
        if redirected or self.open:
            self._found = False
        granted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        place = number, granted
        insort(self._line, place)
        self.under_way -= redirected
        self._next()
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await granted
        except BaseException as error:
            if granted.cancelled():
                self._line = [each for each in self._line if each is not place]
                self._next()
            elif granted.result():
                self.finished()
            else:
                self._awake()
            if isinstance(error, TimeoutError):
                raise NotDone("Redis does not keep up") from None
            raise
        if not granted.result():
            self._awake()
        return granted.result()

    def finished(self, *, found: bool = False) -> None:
        """One who was alone is not any more; ``found``: where the slot is."""
        self._taken = False
        self._found = self._found or found
        self._next()

    def doubt(self) -> None:
        """Those in the line may not go on as before: one of them has to find out where the slot is."""
        self._found = False

    def _awake(self) -> None:
        self._waking -= 1
        self._next()

    def _next(self) -> None:
        while self._line and self._line[0][1].done():  # cancelled, and not awake yet
            del self._line[0]
        if not self._line or self._taken or self._waking:
            return
        if self._found:
            let_go = [granted for _, granted in self._line if not granted.done()]
            self._line, self._waking = [], len(let_go)
            for granted in let_go:
                granted.set_result(False)
        elif not self.under_way:
            self._taken = True
            self._line.pop(0)[1].set_result(True)
