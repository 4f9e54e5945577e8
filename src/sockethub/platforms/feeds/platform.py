"""One ``fetch``: get, read, answer."""

from __future__ import annotations

from typing import Any, Final

import anyio

from sockethub.errors import PlatformError
from sockethub.platforms.feeds import dates
from sockethub.platforms.feeds.answer import collection
from sockethub.platforms.feeds.options import Options
from sockethub.platforms.feeds.reading import read
from sockethub.web import Answer
from sockethub.worker.interface import Activity, PlatformContext, StatelessPlatform, verb

ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)

PARSERS: Final = 4
"""Feeds parsed at once in one process: it goes no faster, but small ones need not wait for large ones."""

_REHEARSAL: Final = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><item><title>a</title>
<link>http://a.example/</link><description>&lt;p&gt;b&lt;/p&gt;</description>
<pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>"""


class FeedsPlatform(StatelessPlatform):
    """RSS, Atom, JSON Feed. Options: :class:`~sockethub.platforms.feeds.options.Options`."""

    def __init__(self, context: PlatformContext) -> None:
        super().__init__(context)
        self._options = Options.declared(context.options)
        self._web = self._options.client(context.reach, context.commons)
        self._parsers = anyio.CapacityLimiter(PARSERS)

    @classmethod
    def warm_up(cls) -> None:
        read(Answer("http://a.example/", 200, {}, _REHEARSAL))

    @verb("fetch")
    async def fetch(self, activity: Activity) -> Activity | None:
        wanted = activity.get("object") or {}
        since = _since(wanted)
        limit = min(wanted.get("limit", self._options.max_items), self._options.max_items)
        url = activity["actor"]["id"]
        answer = await self._web.get(url, ACCEPT)
        # Beside the loop, which has other fetches to attend to; not left alone, so that its memory is counted.
        feed = await anyio.to_thread.run_sync(read, answer, limiter=self._parsers)
        self.context.log.debug("feed read", entries=len(feed.entries), bytes=len(answer.body))
        return collection(feed, url, since=since, limit=limit)


def _since(wanted: dict[str, Any]) -> Any:
    if "since" not in wanted:
        return None
    since = dates.read(wanted["since"])
    if since is None:
        raise PlatformError("/object/since: must be a date and time by RFC 3339", condition="bad-request")
    return since
