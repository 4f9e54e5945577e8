"""Figures, and what becomes of several runs of them."""

from __future__ import annotations

import pytest

from bench.figures import BY_KEY, FLOORS, ROWS, Figures, Merged, Row, merged, shown
from bench.load import Latency


def test_every_key_is_one_figure_and_every_floor_is_there() -> None:
    assert len(BY_KEY) == len(ROWS) + len(FLOORS)
    assert {key for row in ROWS for key in row.floor} <= {row.key for row in FLOORS}


def test_several_runs_are_a_median_and_a_range() -> None:
    runs = [{"a": 3.0, "b": 1.0}, {"a": 1.0}, {"a": 20.0}]
    assert merged(runs) == {"a": Merged(3.0, 1.0, 20.0), "b": Merged(1.0, 1.0, 1.0)}
    assert merged([]) == {}


def test_an_aim_is_at_most_or_at_least() -> None:
    less, more, none = Row("a", "", "ms", 2.0), Row("b", "", "/s", 2.0, more=True), Row("c", "", "")
    assert [less.met(value) for value in (1.0, 2.0, 3.0)] == [True, True, False]
    assert [more.met(value) for value in (1.0, 2.0, 3.0)] == [False, True, True]
    assert none.met(1.0) is None


def test_a_ratio_says_how_many_times_the_floor() -> None:
    assert Row("a", "", "ms").ratio(3.0, 1.5) == 2.0
    assert Row("a", "", "/s", more=True).ratio(1_000.0, 4_000.0) == 4.0


@pytest.mark.parametrize(
    ("value", "text"), [(0.123, "0.12"), (9.876, "9.88"), (12.34, "12.3"), (1234.5, "1,234"), (-0.5, "-0.50")]
)
def test_numbers_have_the_digits_that_say_something(value: float, text: str) -> None:
    assert shown(value) == text


def test_they_are_kept_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    figures = Figures()
    figures.latency("floor.ws", Latency(1.0, 2.0))
    assert figures.run == {"floor.ws.p50": 1.0, "floor.ws.p99": 2.0}
    assert "1.00 ms" in capsys.readouterr().out
