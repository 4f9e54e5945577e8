"""What a worker and its supervisor share, and no other worker sees."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from sockethub.worker.alarm import Alarm
from sockethub.worker.page import Page, blank


@dataclass(frozen=True, slots=True)
class Shared:
    """One side's hold of it."""

    page: Page
    alarm: Alarm

    @classmethod
    def new(cls) -> Self:
        """Shared with nobody. Raises OSError."""
        with cls.offered() as (shared, _):
            return shared

    @classmethod
    @contextmanager
    def offered(cls) -> Iterator[tuple[Self, Sequence[int]]]:
        """A new one, and by what it can be handed on within the block, which closes it by failing. Raises OSError."""
        descriptor = blank()
        try:
            shared = cls(Page(descriptor), Alarm.new())
            try:
                yield shared, (descriptor, shared.alarm.fileno())
            except BaseException:
                shared.close()
                raise
        finally:
            os.close(descriptor)

    @classmethod
    def received(cls, page: int, alarm: int) -> Self:
        """By descriptors that are its own from then on."""
        shared = cls(Page(page), Alarm(alarm))
        os.close(page)
        return shared

    def close(self) -> None:
        self.page.close()
        self.alarm.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
