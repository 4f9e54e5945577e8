"""The rule about being cancelled: at each point where a command waits, nothing may be left behind."""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator
from contextlib import suppress
from functools import partial
from typing import Any, Final

import anyio

from sockethub.testing.census import Census
from sockethub.testing.harness import REFUSALS, Harness, harness
from sockethub.testing.subject import Nonconformance, Subject
from sockethub.worker.interface import Activity

POINTS: Final = 64
"""Of one command at which it is cancelled; one that waits more often has loops, and these were gone through."""


def cancellation(subject: Subject) -> None:
    """A command that takes too long is cancelled: it leaves no task, socket or file, and the next one is performed."""
    anyio.run(_cancellation, subject)


async def _cancellation(subject: Subject) -> None:
    async with harness("cancellation", subject) as it:
        await it.connect()
        for activity in subject.examples:
            await it.perform(activity)
    if subject.persistent:
        await _connecting(subject)
    seen: set[str] = set()
    for number, activity in enumerate(subject.examples):
        if activity["type"] not in seen:
            await _performing(subject, number)
        seen.add(activity["type"])


async def _connecting(subject: Subject) -> None:
    before = Census.taken()
    for point in range(1, POINTS + 1):
        async with harness("cancellation", subject) as it:
            through = await _cancelled(it.persistent.connect(dict(subject.credentials or {}), None), point)
        await _nothing_left(before, f"`connect` was cancelled where it waits for the {_nth(point)} time")
        if through:
            break
    async with harness("cancellation", subject) as it:
        await it.connect()


async def _performing(subject: Subject, number: int) -> None:
    """Cancel one example at each of its points, on one connection as long as that holds."""
    activity = subject.examples[number]
    point, through = 1, False
    while not through and point <= POINTS:
        async with harness("cancellation", subject) as it:
            await _up_to(it, number)
            while it.connected and not through and point <= POINTS:
                before = Census.taken()
                through = await _cancelled(it.platform.perform(dict(activity)), point)
                where = f"`{activity['type']}` was cancelled where it waits for the {_nth(point)} time"
                await _nothing_left(before, where)
                point += 1
            if it.connected:
                with suppress(*REFUSALS):  # a service may say that it was done already
                    await it.attempt(activity)


async def _up_to(it: Harness, number: int) -> None:
    await it.connect()
    for activity in it.subject.examples[:number]:
        await it.perform(activity)


async def _cancelled(coroutine: Coroutine[Any, Any, Activity | None], point: int) -> bool:
    """Run it, and cancel it where it waits for the ``point``-th time; whether it ended before that."""
    with anyio.CancelScope() as scope, suppress(*REFUSALS):
        await _counted(coroutine, point, scope)
    return not scope.cancel_called


@types.coroutine
def _counted(coroutine: Coroutine[Any, Any, Any], point: int, scope: anyio.CancelScope) -> Generator[Any, Any, Any]:
    """Stands between a coroutine and its event loop, and sees each time it waits."""
    step = partial(coroutine.send, None)
    waits = 0
    while True:
        try:
            waited_for = step()
        except StopIteration as ended:
            return ended.value
        waits += 1
        if waits == point:
            scope.cancel()
        try:
            sent = yield waited_for
        except BaseException as error:  # noqa: BLE001 - handed on as it came
            step = partial(coroutine.throw, error)
        else:
            step = partial(coroutine.send, sent)


async def _nothing_left(before: Census, when: str) -> None:
    left = await before.left_behind()
    if left:
        raise Nonconformance("cancellation", f"{when}, and left behind {', '.join(left)}")


def _nth(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number if number not in (11, 12, 13) else 0, 'th') }"
