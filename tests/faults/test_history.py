"""A campaign is as good as its judge: each broken promise is noticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.history import ERROR, RESULT, UNKNOWN, Asked, Fault, History
from tests.faults.table import table

FAULT = Fault(began=10.0, ended=11.0)


def history(*, seen: str = "ab", **outcomes: str | None) -> History:
    """Asked a second apart from the fault's beginning on; seen are single letters."""
    asked = {
        content: Asked(10.0 + number, None if outcome is None else 10.5 + number, outcome)
        for number, (content, outcome) in enumerate(outcomes.items())
    }
    return History(lambda: 0.0, asked, seen=list(seen))


@pytest.mark.parametrize(
    ("kept", "broken"),
    [
        (history(a=RESULT, b=RESULT), ""),
        (history(a=RESULT, b=UNKNOWN), ""),
        (history(a=RESULT, b=UNKNOWN, seen="a"), ""),
        (history(a=RESULT, b=ERROR, seen="a"), ""),
        (history(a=RESULT, b=None), "P1: never answered"),
        (history(a=RESULT, b=RESULT, seen="ba"), "P2: out of order"),
        (history(a=RESULT, b=RESULT, seen="abb"), "P3: done twice"),
        (history(a=RESULT, b=RESULT, seen="a"), "P3: a result without an effect"),
        (history(a=RESULT, b=ERROR), "P3: an error with an effect"),
    ],
)
def test_commands(kept: History, broken: str) -> None:
    _judged(kept.check_commands, broken)


@pytest.mark.parametrize(
    ("heard", "begun_anew", "all_of_them", "broken"),
    [
        ("abc", [], True, ""),
        ("ac", [], False, ""),
        ("ac", ["unknown"], True, ""),
        ("ac", [], True, "P4: never told"),
        ("aba", [], False, "P4: told twice"),
        ("ba", [], False, "P4: out of order"),
    ],
)
def test_events(heard: str, begun_anew: list[str], all_of_them: bool, broken: str) -> None:
    kept = History(lambda: 0.0, said=list("abc"), heard=list(heard), begun_anew=begun_anew)
    _judged(lambda: kept.check_events(all_of_them=all_of_them), broken)


@pytest.mark.parametrize(
    ("asked", "broken"),
    [
        (Asked(9.0, 10.5, UNKNOWN), ""),
        (Asked(12.0, 12.1, ERROR), ""),
        (Asked(50.0, 50.1, RESULT), ""),
        (Asked(9.0, 9.5, ERROR), "before anything had happened"),
        (Asked(50.0, 50.1, ERROR), "long after all was well"),
        (Asked(12.0, 12.1, UNKNOWN), "unknown, asked after the fault"),
    ],
)
def test_trouble(asked: Asked, broken: str) -> None:
    _judged(lambda: History(lambda: 0.0, {"a": asked}).check_trouble(FAULT, within=5.0), broken)


def test_an_answer_that_changes() -> None:
    kept = History(lambda: 1.0)
    for content in "ab":
        kept.ask(content)
    kept.answered("a", ERROR)
    kept.answered("a", RESULT)  # sent again, for nothing had been done
    kept.answered("b", RESULT)
    kept.answered("b", RESULT)
    with pytest.raises(AssertionError, match="P1: b was answered result, then error"):
        kept.answered("b", ERROR)


def test_what_was_refused_and_sent_again_has_another_place() -> None:
    again = history(a=None, b=None, seen="ba")
    again.answered("b", RESULT)
    again.answered("a", ERROR)
    again.answered("a", RESULT)
    _judged(again.check_commands, "")


def test_recovery() -> None:
    asked = {"a": Asked(9.0, 9.1, RESULT), "b": Asked(10.0, 12.5, RESULT), "c": Asked(12.0, 12.2, ERROR)}
    assert History(lambda: 0.0, asked).recovery(FAULT) == pytest.approx(1.5)


def _judged(check: Callable[[], None], broken: str) -> None:
    if not broken:
        check()
        return
    with pytest.raises(AssertionError, match=broken):
        check()


def test_the_table_counts_runs_and_shows_what_was_kept() -> None:
    kept = {"fault": "cut client", "kept": True, "seconds": 0.25, "error": 2, "unknown": 1}
    lines = list(table([kept, kept | {"seconds": 0.75}, {"fault": "cut client", "kept": False, "why": "P1"}]))
    assert lines[-2:] == ["| cut client | 2 of 3 | 0.50 s | 0.75 s | 2 | 1 |", "\n2 of 3"]
