"""What a client asked for and was answered, what others saw of it and it of them: were the promises kept?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

RESULT, ERROR, UNKNOWN = "result", "error", "unknown"


@dataclass
class Asked:
    """One command: when it was first sent, when it was answered (seconds of one clock), and how."""

    at: float
    told: float | None = None
    outcome: str | None = None
    why: str | None = None
    """Of an error, or of what is unknown."""
    refused: bool = False
    """Whether it was an error once: sent again before that was known, it has another place."""


@dataclass
class Fault:
    """When it began, and when what was hit was there again, or could be replaced: seconds of the same clock."""

    began: float
    ended: float


@dataclass
class History:
    """Of one login: contents by who said them, in the order of their saying and of their arrival."""

    clock: Callable[[], float]
    asked: dict[str, Asked] = field(default_factory=dict)
    seen: Sequence[str] = ()
    """What the witness in the room read of the login's."""
    said: Sequence[str] = ()
    """What the witness said in the room, as the server took it."""
    heard: list[str] = field(default_factory=list)
    """What the client read of the witness's."""
    begun_anew: list[str] = field(default_factory=list)
    """Why the client could not resume its session, each time."""

    def ask(self, content: str) -> None:
        self.asked[content] = Asked(self.clock())

    def answered(self, content: str, outcome: str, why: str | None = None) -> None:
        """Note an answer. What was sent again is answered again: alike, or with more luck if nothing had been done."""
        asked = self.asked[content]
        assert asked.outcome in (None, ERROR, outcome), f"P1: {content} was answered {asked.outcome}, then {outcome}"
        if asked.outcome is None:
            asked.told = self.clock()
        asked.outcome, asked.why, asked.refused = outcome, why, asked.refused or outcome == ERROR

    def outcomes(self, outcome: str) -> list[str]:
        return [content for content, asked in self.asked.items() if asked.outcome == outcome]

    def check_commands(self) -> None:
        """Raise AssertionError for the first of P1 to P3 that was broken."""
        unanswered = [content for content, asked in self.asked.items() if asked.outcome is None]
        assert not unanswered, f"P1: never answered: {unanswered}"
        place = {content: index for index, content in enumerate(self.asked)}
        assert len(set(self.seen)) == len(self.seen), f"P3: done twice: {self.seen}"
        order = [place[content] for content in self.seen if not self.asked[content].refused]
        assert order == sorted(order), f"P2: out of order: {self.seen}"
        without = [content for content in self.outcomes(RESULT) if content not in self.seen]
        assert not without, f"P3: a result without an effect: {without}"
        despite = [content for content in self.outcomes(ERROR) if content in self.seen]
        assert not despite, f"P3: an error with an effect: {despite}"

    def check_events(self, *, all_of_them: bool) -> None:
        """Raise AssertionError where P4 was broken; ``all_of_them``: nothing kept the login from hearing them."""
        place = {content: index for index, content in enumerate(self.said)}
        order = [place[content] for content in self.heard]
        assert len(set(order)) == len(order), f"P4: told twice: {self.heard}"
        assert order == sorted(order), f"P4: out of order: {self.heard}"
        if all_of_them and not self.begun_anew:
            missed = [content for content in self.said if content not in self.heard]
            assert not missed, f"P4: never told: {missed}"

    def check_trouble(self, fault: Fault, within: float) -> None:
        """Raise AssertionError for trouble that the fault does not account for, or that outlived it by ``within`` s."""
        for content, asked in self.asked.items():
            if asked.outcome == RESULT:
                continue
            assert asked.told is not None
            assert asked.told >= fault.began, f"{content}: {asked.why} before anything had happened"
            assert asked.at <= fault.ended + within, f"{content}: {asked.why} long after all was well"
            assert asked.outcome == ERROR or asked.at <= fault.ended, f"{content}: unknown, asked after the fault"

    def recovery(self, fault: Fault) -> float:
        """Seconds that the client had to wait for an answer at most, after the fault was over."""
        waits = (
            asked.told - max(asked.at, fault.ended)
            for asked in self.asked.values()
            if asked.told is not None and asked.told > fault.ended
        )
        return max(waits, default=0.0)
