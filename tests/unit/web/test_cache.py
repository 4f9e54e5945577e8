from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.commons import Room
from sockethub.web import cache
from sockethub.web.cache import SHARE, Cache, conditions
from sockethub.web.exchange import Answer
from tests.support.commons import MemoryCommons

ROOM = Room(8_000, 10, 60)


def answer(body: bytes = b"x", **headers: str) -> Answer:
    return Answer("u", 200, {"etag": '"1"', **headers}, body)


@pytest.mark.anyio
async def test_what_is_kept_makes_a_condition() -> None:
    kept = Cache(MemoryCommons(), ROOM)
    assert await kept.find("u", "*/*") is None
    assert conditions(None) == {}
    said = answer(**{"last-modified": "then", "content-type": "text/xml"})
    await kept.keep("u", "*/*", answer(**{**said.headers, "set-cookie": "secret"}), None)
    assert await kept.find("u", "*/*") == said
    assert conditions(said) == {"If-None-Match": '"1"', "If-Modified-Since": "then"}
    assert await kept.find("u", "text/html") is None
    assert await kept.find("v", "*/*") is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    "one",
    [
        Answer("u", 200, {}, b"no validator"),
        answer(**{"cache-control": "No-Store"}),
        Answer("u", 404, {"etag": '"1"'}, b""),
        Answer("u", 200, {"etag": '"1"'}, b"cut", whole=False),
        answer(bytes(ROOM.size // SHARE + 1)),
    ],
    ids=["no validator", "no-store", "an error", "cut", "too large"],
)
async def test_what_is_not_kept_takes_the_place_of_what_was(one: Answer) -> None:
    kept = Cache(MemoryCommons(), ROOM)
    await kept.keep("u", "*/*", answer(), None)
    await kept.keep("u", "*/*", one, await kept.find("u", "*/*"))
    assert await kept.find("u", "*/*") is None


@pytest.mark.anyio
async def test_without_room_nothing_is_kept_or_asked_for() -> None:
    commons = MemoryCommons()
    kept = Cache(commons, Room(0, 1, 1))
    await kept.keep("u", "*/*", answer(), None)
    assert commons.records == {}
    assert await kept.find("u", "*/*") is None


@given(st.binary(), st.dictionaries(st.sampled_from(cache.KEPT_HEADERS), st.text(st.characters(max_codepoint=255))))
def test_a_record_is_what_was_kept(body: bytes, headers: dict[str, str]) -> None:
    said = Answer("u", 200, headers, body)
    assert cache.decode(cache.encode(said), "u") == said
