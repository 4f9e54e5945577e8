"""A bounded collection that is a value: adding gives another one, and shares all but the end with the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

__all__ = ["MAX_ENTRIES", "Entries"]

MAX_ENTRIES: Final = 20_000
"""Members, rooms or lines in one answer: the largest channels and lists of public networks have about as many."""
_CHUNK: Final = 128
"""Entries copied at most by adding; about the square root of the bound makes both levels equally cheap."""

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
