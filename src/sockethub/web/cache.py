"""What was fetched before, to ask whether it has changed (RFC 9110 §13). In memory, bounded, of this process alone.

Only what servers give a validator for is kept, and never what says ``no-store``. Kept are public pages, asked for
without any cookie or password, so that sessions may share them; nothing is written to Redis or to disk.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from sockethub.web.exchange import Answer

BYTES: Final = 16 * 1024 * 1024
"""Of bodies, together: some hundred feeds in each process of a pool."""

BODY_BYTES: Final = 2 * 1024 * 1024
"""A larger body would push out too many others."""


class Cache:
    """Answers by what was asked: URL and ``Accept``; the one not used for longest goes first."""

    def __init__(self, limit: int = BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str], Answer] = OrderedDict()
        self._size = 0

    def conditions(self, url: str, accept: str) -> dict[str, str]:
        """Headers that ask for an answer only if it has changed."""
        known = self._kept.get((url, accept))
        if known is None:
            return {}
        wanted = {"If-None-Match": known.headers.get("etag"), "If-Modified-Since": known.headers.get("last-modified")}
        return {name: value for name, value in wanted.items() if value}

    def unchanged(self, url: str, accept: str) -> Answer | None:
        """What was kept, now that the server has said it still holds."""
        known = self._kept.get((url, accept))
        if known is not None:
            self._kept.move_to_end((url, accept))
        return known

    def keep(self, url: str, accept: str, answer: Answer) -> None:
        """Remember ``answer``, where that is allowed and of use."""
        self._drop((url, accept))
        validated = answer.headers.get("etag") or answer.headers.get("last-modified")
        closed = "no-store" in answer.headers.get("cache-control", "").lower()
        if answer.status != 200 or not answer.whole or not validated or closed or len(answer.body) > BODY_BYTES:
            return
        self._kept[url, accept] = answer
        self._size += len(answer.body)
        while self._size > self._limit:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[str, str]) -> None:
        known = self._kept.pop(key, None)
        if known is not None:
            self._size -= len(known.body)
