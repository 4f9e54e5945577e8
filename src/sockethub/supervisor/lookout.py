"""Finds workers that hang, without waking others: on the page that each has (:mod:`sockethub.worker.page`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import anyio

LOOK_SECONDS: Final = 1.0

PATIENCE_SECONDS: Final = 5.0
"""How late a worker's loop may be: its turn takes so long, or a timer of its is so long overdue. With the time between
two looks: a worker that hangs is killed within six seconds."""

LATE_SECONDS: Final = 1.0
"""A look that is so late is of a machine, or a process, that did not run: the others have their patience once more."""


class Watched(Protocol):
    """A worker, as far as it is looked at."""

    @property
    def due(self) -> float:
        """When it says something new at the latest."""

    @property
    def stopped_at(self) -> float | None:
        """When a signal stopped it, which is no waiting that it had chosen."""

    def hang(self) -> None:
        """It hangs: end it."""


def hangs(due: float, stopped_at: float | None, now: float) -> bool:
    """Whether a worker that has to say something new by ``due``, and cannot since ``stopped_at``, is given up.

    All times are :func:`time.monotonic`'s. What a worker that was taken over writes there may be no number: it is then
    as well as one that waits for ever.
    """
    since = due if stopped_at is None else min(due, stopped_at)
    return now - since > PATIENCE_SECONDS


async def look_after(workers: Callable[[], Iterable[Watched]]) -> None:
    """For ever: find those of ``workers`` that hang."""
    while True:
        await _pause()
        now = time.monotonic()
        for worker in list(workers()):
            if hangs(worker.due, worker.stopped_at, now):
                worker.hang()


async def _pause() -> None:
    due = time.monotonic() + LOOK_SECONDS
    await anyio.sleep(LOOK_SECONDS)
    if time.monotonic() > due + LATE_SECONDS:
        await anyio.sleep(PATIENCE_SECONDS)
