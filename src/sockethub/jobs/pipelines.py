"""Pipelines over what belongs to many: a key of one login that cannot be used must not hold up the others.

A worker that was taken over can give what is its login's another type, and what is asked of that key fails then.
"""

from __future__ import annotations

from typing import Any, Final

import redis

__all__ = ["each", "unusable"]

_UNUSABLE: Final = ("WRONGTYPE", "value is not an integer")


def unusable(answer: object) -> bool:
    """Whether Redis says that a key does not hold what it should (from a script too, which words it differently)."""
    return isinstance(answer, redis.ResponseError) and any(text in str(answer) for text in _UNUSABLE)


async def each(pipeline: Any) -> list[Any]:
    """The answers; None for a key that is :func:`unusable`. Raises :class:`redis.RedisError` for all other errors."""
    answers = await pipeline.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, redis.RedisError) and not unusable(answer):
            raise answer
    return [None if unusable(answer) else answer for answer in answers]
