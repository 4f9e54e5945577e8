"""Bounded collections that are values, for what aggregators collect: a change gives another one.

:class:`Entries` is what one answer holds; it shares all but its end with the one before. :func:`added` and
:func:`dropped` are for the answers that are open, by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

__all__ = ["MAX_ENTRIES", "MAX_OPEN", "Entries", "added", "dropped", "empty"]

MAX_ENTRIES: Final = 20_000
"""Members, rooms or lines in one answer: the largest channels and lists of public networks have about as many."""
_CHUNK: Final = 128
"""Entries copied at most by adding; about the square root of the bound makes both levels equally cheap."""

MAX_OPEN: Final = 64
"""Answers of one kind collected at a time. We ask one question at a time; a burst of joins is a few dozen."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entries(Generic[T]):
    """Up to :data:`MAX_ENTRIES` entries, in order. What is beyond is dropped, and ``truncated`` says so."""

    chunks: tuple[tuple[T, ...], ...] = ()
    size: int = 0
    truncated: bool = False

    def add(self, new: Sequence[T]) -> Entries[T]:
        taken = tuple(new[: MAX_ENTRIES - self.size])
        truncated = self.truncated or len(taken) < len(new)
        if not taken:
            return Entries(self.chunks, self.size, truncated)
        if self.chunks and len(self.chunks[-1]) + len(taken) <= _CHUNK:
            chunks = (*self.chunks[:-1], self.chunks[-1] + taken)
        else:
            chunks = (*self.chunks, taken)
        return Entries(chunks, self.size + len(taken), truncated)

    def __iter__(self) -> Iterator[T]:
        for chunk in self.chunks:
            yield from chunk

    def __len__(self) -> int:
        return self.size


def empty() -> Mapping[str, Any]:
    """No answer is open."""
    return {}


def added(mapping: Mapping[str, T], key: str, value: T) -> Mapping[str, T]:
    """With this entry; the oldest goes when there are too many."""
    entries = dict(mapping)
    if key not in entries and len(entries) >= MAX_OPEN:
        entries.pop(next(iter(entries)))
    entries[key] = value
    return entries


def dropped(mapping: Mapping[str, T], key: str) -> Mapping[str, T]:
    """Without the entry of this name."""
    return {name: value for name, value in mapping.items() if name != key}
