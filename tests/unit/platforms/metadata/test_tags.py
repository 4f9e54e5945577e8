from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.platforms.metadata.tags import TAGS, Tag, tags


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<meta a=1 b='2' c=\"3\" d>", [Tag("meta", {"a": "1", "b": "2", "c": "3", "d": ""})]),
        ("<META A = 1\n B\t=\n'2'>", [Tag("meta", {"a": "1", "b": "2"})]),
        ("<meta/a=1/>", [Tag("meta", {"a": "1/"})]),
        ("<meta a=1 a=2>", [Tag("meta", {"a": "1"})]),
        ("<meta a='>'>", [Tag("meta", {"a": ">"})]),
        ("<meta a=it's b=2>", [Tag("meta", {"a": "it's", "b": "2"})]),
        ("<meta a='1'b='2'>", [Tag("meta", {"a": "1", "b": "2"})]),
        ("<meta a=&quot;x&quot;>", [Tag("meta", {"a": '"x"'})]),
        ("<div a=1><meta b=2>", [Tag("meta", {"b": "2"})]),
        ("a < b <meta b=2>", [Tag("meta", {"b": "2"})]),
        ("<1><meta b=2>", [Tag("meta", {"b": "2"})]),
        ("<!-- <meta> --><meta b=2>", [Tag("meta", {"b": "2"})]),
        ("<!--><meta b=2>", [Tag("meta", {"b": "2"})]),
        ("<!doctype html><?php ?><meta b=2>", [Tag("meta", {"b": "2"})]),
        ("</p><meta b=2>", [Tag("meta", {"b": "2"})]),
        ("<metadata><meta b=2>", [Tag("meta", {"b": "2"})]),
        ("<title>a</titles><b></title ><meta b=2>", [Tag("title", {}, "a</titles><b>"), Tag("meta", {"b": "2"})]),
        ("<title>a", [Tag("title", {}, "a")]),
        ("<script>x</SCRIPT>", [Tag("script", {}, "x")]),
        ("<textarea><meta></textarea>", []),
        ("<noscript><meta></noscript>", []),
        ("<!-- <meta>", []),
        ("<meta a='", []),
        ("<meta", []),
        ("", []),
    ],
)
def test_tags(page: str, found: list[Tag]) -> None:
    assert list(tags(page)) == found


@pytest.mark.parametrize(
    "piece",
    [
        "<", "</", "<!", "<!--", "<!-->", "<?", "<a", "<a ", "<a b", "<a b=",
        "<a b='", '<a b="', "<a b='>", "<a 'b", "<meta ",
        "<meta a=1>", "<title>", "<script>", "</script", "<script></", "<style><", "<div>", "<b><i>", "&", "&amp",
        "\x00",
        "<a =\" ='>", "<meta a = ", "<meta" + " " * 50,
    ],
    ids=ascii,
)  # fmt: skip
def test_soup_takes_no_longer_than_its_length(piece: str) -> None:
    """A megabyte of anything; the trees of browsers take a minute for some of it."""
    page = piece * (1024 * 1024 // len(piece))
    started = time.perf_counter()
    found = sum(1 for _ in tags(page))
    assert time.perf_counter() - started < 5
    assert found <= TAGS


@given(st.text(alphabet="<>/!-='\" abmetlis\n", max_size=200))
def test_total(page: str) -> None:
    for tag in tags(page):
        assert tag.name == tag.name.lower()
