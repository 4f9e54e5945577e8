from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sockethub import jsontext

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Lone surrogates too: an IRC server may send bytes that are no UTF-8."""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY_TEXT | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
)


@given(VALUES)
@example({"half": "\ud800"})
@example({"\udfff": "name"})
@example({"": -(2**63) - 1})
@example([2**64])
def test_what_is_written_is_read(value: Any) -> None:
    if "inf" not in repr(value):
        assert jsontext.loads(jsontext.dumps(value)) == value


@pytest.mark.parametrize("text", [b"", b"{", b"[1,]", "nope"])
def test_what_is_no_json(text: bytes | str) -> None:
    with pytest.raises(json.JSONDecodeError):
        jsontext.loads(text)
