from __future__ import annotations

from sockethub.web.cache import BODY_BYTES, Cache
from sockethub.web.exchange import Answer


def answer(body: bytes = b"x", **headers: str) -> Answer:
    return Answer("http://a.example/", 200, {"etag": '"1"', **headers}, body)


def test_what_is_kept_makes_a_condition() -> None:
    cache = Cache()
    assert cache.conditions("u", "*/*") == {}
    kept = answer(**{"last-modified": "then"})
    cache.keep("u", "*/*", kept)
    assert cache.conditions("u", "*/*") == {"If-None-Match": '"1"', "If-Modified-Since": "then"}
    assert cache.unchanged("u", "*/*") is kept
    assert cache.unchanged("u", "text/html") is None


def test_what_is_not_kept() -> None:
    cache = Cache()
    for one in (
        Answer("u", 200, {}, b"no validator"),
        answer(**{"cache-control": "No-Store"}),
        Answer("u", 404, {"etag": '"1"'}, b""),
        Answer("u", 200, {"etag": '"1"'}, b"cut", whole=False),
        answer(bytes(BODY_BYTES + 1)),
    ):
        cache.keep("u", "*/*", answer())
        cache.keep("u", "*/*", one)
        assert cache.conditions("u", "*/*") == {}, one


def test_the_one_not_used_for_longest_goes_first() -> None:
    cache = Cache(limit=30)
    for name in ("a", "b", "c"):
        cache.keep(name, "*/*", answer(bytes(10)))
    assert cache.unchanged("a", "*/*") is not None
    cache.keep("d", "*/*", answer(bytes(10)))
    assert [name for name in "abcd" if cache.conditions(name, "*/*")] == ["a", "c", "d"]
    cache.keep("d", "*/*", answer(bytes(5)))
    cache.keep("e", "*/*", answer(bytes(5)))
    assert [name for name in "abcde" if cache.conditions(name, "*/*")] == ["a", "c", "d", "e"]
