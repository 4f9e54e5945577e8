"""What a Hypothesis strategy is said to give, it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from hypothesis import Phase, find, settings
from hypothesis import strategies as st

T = TypeVar("T")

MAX_TRIES: Final = 5_000
"""Examples looked at for one; the rarest is one in some hundreds."""


def occurs(strategy: st.SearchStrategy[T], wanted: Callable[[T], bool]) -> None:
    """The strategy gives such a value, or this fails. Which is the smallest does not matter: nothing is shrunk."""
    find(strategy, wanted, settings=settings(max_examples=MAX_TRIES, phases=[Phase.generate], database=None))
