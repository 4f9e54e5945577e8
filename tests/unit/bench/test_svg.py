"""Plots: they are XML, and what is in them is where it belongs."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.svg import HEIGHT, WIDTH, Panel, bars, lines, number, steps

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@given(NUMBERS, NUMBERS)
def test_steps_are_even_and_hold_the_whole_range(one: float, other: float) -> None:
    low, high = sorted((one, other))
    found = steps(low, high)
    slack = 1e-6 * max(1.0, abs(low), abs(high))
    assert found[0] <= low + slack
    assert found[-1] >= high - slack
    assert 2 <= len(found) <= 8
    sizes = [after - before for before, after in pairwise(found)]
    assert min(sizes) > 0
    assert max(sizes) == pytest.approx(min(sizes), rel=1e-3)


@given(st.lists(st.tuples(st.floats(0, 1e6), NUMBERS), min_size=1, max_size=30), st.text(max_size=20))
def test_every_point_is_inside(points: list[tuple[float, float]], name: str) -> None:
    drawn = lines([Panel("a < b & c", "x", {"line": points})])
    paths = re.findall(r"class='line c0' d='M([^h']+)'", drawn)
    for pair in paths[0].split("L"):
        x, y = map(float, pair.split(","))
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
    ElementTree.fromstring(drawn)


def test_panels_are_side_by_side_with_a_name_for_each_line() -> None:
    panel = Panel("Memory", "logins", {"private": [(1, 2), (3, 4)], "pss": [(1, 3), (3, 5)]})
    root = ElementTree.fromstring(lines([panel, panel]))
    assert root.get("width") == str(2 * WIDTH)
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("private") == texts.count("pss") == texts.count("Memory") == 2


def test_a_bar_over_one_has_its_own_colour() -> None:
    drawn = bars("Aims", [("met", 0.5), ("just met", 1.0), ("missed", 1.1), ("far away", 1e9), ("nothing", 0.0)], "aim")
    root = ElementTree.fromstring(drawn)
    found = [
        (each.get("class"), float(each.get("width", -1))) for each in root.iter("{http://www.w3.org/2000/svg}rect")
    ]
    assert [kind for kind, _ in found] == ["met", "met", "missed", "missed", "met"]
    assert found[4][1] == 0.0
    assert found[3][1] > found[2][1] > found[1][1] > found[0][1] > 0


def test_it_is_readable_on_dark() -> None:
    assert "prefers-color-scheme: dark" in lines([Panel("", "", {"": [(0, 0)]})])


@pytest.mark.parametrize(("value", "text"), [(0.25, "0.25"), (5.0, "5"), (1200.0, "1,200")])
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text
