"""Each site in each format, as programs write it; and what each format can carry."""
# ruff: noqa: E501 - as the wire has it

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from tests.support.corpus.document import Document
from tests.support.corpus.sites import SITES, Post, Site

HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_DC: Final = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
_RDF: Final = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'


@dataclass(frozen=True)
class Format:
    """``carries`` names the members of a post that survive beside title, link and content."""

    write: Callable[[Site], str]
    carries: frozenset[str] = frozenset()
    html: bool = True
    content: bool = True
    content_type: str = "application/rss+xml"


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _each(site: Site, write: Callable[[Post], str]) -> str:
    return "\n".join(map(write, site.posts))


def _channel(site: Site) -> str:
    return _element("title", site.title) + _element("link", site.link) + _element("description", site.about)


def _titled(site: Site, post: Post) -> str:
    return _element("title", post.title) + _element("link", site.url(post))


def rss090(site: Site) -> str:
    items = _each(site, lambda post: f"<item>{_titled(site, post)}</item>")
    space = "http://my.netscape.com/rdf/simple/0.9/"
    return f'{HEAD}<rdf:RDF {_RDF} xmlns="{space}"><channel>{_channel(site)}</channel>{items}</rdf:RDF>'


def rss091_netscape(site: Site) -> str:
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">\n'
    return HEAD + doctype + rss091(site).removeprefix(HEAD)


def rss091(site: Site) -> str:
    items = _each(site, lambda post: f"<item>{_titled(site, post)}{_element('description', post.html)}</item>")
    return f'{HEAD}<rss version="0.91"><channel>{_channel(site)}{_element("language", site.language)}{items}</channel></rss>'


def rss092(site: Site, version: str = "0.92") -> str:
    def write(post: Post) -> str:
        tags = "".join(_element("category", tag) for tag in post.tags)
        return f"<item>{_titled(site, post)}{_element('description', post.html)}{tags}</item>"

    return f'{HEAD}<rss version="{version}"><channel>{_channel(site)}{_each(site, write)}</channel></rss>'


def rss093(site: Site, version: str = "0.93") -> str:
    def write(post: Post) -> str:
        date = f"<pubDate>{format_datetime(post.at, usegmt=True)}</pubDate>"
        return f"<item>{_titled(site, post)}{_element('description', post.html)}{date}</item>"

    return f'{HEAD}<rss version="{version}"><channel>{_channel(site)}{_each(site, write)}</channel></rss>'


def rss094(site: Site) -> str:
    return rss093(site, "0.94")


def rss10(site: Site) -> str:
    def write(post: Post) -> str:
        about = quoteattr(site.url(post))
        tags = "".join(_element("dc:subject", tag) for tag in post.tags)
        said = f"{_element('dc:creator', post.author)}{_element('dc:date', post.at.isoformat())}{tags}"
        body = f"<content:encoded><![CDATA[{post.html}]]></content:encoded>"
        return f"<item rdf:about={about}>{_titled(site, post)}{said}{body}</item>"

    spaces = f'{_RDF} {_DC} xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns="http://purl.org/rss/1.0/"'
    listed = "".join(f"<rdf:li rdf:resource={quoteattr(site.url(post))}/>" for post in site.posts)
    channel = f"<channel rdf:about={quoteattr(site.link)}>{_channel(site)}{_element('dc:language', site.language)}"
    items = f"<items><rdf:Seq>{listed}</rdf:Seq></items></channel>{_each(site, write)}"
    return f"{HEAD}<rdf:RDF {spaces}>{channel}{items}</rdf:RDF>"


def rss20(site: Site) -> str:
    """As the most common of blog engines writes it."""

    def write(post: Post) -> str:
        tags = "".join(f"<category><![CDATA[{tag}]]></category>" for tag in post.tags)
        guid = f'<guid isPermaLink="false">{site.link}?p={post.slug}</guid>'
        date = f"<pubDate>{format_datetime(post.at)}</pubDate>"
        body = f"<description><![CDATA[{post.title}]]></description><content:encoded><![CDATA[{post.html}]]></content:encoded>"
        return f"<item>{_titled(site, post)}<dc:creator><![CDATA[{post.author}]]></dc:creator>{date}{tags}{guid}{body}</item>"

    spaces = f'{_DC} xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom"'
    self_ = f'<atom:link href="{site.link}feed/" rel="self" type="application/rss+xml"/>'
    channel = f"{_channel(site)}{self_}{_element('language', site.language)}<generator>made here</generator>"
    return f'{HEAD}<rss version="2.0" {spaces}><channel>{channel}{_each(site, write)}</channel></rss>'


