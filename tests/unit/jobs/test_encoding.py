from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dramatiq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sockethub.jobs import use_fast_json

ARGUMENTS = st.dictionaries(
    st.text(max_size=4), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)
)


@pytest.fixture(scope="module", autouse=True)
def _fast_json() -> Iterator[None]:
    before = dramatiq.get_encoder()
    use_fast_json()
    yield
    dramatiq.set_encoder(before)


@given(ARGUMENTS)
@example({"half": "\ud800"})
@example({"large": 2**64 - 1})
def test_dramatiqs_own_json_and_ours_say_the_same(arguments: dict[str, Any]) -> None:
    message = dramatiq.Message("queue", "actor", (1, "two"), arguments, {})
    stock = dramatiq.JSONEncoder()
    assert stock.decode(message.encode()) == stock.decode(stock.encode(message.asdict()))
    assert dramatiq.Message.decode(message.encode()).message_id == message.message_id


@given(ARGUMENTS)
def test_what_dramatiq_wrote_is_read(arguments: dict[str, Any]) -> None:
    message = dramatiq.Message("queue", "actor", (), arguments, {})
    written = dramatiq.JSONEncoder().encode(message.asdict())
    if not any(isinstance(value, int) and abs(value) >= 2**63 for value in arguments.values()):
        assert dramatiq.Message.decode(written) == message


def test_what_is_no_json_is_told_as_dramatiq_does() -> None:
    with pytest.raises(dramatiq.DecodeError):
        dramatiq.Message.decode(b"{")
