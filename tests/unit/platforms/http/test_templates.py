from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.errors import PlatformError
from sockethub.platforms.http.templates import body, url

ACTIVITY: dict[str, Any] = {
    "type": "send",
    "actor": {"id": "ann"},
    "object": {
        "content": "a b/c?d&e=f#g%",
        "n": 5,
        "list": [1, {"x": None}],
        "yes": True,
        "none": None,
        "a/b": "slash",
    },
}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("https://a.example/", "https://a.example/"),
        ("https://a.example/{/actor/id}/x", "https://a.example/ann/x"),
        ("https://a.example/{/object/content}", "https://a.example/a%20b%2Fc%3Fd%26e%3Df%23g%25"),
        (
            "https://a.example/?q={/object/content}&n={/object/n}",
            "https://a.example/?q=a%20b%2Fc%3Fd%26e%3Df%23g%25&n=5",
        ),
        ("https://a.example/{/object/yes}/{/object/list/0}/{/object/a~1b}", "https://a.example/true/1/slash"),
    ],
)
def test_urls(template: str, filled: str) -> None:
    assert url(template, ACTIVITY) == filled


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{/target/id}", "/target/id: required, but missing"),
        ("{/object/none}", "/object/none: required, but missing"),
        ("{/object/list}", "/object/list: must be text or a number"),
        ("{/object/list/2}", "required, but missing"),
        ("{/object/list/00}", "required, but missing"),
        ("{/object/list/-}", "required, but missing"),
    ],
)
def test_what_does_not_fit_a_url(template: str, words: str) -> None:
    with pytest.raises(PlatformError, match=words) as caught:
        url(f"https://a.example/{template}", ACTIVITY)
    assert caught.value.condition == "bad-request"


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_no_value_leads_elsewhere(value: str) -> None:
    with pytest.raises(PlatformError, match="can stand in a URL"):
        url("https://a.example/users/{/actor/id}/notes", {"actor": {"id": value}})


@given(st.text())
def test_a_value_is_one_segment_whatever_it_says(value: str) -> None:
    try:
        made = url("https://a.example/x/{/v}/y?q={/v}", {"v": value})
    except PlatformError:
        assert value in ("", ".", "..")
        return
    parts = urlsplit(made)
    assert (parts.netloc, parts.fragment, parts.path.count("/")) == ("a.example", "", 3)
    wanted = value.encode("utf-8", "replace").decode()
    assert unquote(parts.path.split("/")[2]) == wanted
    assert unquote(parts.query) == f"q={wanted}"


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        (None, None),
        ({"a": 1, "b": [True, "text"]}, {"a": 1, "b": [True, "text"]}),
        ("{/object/list}", [1, {"x": None}]),
        ({"a": "{/object/n}", "b": "{/object/none}"}, {"a": 5, "b": None}),
        ({"a": "{/object/nothing}", "b": ["{/object/nothing}", "{/actor/id}"]}, {"b": ["ann"]}),
        ({"a": "by {/actor/id}: {/object/n}"}, {"a": "by ann: 5"}),
        ("{not a pointer}", "{not a pointer}"),
    ],
)
def test_bodies(template: Any, filled: Any) -> None:
    assert body(template, ACTIVITY) == filled


def test_text_around_nothing_is_refused() -> None:
    with pytest.raises(PlatformError, match="/object/nothing: required"):
        body("x {/object/nothing}", ACTIVITY)


def test_what_is_filled_in_is_not_looked_through_again() -> None:
    assert body("{/v} {/w}", {"v": "{/w}", "w": "secret"}) == "{/w} secret"
    assert url("https://a.example/{/v}", {"v": "{/w}", "w": "secret"}) == "https://a.example/%7B%2Fw%7D"
