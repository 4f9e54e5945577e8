"""The rule about memory: a flood of commands leaves no more behind than a few did."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Final

import anyio

from sockethub.testing.harness import Harness, harness
from sockethub.testing.subject import Nonconformance, Subject

GROWTH_BYTES: Final = 256 * 1024
"""What may be added by the second half of the flood: caches that are bounded are full by then, or nearly."""


def memory(subject: Subject) -> None:
    """The memory that is in use after a flood is bounded."""
    anyio.run(_memory, subject)


async def _memory(subject: Subject) -> None:
    half = max(subject.flood // 2, len(subject.examples))
    async with harness("memory", subject) as it:
        await it.connect()
        await _flood(it, half)
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.take_snapshot()
            await _flood(it, half)
            gc.collect()
            it.told.clear()
            after = tracemalloc.take_snapshot()
        finally:
            tracemalloc.stop()
    ignored = [tracemalloc.Filter(False, tracemalloc.__file__), tracemalloc.Filter(False, "<frozen *>")]
    grown = after.filter_traces(ignored).compare_to(before.filter_traces(ignored), "lineno")
    if sum(each.size_diff for each in grown) > GROWTH_BYTES:
        most = grown[0]
        text = (
            f"{half} commands left {sum(each.size_diff for each in grown) // 1024} KiB behind, most of it made at "
            f"{most.traceback}: bound what is kept"
        )
        raise Nonconformance("memory", text)


async def _flood(it: Harness, commands: int) -> None:
    done = 0
    while done < commands:
        if not it.connected:
            await it.connect()
        for activity in it.subject.examples:
            await it.perform(activity)
            done += 1