def podcast(site: Site) -> str:
    def write(post: Post) -> str:
        date = f"<pubDate>{format_datetime(post.at)}</pubDate>"
        sound = f'<enclosure url="{site.url(post)}.mp3" length="4711" type="audio/mpeg"/><itunes:duration>1:01</itunes:duration>'
        said = f"<itunes:author>{escape(post.author)}</itunes:author>{_element('description', post.html)}"
        return f"<item>{_titled(site, post)}<guid>{site.url(post)}</guid>{date}{sound}{said}</item>"

    space = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    channel = f'{_channel(site)}{_element("language", site.language)}<itunes:image href="{site.link}cover.jpg"/>'
    return f'{HEAD}<rss {space} version="2.0"><channel>{channel}{_each(site, write)}</channel></rss>'


def media_rss(site: Site) -> str:
    def write(post: Post) -> str:
        content = f'<media:content url="{site.url(post)}.mp4" type="video/mp4" width="640" height="360" fileSize="99"/>'
        thumb = f'<media:thumbnail url="{site.url(post)}.jpg"/>'
        where = "<georss:point>47.07 15.44</georss:point>"
        return f"<item>{_titled(site, post)}{_element('description', post.html)}<media:group>{content}{thumb}</media:group>{where}</item>"

    space = 'xmlns:media="http://search.yahoo.com/mrss/" xmlns:georss="http://www.georss.org/georss"'
    return f'{HEAD}<rss {space} version="2.0"><channel>{_channel(site)}{_each(site, write)}</channel></rss>'


def atom03(site: Site) -> str:
    def write(post: Post) -> str:
        dates = "".join(f"<{name}>{post.at.isoformat()}</{name}>" for name in ("issued", "modified"))
        author = f"<author>{_element('name', post.author)}</author>"
        body = f'<content type="text/html" mode="escaped">{escape(post.html)}</content>'
        link = f'<link rel="alternate" type="text/html" href="{site.url(post)}"/>'
        return f"<entry>{_element('title', post.title)}{link}<id>tag:{site.name}:{post.slug}</id>{dates}{author}{body}</entry>"

    head = f'<title>{escape(site.title)}</title><link rel="alternate" type="text/html" href="{site.link}"/>'
    space = 'version="0.3" xmlns="http://purl.org/atom/ns#"'
    tagline = _element("tagline", site.about)
    return f"{HEAD}<feed {space} xml:lang={quoteattr(site.language)}>{head}{tagline}{_each(site, write)}</feed>"


def _atom(site: Site, content: Callable[[Post], str]) -> str:
    def write(post: Post) -> str:
        date = post.at.isoformat().replace("+00:00", "Z")
        dates = f"<published>{date}</published><updated>{date}</updated>"
        author = f"<author>{_element('name', post.author)}</author>"
        tags = "".join(f"<category term={quoteattr(tag)}/>" for tag in post.tags)
        link = f'<link href="{site.url(post)}"/><link rel="replies" href="{site.url(post)}/comments"/>'
        return f"<entry><id>urn:x:{post.slug}</id>{_element('title', post.title)}{link}{dates}{author}{tags}{content(post)}</entry>"

    head = f"{_element('title', site.title)}{_element('subtitle', site.about)}<id>{site.link}</id>"
    links = f'<link rel="self" href="{site.link}atom.xml"/><link href="{site.link}"/>'
    space = 'xmlns="http://www.w3.org/2005/Atom"'
    return f"{HEAD}<feed {space} xml:lang={quoteattr(site.language)}>{head}{links}{_each(site, write)}</feed>"


def atom10_html(site: Site) -> str:
    return _atom(site, lambda post: f'<content type="html">{escape(post.html)}</content>')


def atom10_xhtml(site: Site) -> str:
    def content(post: Post) -> str:
        inner = post.html.replace("&nbsp;", "&#160;")
        return f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{inner}</div></content>'

    return _atom(site, content)


def atom10_prefixed(site: Site) -> str:
    """Every element with a prefix, as XML libraries like to write it."""
    return (
        atom10_html(site)
        .replace("</", "</a:")
        .replace("<", "<a:")
        .replace("<a:/a:", "</a:")
        .replace("<a:?xml", "<?xml")
        .replace("xmlns=", "xmlns:a=")
    )


