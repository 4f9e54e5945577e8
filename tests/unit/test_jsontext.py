from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sockethub import jsontext

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Lone surrogates too: an IRC server may send bytes that are no UTF-8."""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | ANY_TEXT | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
)


@given(VALUES)
@example({"half": "\ud800"})
@example({"\udfff": "name"})
def test_what_is_written_is_read(value: Any) -> None:
    if "inf" not in repr(value):
        assert jsontext.loads(jsontext.dumps(value)) == value


def test_numbers_beyond_64_bits_are_written() -> None:
    assert math.isclose(jsontext.loads(jsontext.dumps(2**70)), 2**70)


@pytest.mark.parametrize("text", [b"", b"{", b"[1,]", "nope"])
def test_what_is_no_json(text: bytes | str) -> None:
    with pytest.raises(json.JSONDecodeError):
        jsontext.loads(text)
