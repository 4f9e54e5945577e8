"""What a client asked for, what it was answered, what the server saw: and whether the promises were kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class History:
    """Of one login.

    ``asked`` are the contents in the order they were sent; ``told`` the answers by content; ``seen`` the contents in
    the order in which another person in the room read them; ``astray`` frames that answer nothing.
    """

    asked: list[str] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    seen: Sequence[str] = ()
    astray: Sequence[Any] = ()

    def answered(self, content: str, ack: dict[str, Any]) -> None:
        """Note one answer: ``result``, ``error`` or ``unknown``."""
        assert content not in self.told, f"P1: a second answer to {content}"
        self.told[content] = str(ack.get("outcome", "error")) if "error" in ack else "result"

    def check(self) -> None:
        """Raise AssertionError for the first promise that was broken (design: P1 to P3)."""
        unanswered = [content for content in self.asked if content not in self.told]
        assert not unanswered, f"P1: never answered: {unanswered}"
        assert not self.astray, f"P1: answered twice: {self.astray}"
        place = {content: index for index, content in enumerate(self.asked)}
        order = [place[content] for content in self.seen]
        assert len(set(order)) == len(order), f"P3: done twice: {self.seen}"
        assert order == sorted(order), f"P2: out of order: {self.seen}"
        for content, outcome in self.told.items():
            if outcome == "result":
                assert content in self.seen, f"P3: a result without an effect: {content}"
            if outcome == "error":
                assert content not in self.seen, f"P3: an error with an effect: {content}"
