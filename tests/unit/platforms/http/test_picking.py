from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.platforms.http.picking import ITEMS, picked
from sockethub.platforms.http.pointers import MISSING, read, steps, write

ANSWER: dict[str, Any] = {"a": {"b": [10, {"c": None}]}, "": "empty", "x/y": 1, "m~n": 2, "0": "zero"}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", ANSWER), ("/a/b/0", 10), ("/a/b/1/c", None), ("/", "empty"), ("/x~1y", 1), ("/m~0n", 2), ("/0", "zero"),
        ("/b", MISSING), ("/a/b/2", MISSING), ("/a/b/-", MISSING), ("/a/b/01", MISSING), ("/a/b/\u0661", MISSING),
        ("/a/b/" + "9" * 5000, MISSING), ("/a/b/0/x", MISSING), ("/x~1y/0", MISSING),
    ],
)  # fmt: skip
def test_pointers(pointer: str, found: Any) -> None:
    assert read(ANSWER, pointer) is found or read(ANSWER, pointer) == found


@given(st.lists(st.text(max_size=3), min_size=1, max_size=4), st.integers())
def test_what_is_written_is_read(way: list[str], value: int) -> None:
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in way)
    document: dict[str, Any] = {}
    write(document, pointer, value)
    assert steps(pointer) == tuple(way)
    assert read(document, pointer) == value


def test_rules() -> None:
    rules = {
        "/object/content": "/a/b/0",
        "/object/type": {"value": "thing"},
        "/object/nothing": "/nowhere",
        "/items": {"at": "/a/b", "each": {"/c": "/c", "/kind/of": {"value": 1}}},
        "/target/list": {"at": "/x~1y", "each": {"/c": "/c"}},
    }
    assert picked(rules, ANSWER) == {
        "object": {"content": 10, "type": "thing"},
        "items": [{"kind": {"of": 1}}, {"c": None, "kind": {"of": 1}}],
    }
    assert picked(rules, None) == {"object": {"type": "thing"}}


def test_lists_are_bounded() -> None:
    assert len(picked({"/items": {"at": "", "each": {"/n": ""}}}, list(range(5_000)))["items"]) == ITEMS


def test_a_later_rule_may_replace_what_is_in_its_way() -> None:
    assert picked({"/object/a": {"value": 1}, "/object/a/b": {"value": 2}}, None) == {"object": {"a": {"b": 2}}}
