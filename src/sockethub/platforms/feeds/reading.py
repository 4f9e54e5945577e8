"""From what was fetched to a feed: which encoding, which format. Pure, and bounded by what was fetched."""

from __future__ import annotations

from sockethub.errors import PlatformError
from sockethub.platforms.feeds import jsonfeed, xml
from sockethub.platforms.feeds.model import Feed
from sockethub.platforms.feeds.screen import declared_encoding, screened
from sockethub.web import Answer, decode
from sockethub.web.text import charset_of

_HTML = ("<!doctype html", "<html")


def read(answer: Answer) -> Feed:
    """The feed in ``answer``, whatever its ``Content-Type`` says: servers are often wrong about it.

    Raises :class:`~sockethub.errors.PlatformError`, condition ``not-a-feed`` or ``hostile``.
    """
    charset = charset_of(answer.headers.get("content-type", ""))
    text, _ = decode(answer.body, charset, declared_encoding(answer.body))
    start = text.lstrip("\ufeff \t\r\n")
    if start[:1] == "{":
        return jsonfeed.read(start, answer.url)
    if start.lower().startswith(_HTML):
        raise PlatformError(
            "this is a web page, not a feed; its feed, if it has one, is elsewhere", condition="not-a-feed"
        )
    if not start.startswith("<"):
        raise PlatformError("this is not a feed", condition="not-a-feed")
    return xml.read(screened(start), answer.url)
