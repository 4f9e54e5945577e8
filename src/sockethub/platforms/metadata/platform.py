"""One ``fetch``: get, read, answer."""

from __future__ import annotations

import re
from typing import Final

import anyio

from sockethub.errors import PlatformError
from sockethub.platforms.metadata.answer import described
from sockethub.platforms.metadata.options import Options
from sockethub.platforms.metadata.page import read
from sockethub.web import Answer, decode
from sockethub.web.text import charset_of
from sockethub.worker.interface import Activity, PlatformContext, StatelessPlatform, verb

ACCEPT: Final = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
READERS: Final = 1
"""Pages read at once in one process: reading holds the interpreter."""

KINDS: Final = ("text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml", "")
"""Media types that may be a page; servers without a word for it say nothing, or ``text/plain``."""

PRESCAN_BYTES: Final = 4_096
"""Where a page says its encoding: WHATWG HTML §13.2.3.2 has the first 1,024 bytes; pages have grown."""

_META: Final = re.compile(rb"<meta\s[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_REHEARSAL: Final = b"""<!doctype html><html lang="en"><head><title>t</title><meta property="og:title" content="t">
<script type="application/ld+json">{"@type": "Article", "name": "t"}</script></head><body>b</body></html>"""


class MetadataPlatform(StatelessPlatform):
    """What pages say about themselves. Options: :class:`~sockethub.platforms.metadata.options.Options`."""

    def __init__(self, context: PlatformContext) -> None:
        super().__init__(context)
        # A page is read up to its limit, not refused: what it says about itself stands at its beginning.
        self._web = Options.declared(context.options).client(context.reach, context.commons, cut=True)
        self._readers = anyio.CapacityLimiter(READERS)

    @classmethod
    def warm_up(cls) -> None:
        describe(Answer("http://a.example/", 200, {}, _REHEARSAL), "http://a.example/")

    @verb("fetch")
    async def fetch(self, activity: Activity) -> Activity | None:
        url = activity["actor"]["id"]
        answer = await self._web.get(url, ACCEPT)
        found = await anyio.to_thread.run_sync(describe, answer, url, limiter=self._readers)
        self.context.log.debug("page read", bytes=len(answer.body), whole=answer.whole)
        return found


def describe(answer: Answer, url: str) -> Activity:
    """The answer to a ``fetch`` of ``url``; raises :class:`~sockethub.errors.PlatformError`, ``not-a-page``."""
    content_type = answer.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in KINDS:
        raise PlatformError(f"this is not a web page, but {kind[:100]}", condition="not-a-page")
    said = _META.search(answer.body[:PRESCAN_BYTES])
    text, charset = decode(answer.body, charset_of(content_type), said[1].decode("ascii") if said else None)
    if not text.strip():
        raise PlatformError("the page is empty", condition="not-a-page")
    return described(read(text, answer.url), url, charset)
