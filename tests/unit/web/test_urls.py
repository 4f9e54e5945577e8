from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.errors import PlatformError
from sockethub.guard import Reach
from sockethub.web.urls import BAD_PORTS, follow, parse


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("http://a.example", "http://a.example/"),
        ("HTTP://A.Example:80/x", "http://a.example/x"),
        ("https://a.example:443/x?y=z#part", "https://a.example/x?y=z"),
        ("https://a.example:8443/", "https://a.example:8443/"),
        ("http://bücher.example/straße?q=ü", "http://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%BC"),
        ("http://a.example/%41%zz?x=%20", "http://a.example/%41%zz?x=%20"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("http://[2606:4700:0::1111]/", "http://[2606:4700::1111]/"),
        ("http://a.example?x", "http://a.example/?x"),
        ("http://1.1.1.1#@127.0.0.1/", "http://1.1.1.1/"),
        ('http://a.example/a|b<c>"d', "http://a.example/a%7Cb%3Cc%3E%22d"),
    ],
)
def test_what_is_asked_for(text: str, written: str) -> None:
    assert str(parse(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "//a.example/", "/path", "ftp://a.example/", "file:///etc/passwd", "gopher://a.example/", "http:",
        "http://", "http:///x", "http://:80/", "javascript:alert(1)", "data:text/html,x", "http://a.example:x/",
        "http://a.example:-1/", "http://a.example:65536/", "http://u@a.example/", "http://u:p@a.example/",
        "http://@a.example/", "http://a.example\\@b.example/", "http://a.example/a b", "http://a.example/\r\nX: y",
        "http://a.example/\x00", " http://a.example/", "http://[::1/", "http://a.example/" + "a" * 2048,
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(PlatformError) as caught:
        parse(text)
    assert caught.value.condition == "bad-url"


def test_schemes_and_ports() -> None:
    with pytest.raises(PlatformError, match="http may not be used here"):
        parse("http://a.example/", Reach(schemes=("https",)))
    with pytest.raises(PlatformError, match="not one for the web"):
        parse("http://a.example:6667/")
    assert parse("http://a.example:6667/", Reach(ports=(6667,))).port == 6667
    assert {25, 6379, 11211} < BAD_PORTS
    assert BAD_PORTS.isdisjoint((80, 443, 8000, 8080, 8443))


def test_following() -> None:
    start = parse("https://a.example/dir/page?x")
    assert str(follow(start, "other", Reach())) == "https://a.example/dir/other"
    assert str(follow(start, "//b.example/y", Reach())) == "https://b.example/y"
    assert str(follow(parse("http://a.example/"), "https://a.example/", Reach())) == "https://a.example/"
    with pytest.raises(PlatformError, match="from https to http"):
        follow(start, "HTTP://a.example/", Reach())


@given(st.text() | st.text().map(lambda text: f"http://a.example/{text}"))
def test_total_and_stable(text: str) -> None:
    try:
        url = parse(text)
    except PlatformError:
        return
    assert parse(str(url)) == url
    assert str(url).isascii()
    assert not any(char <= " " for char in str(url))
