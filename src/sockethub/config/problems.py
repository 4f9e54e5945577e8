"""What is wrong with a declaration: every problem with its place, key and remedy, and never a value."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sockethub.config.node import Path, Place, dotted
from sockethub.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right. ``text`` says what is wrong and what to do; it quotes no value from the declaration."""

    place: Place
    path: Path
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.place), dotted(self.path), self.text) if part)

    def to_json(self) -> dict[str, object]:
        """For programs: ``{"source", "line", "column", "key", "message"}``; line and column are null without a file."""
        return {
            "source": self.place.source,
            "line": self.place.line or None,
            "column": self.place.column or None,
            "key": dotted(self.path),
            "message": self.text,
        }


class InvalidDeclaration(ConfigError):
    """The declaration cannot be used; its text has one line for each of ``problems``."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(
            sorted(dict.fromkeys(problems), key=lambda problem: (problem.place.line, problem.place.column))
        )
        super().__init__("\n".join(map(str, self.problems)))


def suggestion(wrong: str, known: Sequence[str]) -> str:
    """``did you mean 'port'?`` when something known is close to ``wrong``, else all that is known."""
    by_folded = {name.lower(): name for name in known}
    if close := difflib.get_close_matches(wrong.lower(), list(by_folded), n=1):
        return f"did you mean '{by_folded[close[0]]}'?"
    return f"known here: {', '.join(known)}" if known else "nothing is known here"
