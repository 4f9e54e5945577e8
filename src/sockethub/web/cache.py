"""What was fetched before, to ask whether it has changed (RFC 9110 §13); shared by all processes of a platform.

Only what servers give a validator for is kept, and never what says ``no-store``. Kept are public pages, asked for
without any cookie or password, so that sessions may share them.
"""

from __future__ import annotations

from typing import Final

import orjson

from sockethub.commons import Commons, Room
from sockethub.web.exchange import Answer

SHARE: Final = 8
"""A body larger than this part of all the room would push out too many others."""

KEPT_HEADERS: Final = ("content-type", "etag", "last-modified")
"""What is asked of an answer later: what it is, and its validators."""

_FORM: Final = "1"
"""Of a record; another form has other names, and never meets this one."""


class Cache:
    """Answers by what was asked: URL and ``Accept``."""

    def __init__(self, commons: Commons, room: Room) -> None:
        self._commons = commons
        self._room = room

    async def find(self, url: str, accept: str) -> Answer | None:
        """What was kept of ``url``."""
        if not self._room.size:
            return None
        record = await self._commons.kept(_name(url, accept))
        return None if record is None else decode(record, url)

    async def keep(self, url: str, accept: str, answer: Answer, known: Answer | None) -> None:
        """Remember ``answer`` instead of what was ``known``, where that is allowed and of use."""
        if _may_be_kept(answer) and len(answer.body) <= self._room.size // SHARE:
            await self._commons.keep(_name(url, accept), encode(answer), self._room)
        elif known is not None:
            await self._commons.forget(_name(url, accept))


def conditions(known: Answer | None) -> dict[str, str]:
    """Headers that ask for an answer only if it has changed."""
    if known is None:
        return {}
    wanted = {"If-None-Match": known.headers.get("etag"), "If-Modified-Since": known.headers.get("last-modified")}
    return {name: value for name, value in wanted.items() if value}


def encode(answer: Answer) -> bytes:
    """A record: the headers as JSON in one line, then the body."""
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    return orjson.dumps(headers) + b"\n" + answer.body


def decode(record: bytes, url: str) -> Answer:
    """Undo :func:`encode`."""
    headers, _, body = record.partition(b"\n")
    return Answer(url, 200, orjson.loads(headers), body)


def _may_be_kept(answer: Answer) -> bool:
    validated = answer.headers.get("etag") or answer.headers.get("last-modified")
    closed = "no-store" in answer.headers.get("cache-control", "").lower()
    return answer.status == 200 and answer.whole and bool(validated) and not closed


def _name(url: str, accept: str) -> str:
    return f"{_FORM} {url} {accept}"
