"""What pages say about themselves, one row for each way to say it."""
# ruff: noqa: E501 - a row is a line

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import pytest

from sockethub.platforms.metadata.page import read

URL: Final = "http://site.example/blog/page"
ICON: Final = "http://site.example/favicon.ico"


def head(inner: str) -> dict[str, Any]:
    return asdict(read(f"<!doctype html><html><head>{inner}</head><body>text</body></html>", URL))


def meta(**members: str) -> str:
    return "".join(f'<meta property="{name.replace("__", ":")}" content="{value}">' for name, value in members.items())


def ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


ROWS: list[tuple[str, dict[str, Any]]] = [
    # nothing said
    ("", {"url": URL, "title": "", "name": "", "description": "", "language": "", "favicon": ICON, "images": ()}),
    # HTML
    ("<title>T</title>", {"title": "T"}),
    ("<TITLE lang=en>  T\n  t </TITLE>", {"title": "T t"}),
    ("<title>A &amp; B &lt;b&gt;</title>", {"title": "A & B <b>"}),
    ("<title></title><title>second</title>", {"title": "second"}),
    ("<svg><title>drawing</title></svg><title>late</title>", {"title": ""}),
    ("<!-- <title>no</title> --><title>yes</title>", {"title": "yes"}),
    ("<script>'<title>no</title>'</script><title>yes</title>", {"title": "yes"}),
    ("<style><title>no</title></style><title>yes</title>", {"title": "yes"}),
    ('<meta name="description" content="D">', {"description": "D"}),
    ("<meta name=description content='D \"q\"'>", {"description": 'D "q"'}),
    ("<meta name=Description content=D>", {"description": "D"}),
    ('<meta content="D" name="description"/>', {"description": "D"}),
    ('<meta name="description" content="a &gt; b">', {"description": "a > b"}),
    ('<meta name="description" content="x>y">', {"description": "x>y"}),
    ('<meta name="author" content="Ann"><meta name="author" content="Bob">', {"authors": ("Ann", "Bob")}),
    ('<meta name="keywords" content="a, b,, a">', {"categories": ("a", "b")}),
    ('<meta name="application-name" content="App">', {"name": "App"}),
    ('<meta http-equiv="content-language" content="de">', {"language": "de"}),
    ('<meta name="description" content="first"><meta name="description" content="second">', {"description": "first"}),
    ('<meta name="description" content=""><meta name="description" content="second">', {"description": "second"}),
    # links
    ('<link rel="canonical" href="/real">', {"url": "http://site.example/real"}),
    ('<link rel=canonical href="javascript:x">', {"url": URL}),
    ('<link rel="shortcut icon" href="/f.ico">', {"favicon": "http://site.example/f.ico"}),
    ('<link rel="ICON" href="f.png">', {"favicon": "http://site.example/blog/f.png"}),
    ('<link rel="apple-touch-icon" href="/a.png"><link rel="icon" href="/i.png">', {"favicon": "http://site.example/i.png"}),
    ('<link rel="apple-touch-icon" href="/a.png">', {"favicon": "http://site.example/a.png"}),
    ('<link rel="icon" href="data:image/png;base64,x">', {"favicon": ICON}),
    ('<link rel="alternate" type="application/rss+xml" title="Feed" href="/rss">', {"feeds": ({"url": "http://site.example/rss", "type": "application/rss+xml", "title": "Feed"},)}),
    ('<link rel="alternate" hreflang="de" href="/de">', {"feeds": ()}),
    ('<link rel="alternate" type="application/json+oembed" href="/o?u=1&amp;f=j">', {"oembed": ({"url": "http://site.example/o?u=1&f=j", "type": "application/json+oembed", "title": ""},)}),
    ('<base href="http://cdn.example/x/"><link rel="icon" href="f.ico">', {"favicon": "http://cdn.example/x/f.ico"}),
    ('<base href="javascript:x"><link rel="icon" href="/f.ico">', {"favicon": "http://site.example/f.ico"}),
    # Open Graph
    ("<title>T</title>" + meta(og__title="OG"), {"title": "OG"}),
    (meta(og__site_name="Site"), {"name": "Site"}),
    ('<meta name="description" content="D">' + meta(og__description="OG"), {"description": "OG"}),
    (meta(og__url="/og") + '<link rel="canonical" href="/real">', {"url": "http://site.example/og"}),
    (meta(og__type="article"), {"kind": "article"}),
    (meta(og__locale="en_GB"), {"language": "en-GB"}),
    (meta(og__image="/i.png"), {"images": ({"url": "http://site.example/i.png", "type": "png"},)}),
    (meta(og__image="/i", og__image__width="640", og__image__height="480px", og__image__type="image/webp", og__image__alt="Alt"), {"images": ({"url": "http://site.example/i", "type": "image/webp", "width": 640, "height": 480, "alt": "Alt"},)}),
    (meta(og__image="/a.png", og__image__width="1") + meta(og__image="/b.jpg", og__image__width="2"), {"images": ({"url": "http://site.example/a.png", "type": "png", "width": 1}, {"url": "http://site.example/b.jpg", "type": "jpg", "width": 2})}),
    (meta(og__image__url="/a.png", og__image__width="1"), {"images": ({"url": "http://site.example/a.png", "type": "png", "width": 1},)}),
    (meta(og__image="http://site.example/a.png", og__image__secure_url="https://site.example/a.png"), {"images": ({"url": "https://site.example/a.png", "type": "png"},)}),
    (meta(og__image="/a.png") * 2, {"images": ({"url": "http://site.example/a.png", "type": "png"},)}),
    (meta(og__image__width="1"), {"images": ()}),
    (meta(og__image="javascript:x", og__image__width="many"), {"images": ()}),
    ('<meta name="og:title" content="by name">', {"title": "by name"}),
    (meta(og__video="/v.mp4", og__video__type="video/mp4"), {"videos": ({"url": "http://site.example/v.mp4", "type": "video/mp4"},)}),
    (meta(og__audio="/a.mp3"), {"sounds": ({"url": "http://site.example/a.mp3", "type": "mp3"},)}),
    (meta(article__published_time="2026-11-02T10:00:00Z"), {"published": "2026-11-02T10:00:00Z"}),
    (meta(article__modified_time="2026-11-03T10:00:00Z"), {"updated": "2026-11-03T10:00:00Z"}),
    (meta(article__author="Ann", article__tag="a") + meta(article__tag="b"), {"authors": ("Ann",), "categories": ("a", "b")}),
    # Twitter cards
    (meta(twitter__title="TW") + "<title>T</title>", {"title": "TW"}),
    (meta(twitter__title="TW", og__title="OG"), {"title": "OG", "twitter": {"title": "TW"}}),
    (meta(twitter__card="summary", twitter__site="@s"), {"twitter": {"card": "summary", "site": "@s"}}),
    (meta(twitter__image="/t.png", twitter__image__alt="Alt"), {"images": ({"url": "http://site.example/t.png", "type": "png", "alt": "Alt"},)}),
    (meta(twitter__image="/t.png", og__image="/o.png"), {"images": ({"url": "http://site.example/o.png", "type": "png"},)}),
    # JSON-LD
    (ld('{"@type": "Article", "headline": "LD"}') + "<title>T</title>", {"title": "LD", "kind": "Article"}),
    (ld('{"@type": "https://schema.org/NewsArticle", "name": "LD"}'), {"title": "LD", "kind": "NewsArticle"}),
    (ld('{"@type": ["Thing", "Recipe"], "name": "LD"}'), {"title": "LD", "kind": "Recipe"}),
    (ld('{"@graph": [{"@type": "WebSite", "name": "S"}, {"@type": "WebPage", "name": "P", "inLanguage": "en"}]}'), {"name": "S", "title": "P", "language": "en"}),
    (ld('[{"@type": "BreadcrumbList"}, {"@type": "Product", "name": "P", "description": "D"}]'), {"title": "P", "description": "D"}),
    (ld('{"@type": "Organization", "name": "O"}') + "<title>T</title>", {"title": "T"}),
    (ld('{"@type": "Article", "author": {"name": "Ann"}, "keywords": "a, b"}'), {"authors": ("Ann",), "categories": ("a", "b")}),
    (ld('{"@type": "Article", "author": [{"name": "Ann"}, "Bob"], "keywords": ["a"]}'), {"authors": ("Ann", "Bob"), "categories": ("a",)}),
    (ld('{"@type": "Article", "image": "/i.png"}'), {"images": ({"url": "http://site.example/i.png", "type": "png"},)}),
    (ld('{"@type": "Article", "image": [{"url": "/i.png", "width": 5, "height": "6"}, "/j.png", 7]}'), {"images": ({"url": "http://site.example/i.png", "type": "png", "width": 5, "height": 6}, {"url": "http://site.example/j.png", "type": "png"})}),
    (ld('{"@type": "Article", "datePublished": "2026-11-02", "dateModified": "2026-11-03"}'), {"published": "2026-11-02", "updated": "2026-11-03"}),
    (ld('{"@type": "Article", "headline": 5, "author": [[]], "image": {}}') + "<title>T</title>", {"title": "T", "authors": (), "images": ()}),
    (ld("{broken") + "<title>T</title>", {"title": "T"}),
    (ld("[" * 5000) + "<title>T</title>", {"title": "T"}),
    ('<script type="application/json">{"@type": "Article", "headline": "no"}</script><title>T</title>', {"title": "T"}),
]  # fmt: skip

