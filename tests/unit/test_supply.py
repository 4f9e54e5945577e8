"""What ``make audit`` makes of the licences of dependencies."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def supply(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("supply")


@pytest.mark.parametrize(
    ("expression", "taken"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("GPL-3.0-only OR MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("MIT AND AGPL-3.0-only", False),
        ("License :: Free for non-commercial use", False),
        ("", False),
    ],
)
def test_which_licences_are_accepted(supply: Any, expression: str, taken: bool) -> None:
    assert supply.acceptable(expression) is taken


def test_what_is_not_accepted_is_told(supply: Any) -> None:
    components = [
        {"name": "one", "version": "1", "licenses": [{"license": {"id": "MIT"}}]},
        {"name": "two", "version": "2", "licenses": [{"license": {"name": "License :: OSI Approved :: BSD License"}}]},
        {"name": "three", "version": "3", "licenses": [{"expression": "AGPL-3.0-only"}]},
        {"name": "four", "version": "4"},
    ]
    assert supply.refused({"components": components}) == ["four: no licence named", "three: AGPL-3.0-only"]
