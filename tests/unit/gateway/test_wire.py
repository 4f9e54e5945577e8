from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.errors import MalformedMessage
from sockethub.gateway import wire

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    assert wire.parse(wire.write(value)) == value


@pytest.mark.parametrize("depth", [63, 64])
def test_deep_enough(depth: int) -> None:
    assert wire.parse("[" * depth + "]" * depth) is not None


@pytest.mark.parametrize("text", ["[" * 65 + "]" * 65, '{"a":' * 65 + "1" + "}" * 65])
def test_too_deep(text: str) -> None:
    with pytest.raises(MalformedMessage, match="nested more than 64 levels"):
        wire.parse(text)


@pytest.mark.parametrize(
    "make",
    [
        lambda count: [1] * (count - 1),
        lambda count: {str(number): 1 for number in range(count - 1)},
        lambda count: [[[]] * (count - 2)],
        lambda count: [{"a": 1}] * ((count - 1) // 2) + [None] * ((count - 1) % 2),
    ],
)
def test_values_are_bounded(make: Callable[[int], Any]) -> None:
    assert wire.parse(wire.write(make(wire.MAX_VALUES)))
    with pytest.raises(MalformedMessage, match="more than 20000 values"):
        wire.parse(wire.write(make(wire.MAX_VALUES + 1)))


def test_commas_in_text_are_no_values() -> None:
    text = ",[" * wire.MAX_VALUES
    assert wire.parse(json.dumps({"content": text})) == {"content": text}


def test_brackets_in_text_are_no_nesting() -> None:
    text = "[" * 500
    assert wire.parse(json.dumps({"content": text})) == {"content": text}


def test_what_orjson_cannot_write_is_written_all_the_same() -> None:
    value = {"big": 2**70, "half": "\ud800"}
    assert json.loads(wire.write(value)) == value
