"""The page that is made of what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.figures import ROWS, Row
from bench.page import BEGIN, BUSY, END, markdown, spliced
from bench.plots import GROWTH, against, images
from bench.report import rounded

DOCS = Path(__file__).parents[3] / "docs"
WHERE = {"machine": "two cores", "taken": "2026-11-26", "busy": False}
RESULTS: dict[str, Any] = {
    "figures": {
        **WHERE,
        "count": 10,
        "runs": [
            {"echo.plain.p50": 1.3, "floor.path.p50": 0.5, "rate.plain.1": 8_000.0, "floor.rate.1": 32_000.0},
            {"echo.plain.p50": 1.5, "floor.path.p50": 0.5, "rate.plain.1": 9_000.0, "floor.rate.1": 36_000.0},
            {"echo.plain.p50": 1.4, "floor.path.p50": 0.5, "rate.plain.1": 7_000.0, "floor.rate.1": 30_000.0},
        ],
    }
}


def test_a_row_has_aim_median_range_floor_and_ratio() -> None:
    made = markdown(RESULTS)
    assert "| echo, plain WebSocket, p50 | ≤ 0.7 ms | **1.40 ms** | 1.30 to 1.50 | 0.50 ms | 2.8 |" in made
    assert "| ≥ 6,000 /s | 8,000 /s | 7,000 to 9,000 | 32,000 /s | 4.0 |" in made
    assert "1 of 2 aims are met" in made
    assert BUSY not in made


def test_a_busy_machine_is_told_of() -> None:
    assert BUSY in markdown({"figures": RESULTS["figures"] | {"busy": True}})


def test_what_is_not_measured_is_not_shown() -> None:
    assert markdown({}) == ""
    assert images({}) == {}
    assert set(images(RESULTS)) == {"performance-aims.svg"}


def test_only_what_is_between_the_markers_is_replaced() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter"
    once = spliced(page, "new\n")
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter"
    assert spliced(once, "new") == once
    with pytest.raises(ValueError, match="lacks"):
        spliced("no markers", "new")


def test_how_far_from_an_aim_is_the_same_whichever_way_is_better() -> None:
    assert against(Row("a", "", "", 2.0), 4.0) == against(Row("b", "", "", 4.0, more=True), 2.0) == 2.0
    assert against(Row("a", "", "", 2.0), -1.0) == 0.0


def test_numbers_keep_four_digits_however_deep() -> None:
    assert rounded({"a": [(1.23456, 7)], "b": True, "c": "1.23456"}) == {"a": [[1.235, 7]], "b": True, "c": "1.23456"}


def test_the_page_and_the_plots_are_made_of_the_figures_that_are_kept() -> None:
    kept = json.loads((DOCS / "performance.json").read_text())
    page = (DOCS / "performance.md").read_text()
    assert spliced(page, markdown(kept)) == page, "run `make performance ARGS=--render`"
    for name, image in images(kept).items():
        assert (DOCS / "images" / name).read_text() == image, name


def test_every_aim_was_measured() -> None:
    kept = json.loads((DOCS / "performance.json").read_text())
    assert {row.key for row in ROWS} - set(kept["figures"]["runs"][0]) == set()
    assert set(GROWTH) - set(kept["growth"]) == set()
