"""What a conversation is made of, whoever says when."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from tests.faults.history import RESULT
from tests.faults.services import Witness
from tests.faults.talker import Talker
from tests.support.processes import PATIENCE

ANSWER_SECONDS = 60.0 * PATIENCE
"""The gateway's own deadline of a command, and some."""

_LAST = -1
"""The number of what the witness says last of all."""


async def say(talker: Talker, witness: Witness, number: int) -> None:
    """Let the witness say something in the talker's room."""
    content = f"witness {number}"
    talker.history.said = [*talker.history.said, content]
    await witness.say(talker.room, content)


async def answered(talker: Talker) -> None:
    """Return once nothing is under way."""
    await _until(lambda: not talker.waiting)


async def settled(talker: Talker, witness: Witness) -> None:
    """Return once everything is answered, the login works, and all that was said has been read; note what was seen."""
    history, number = talker.history, 0
    await answered(talker)
    with anyio.fail_after(ANSWER_SECONDS):
        while number == 0 or history.asked[f"end {number}"].outcome != RESULT:
            number += 1
            await talker.say(f"end {number}")
            await answered(talker)
    await witness.read(talker.room, f"end {number}")
    await say(talker, witness, _LAST)
    await _until(lambda: f"witness {_LAST}" in history.heard)
    history.seen = [content for content in witness.seen(talker.room) if not content.startswith("witness")]


async def left(talker: Talker) -> None:
    """Return once the login has ended."""
    with anyio.fail_after(ANSWER_SECONDS):
        await talker.leave()


async def _until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(ANSWER_SECONDS):
        while not condition():  # noqa: ASYNC110 - of several tasks' doing
            await anyio.sleep(0.02)