def cdf(site: Site) -> str:
    def write(post: Post) -> str:
        date = post.at.strftime("%Y-%m-%dT%H:%M")
        return f'<ITEM HREF="{site.url(post)}" LASTMOD="{date}">{_element("TITLE", post.title)}{_element("ABSTRACT", post.html)}</ITEM>'

    head = _element("TITLE", site.title) + _element("ABSTRACT", site.about)
    return f'{HEAD}<CHANNEL HREF="{site.link}">{head}{_each(site, write)}</CHANNEL>'


def _json(site: Site, version: str, author: Callable[[Post], dict[str, Any]]) -> str:
    items = [
        {
            "id": site.url(post),
            "url": site.url(post),
            "title": post.title,
            "content_html": post.html,
            "date_published": post.at.isoformat(),
            "tags": list(post.tags),
            **author(post),
        }
        for post in site.posts
    ]
    feed = {"version": f"https://jsonfeed.org/version/{version}", "title": site.title, "home_page_url": site.link}
    return json.dumps({**feed, "description": site.about, "language": site.language, "items": items})


def json10(site: Site) -> str:
    return _json(site, "1", lambda post: {"author": {"name": post.author}})


def json11(site: Site) -> str:
    return _json(site, "1.1", lambda post: {"authors": [{"name": post.author}]})


_ATOM: Final = frozenset(("id", "published", "authors", "categories", "language"))
_JSON: Final = frozenset(("published", "authors", "categories", "language"))
FORMATS: Final[dict[str, Format]] = {
    "RSS 0.90": Format(rss090, content=False),
    "RSS 0.91, Netscape": Format(rss091_netscape, frozenset(("language",))),
    "RSS 0.91, Userland": Format(rss091, frozenset(("language",))),
    "RSS 0.92": Format(rss092, frozenset(("categories",))),
    "RSS 0.93": Format(rss093, frozenset(("published",))),
    "RSS 0.94": Format(rss094, frozenset(("published",))),
    "RSS 1.0": Format(rss10, frozenset(("published", "authors", "categories", "language")), content_type="application/rdf+xml"),
    "RSS 2.0, blog": Format(rss20, frozenset(("published", "authors", "categories", "language"))),
    "RSS 2.0, podcast": Format(podcast, frozenset(("published", "authors", "language", "media"))),
    "RSS 2.0, media": Format(media_rss, frozenset(("video",))),
    "Atom 0.3": Format(atom03, frozenset(("published", "authors", "language")), content_type="application/atom+xml"),
    "Atom 1.0, HTML": Format(atom10_html, _ATOM, content_type="application/atom+xml"),
    "Atom 1.0, XHTML": Format(atom10_xhtml, _ATOM, content_type="application/atom+xml"),
    "Atom 1.0, prefixed": Format(atom10_prefixed, _ATOM, content_type="text/xml"),
    "CDF": Format(cdf, content_type="application/x-cdf"),
    "JSON Feed 1.0": Format(json10, _JSON, content_type="application/json"),
    "JSON Feed 1.1": Format(json11, _JSON, content_type="application/feed+json"),
}  # fmt: skip


def documents() -> list[Document]:
    """Every format with every site."""
    return [_document(name, each, site) for name, each in FORMATS.items() for site in SITES]


def _document(name: str, each: Format, site: Site) -> Document:
    feed = {"link": site.link, "description": site.about}
    if "language" in each.carries:
        feed["language"] = site.language
    items = [_expected(each, site, post) for post in site.posts]
    return Document(f"{name}, {site.name}", each.write(site).encode(), site.title, items, each.content_type, feed)


def _expected(each: Format, site: Site, post: Post) -> dict[str, Any]:
    url = site.url(post)
    content = post.html if each.content else ""
    known: dict[str, Any] = {"title": post.title, "url": url, "content": content}
    if "published" in each.carries:
        known["published"] = post.at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if "authors" in each.carries:
        known["authors"] = [{"type": "person", "name": post.author}]
    if "categories" in each.carries:
        known["categories"] = list(post.tags) or None
    if "id" in each.carries:
        known["id"] = f"urn:x:{post.slug}"
    if "media" in each.carries:
        known["media"] = [{"url": f"{url}.mp3", "mediaType": "audio/mpeg", "size": 4711, "duration": 61}]
    if "video" in each.carries:
        known["media"] = [{"url": f"{url}.mp4", "mediaType": "video/mp4", "size": 99, "width": 640, "height": 360}]
        known["image"] = f"{url}.jpg"
    return known
