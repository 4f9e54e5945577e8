"""Rules about what a platform does: answers, errors, lifecycle, reconnection."""

from __future__ import annotations

import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import anyio

from sockethub.errors import PlatformError
from sockethub.testing.census import POLL_SECONDS, Census
from sockethub.testing.harness import REFUSALS, Harness, harness
from sockethub.testing.subject import Nonconformance, Subject
from sockethub.worker.interface import Activity

UNKNOWN_VERB: Final = "nobody-does-this"

CLOSING_SECONDS: Final = 0.05
"""What a command has opened for itself is closed by then; what is still open is what the login holds."""


def answers(subject: Subject) -> None:
    """Every example succeeds; all that is answered and told is what the schema of responses says."""
    _run(_answers, subject)


def errors(subject: Subject) -> None:
    """What cannot be done ends with a documented error, and nothing else escapes."""
    _run(_errors, subject)


def lifecycle(subject: Subject) -> None:
    """Connecting, doing, leaving, each of it twice, and again from what was saved; nothing is left behind."""
    _run(_lifecycle, subject)


def reconnection(subject: Subject) -> None:
    """A connection that is cut is noticed and told: it is made again, or lost for good."""
    if subject.persistent:
        _run(_reconnection, subject)


def _run(rule: Callable[[Subject], Awaitable[None]], subject: Subject) -> None:
    async def running() -> None:
        await rule(subject)

    anyio.run(running)


async def _answers(subject: Subject) -> None:
    async with harness("answers", subject) as it:
        await it.connect()
        for activity in subject.examples:
            await it.perform(activity)
        it.verify()


async def _errors(subject: Subject) -> None:
    async with harness("errors", subject) as it:
        if subject.persistent:
            await _refused(it, subject.examples[0], "before it is connected")
        await it.connect()
        unknown = {**subject.examples[0], "type": UNKNOWN_VERB}
        await _refused(it, unknown, "though it is none of its verbs")
        for activity in subject.refused:
            await _refused(it, activity, "though it is among what must be refused")
        it.verify()
    if subject.wrong_credentials is not None:
        await _wrong_credentials(subject)


async def _refused(it: Harness, activity: Activity, why: str) -> None:
    with suppress(*REFUSALS):
        await it.attempt(activity)
        raise it.broken(f"`{activity['type']}` was performed {why}")


async def _wrong_credentials(subject: Subject) -> None:
    async with harness("errors", subject) as it:
        try:
            await it.persistent.connect(subject.wrong_credentials or {}, None)
        except PlatformError:
            if it.persistent.connected:
                raise it.broken("credentials were refused, and `connected` is true") from None
        except Exception as error:
            raise it.broken(f"wrong credentials let {type(error).__name__} escape") from error
        else:
            raise it.broken("wrong credentials were taken")


async def _lifecycle(subject: Subject) -> None:
    await _through(subject)  # whatever is made once and kept (caches, threads, the loop's own) is made now
    before = Census.taken()
    async with harness("lifecycle", subject) as it:
        if it.subject.persistent and it.persistent.connected:
            raise it.broken("`connected` is true before it was connected")
        await it.leave()
    async with harness("lifecycle", subject) as it:
        await it.connect()
        await _connect_again(it)
        for activity in subject.examples:
            await it.perform(activity)
        saved = it.saved
        await it.leave()
        if subject.persistent and it.persistent.connected:
            raise it.broken("disconnect has returned, and `connected` is true")
        await it.leave()
    await _nothing_left("lifecycle", before, "after it had left")
    if saved is not None:
        async with harness("lifecycle", subject) as it:
            await it.connect(saved)
        await _nothing_left("lifecycle", before, "after it had left again")


async def _connect_again(it: Harness) -> None:
    connected = Census.taken()
    await it.connect()
    more = [found for found in await connected.left_behind() if "socket:" in found]
    if more:
        raise it.broken(f"connect made another connection, though there was one: {more[0]}")


async def _through(subject: Subject) -> None:
    async with harness("lifecycle", subject) as it:
        await it.connect()
        for activity in subject.examples:
            await it.perform(activity)


async def _nothing_left(rule: str, before: Census, when: str) -> None:
    left = await before.left_behind()
    if left:
        raise Nonconformance(rule, f"{when} there was still {', '.join(left)}")


async def _reconnection(subject: Subject) -> None:
    async with harness("reconnection", subject) as it:
        before = Census.taken()
        await it.connect()
        for activity in subject.examples:
            await it.perform(activity)
        if not it.persistent.connected:
            return  # the examples end with leaving
        await anyio.sleep(CLOSING_SECONDS)
        events = it.events
        if not _cut(before):
            return  # it holds no connection between commands
        if await _comes_back(it, events):
            for activity in subject.examples:
                await it.perform(activity)
        elif len(it.losses) > 1:
            raise it.broken("it has told more than once that the connection is lost")
        it.verify()


def _cut(before: Census) -> bool:
    """End every connection made since, as a network would."""
    sockets = before.sockets()
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
    return bool(sockets)


async def _comes_back(it: Harness, events: int) -> bool:
    """Whether there is another connection; False when it is lost for good. Raises when nothing was noticed."""
    deadline = time.monotonic() + it.subject.patience_seconds
    noticed = False
    while time.monotonic() < deadline:
        if it.losses:
            return False
        noticed = noticed or not it.persistent.connected or it.events > events
        if noticed and it.persistent.connected:
            return True
        await anyio.sleep(POLL_SECONDS)
    if noticed:
        raise it.broken(
            f"{it.subject.patience_seconds:g} s after its connection was cut it has neither another one, nor called "
            "`context.lost`"
        )
    raise it.broken("its connection was cut, and it has not noticed: `connected` stayed true, and nothing was told")