EMPTY_MEDIUM: Final = {"url": "", "type": "", "alt": "", "width": 0, "height": 0}


@pytest.mark.parametrize(("inner", "members"), ROWS, ids=[f"{n}-{next(iter(m))}" for n, (_, m) in enumerate(ROWS)])
def test_pages(inner: str, members: dict[str, Any]) -> None:
    found = head(inner)
    wanted = dict(members)
    for name in ("images", "videos", "sounds"):
        if name in wanted:
            wanted[name] = tuple({**EMPTY_MEDIUM, **each} for each in wanted[name])
    assert {name: found[name] for name in wanted} == wanted


def test_the_language_of_the_document() -> None:
    assert read('<html lang="de-AT"><title>t</title>', URL).language == "de-AT"
    assert read('<html xml:lang="fr"><title>t</title>', URL).language == "fr"


def test_what_stands_in_the_body_counts_too() -> None:
    page = read(f"<html><body><p>x<p>{meta(og__title='late')}", URL)
    assert page.title == "late"


def test_lists_are_bounded() -> None:
    many = "".join(meta(og__image=f"/{n}.png", twitter__x=str(n)) for n in range(100))
    many += "".join(f'<meta name="twitter:x{n}" content="x"><meta name="author" content="{n}">' for n in range(100))
    page = read(many, URL)
    assert (len(page.images), len(page.authors), len(page.twitter)) == (16, 32, 32)
