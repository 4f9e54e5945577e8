"""A conversation while other servers of Redis become masters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio

from tests.faults.conversation import say
from tests.faults.history import RESULT
from tests.faults.services import Irc, Witness
from tests.faults.talker import Talker, talking
from tests.support.halves import Half, declare, half
from tests.support.processes import PATIENCE

PAUSE_SECONDS = 0.02
LINES = 15
"""Of results in a row, before a fault and after."""
NOTICED_SECONDS = 1.5
"""After a replica was promoted, until everybody is there: they look once or twice a second. What was accepted may be
lost."""
WELL_SECONDS = 30.0 * PATIENCE


@asynccontextmanager
async def conversing(folder: Path, url: str, service: Irc, tag: str) -> AsyncIterator[tuple[Witness, Talker, Talker]]:
    """Two logins, each in a room of its own with a witness, by a gateway and workers on the Redis at ``url``."""
    names = service.names(tag)
    mine, theirs = (service.room(name, "") for name in names)
    with ExitStack() as stack:
        gateway = await _started(stack, folder, url, service)
        async with (
            service.witness(tag, mine, theirs) as witness,
            talking(service, names[0], mine, service.port, gateway.websocket) as one,
            talking(service, names[1], theirs, service.port, gateway.websocket) as two,
        ):
            yield witness, one, two


async def _started(stack: ExitStack, folder: Path, url: str, service: Irc) -> Half:
    declare(
        folder,
        url,
        {
            "gateway": {"rate": {"events": 10_000}},
            "workers": {"lease_seconds": 2.0},
            "redis": {"url": "${env:REDIS}", "acl": "required"},
            "platforms": {"irc": {"options": service.options}},
        },
        only="irc",
    )
    halves: dict[str, Half] = {}

    def start(command: str) -> None:
        halves[command] = stack.enter_context(half(command, folder))

    async with anyio.create_task_group() as tasks:
        for command in ("gateway", "workers"):
            tasks.start_soon(anyio.to_thread.run_sync, start, command)
    return halves["gateway"]


def lost(talker: Talker, began: float, promoted: float) -> set[str]:
    """What the old master had taken and no replica had heard of: asked while the masters changed, and not answered
    when all is well. The client sends it again, in another place."""
    open_ = {content: asked.at for content, asked in talker.history.asked.items() if asked.outcome is None}
    return {content for content, at in open_.items() if began <= at <= promoted + NOTICED_SECONDS}


def judge(talker: Talker, lost: set[str]) -> None:
    history = talker.history
    again = [content for content in history.seen if content in lost]
    assert len(set(again)) == len(again), f"P3: done twice: {again}"
    replace(
        history,
        seen=[content for content in history.seen if content not in lost],
        asked={content: asked for content, asked in history.asked.items() if content not in lost},
    ).check_commands()
    history.check_events(all_of_them=True)
    assert not history.begun_anew


async def talk(
    numbers: Iterator[int], witness: Witness, *talkers: Talker, once: Callable[[], bool] = lambda: True
) -> float:
    """Until ``once`` something, and then until each has had ``LINES`` results in a row; when the first was seen."""
    asked: list[str] | None = None
    seen = 0.0
    with anyio.fail_after(WELL_SECONDS):
        while asked is None or not all(_well(each, asked) for each in talkers):
            if asked is None and await anyio.to_thread.run_sync(once):
                asked, seen = [], talkers[0].history.clock()
            content = f"line {next(numbers)}"
            for each in talkers:
                if not each.busy:
                    await each.say(content)
                await say(each, witness, next(numbers))
            if asked is not None:
                asked.append(content)
            await anyio.sleep(PAUSE_SECONDS)
    return seen


def _well(talker: Talker, contents: list[str]) -> bool:
    outcomes = [talker.history.asked[content].outcome for content in contents if content in talker.history.asked]
    told = [outcome for outcome in outcomes if outcome is not None]
    return len(told) >= LINES and set(told[-LINES:]) == {RESULT}
