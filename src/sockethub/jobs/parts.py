"""What is asked of several servers at once, as if it were one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

__all__ = ["answered", "parted"]

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


def parted(items: Sequence[Item], by: Callable[[Item], Key]) -> dict[Key, list[int]]:
    """Their places, by what they are ``by``, in the order of their coming."""
    parts: dict[Key, list[int]] = {}
    for place, item in enumerate(items):
        parts.setdefault(by(item), []).append(place)
    return parts


async def answered(
    items: Sequence[Item],
    parts: Mapping[Key, Sequence[int]],
    ask: Callable[[Key, Sequence[Item]], Awaitable[Sequence[Any]]],
) -> list[Any]:
    """Ask for each part by itself, all at once; the answers in the order of ``items``.

    Raises the first part's error there is, once all parts are through.
    """
    found = await asyncio.gather(
        *(ask(key, [items[place] for place in places]) for key, places in parts.items()), return_exceptions=True
    )
    answers: list[Any] = [None] * len(items)
    for places, told in zip(parts.values(), found, strict=True):
        if isinstance(told, BaseException):
            raise told
        for place, answer in zip(places, told, strict=True):
            answers[place] = answer
    return answers
