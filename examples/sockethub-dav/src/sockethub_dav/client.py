"""Requests to the one server that credentials name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urljoin

from sockethub.errors import OutcomeUnknown, PlatformError
from sockethub.guard import Reach
from sockethub.web import Answer, Request, WebClient, undecided, urls
from sockethub_dav.authentication import Scheme, chosen
from sockethub_dav.challenges import challenges
from sockethub_dav.multistatus import Found, read

REDIRECTS: Final = 3
"""On the way to the collections (RFC 6764 §6): an honest one has a single one."""

XML: Final = "application/xml; charset=utf-8"
UNAUTHORIZED: Final = 401

_MOVED: Final = frozenset((301, 302, 307, 308))
_REFUSALS: Final = {
    UNAUTHORIZED: ("authentication-failed", "the server does not accept the credentials"),
    403: ("forbidden", "the server forbids it"),
    404: ("not-found", "there is nothing at this address"),
    409: ("not-found", "there is no such collection"),
    412: ("conflict", "somebody else has changed it meanwhile: query it again"),
    413: ("too-large", "the server finds it too large"),
    507: ("no-room", "the server has no room left"),
}


class DavClient:
    """Never asks another origin than that of ``credentials["url"]``, and says to none but it who asks."""

    def __init__(self, web: WebClient, reach: Reach, credentials: Mapping[str, Any], *, require_tls: bool) -> None:
        self._web = web
        self._reach = reach
        self._credentials = credentials
        self._home = urls.parse(credentials["url"], reach)
        self._secure = self._home.scheme == "https" or not require_tls
        self._scheme: Scheme | None = None
        self.url = str(self._home)

    def absolute(self, address: str) -> str:
        """``address``, maybe relative, as a URL of this server; raises :class:`PlatformError` for another's."""
        there = urls.parse(urljoin(self.url, address), self._reach)
        if (there.scheme, there.authority) != (self._home.scheme, self._home.authority):
            raise PlatformError(f"this is not at {self._home.authority}", condition="forbidden")
        return str(there)

    async def find(self, method: str, url: str, body: str, *, depth: int) -> list[Found]:
        """What PROPFIND or REPORT finds; redirects within the server are followed."""
        headers = {"depth": str(depth), "content-type": XML}
        for _ in range(REDIRECTS + 1):
            answer = await self._ask(url, Request(method, headers, body.encode()))
            location = answer.headers.get("location")
            if answer.status not in _MOVED or location is None:
                return read(_good(answer).body)
            url = self.absolute(urljoin(url, location))
        raise PlatformError(f"more than {REDIRECTS} redirects", condition="too-many-redirects")

    async def get(self, url: str, accept: str) -> Answer:
        return _good(await self._ask(url, Request("GET", {"accept": accept})))

    async def put(self, url: str, body: str, content_type: str, *, etag: str | None) -> str:
        """Write one item, over ``etag`` or where there is none; its new etag, or "" where the server tells none."""
        condition = {"if-none-match": "*"} if etag is None else {"if-match": etag}
        headers = {"content-type": content_type, **condition}
        answer = await self._change(url, Request("PUT", headers, body.encode()))
        return answer.headers.get("etag", "")

    async def delete(self, url: str, etag: str) -> None:
        await self._change(url, Request("DELETE", {"if-match": etag}))

    async def _change(self, url: str, request: Request) -> Answer:
        try:
            return _good(await self._ask(url, request))
        except PlatformError as error:
            if undecided(request, error):
                raise OutcomeUnknown(f"{error}; whether it took effect is not known") from None
            raise

    async def _ask(self, url: str, request: Request) -> Answer:
        """With what is known of how to authenticate, and once more when the server wants another way or nonce."""
        answer = await self._send(url, request)
        if answer.status == UNAUTHORIZED:
            offered = challenges(answer.headers.get("www-authenticate", ""))
            if self._scheme is not None and not any(each.parameters.get("stale") == "true" for each in offered):
                self._scheme = None
                return answer
            self._scheme = chosen(offered, self._credentials, secure=self._secure)
            answer = await self._send(url, request)
        return answer

    async def _send(self, url: str, request: Request) -> Answer:
        headers = dict(request.headers)
        if self._scheme is not None:
            headers["authorization"] = self._scheme.header(request.method, urls.parse(url, self._reach).path)
        return await self._web.send(url, Request(request.method, headers, request.body))


def _good(answer: Answer) -> Answer:
    if 200 <= answer.status < 300:
        return answer
    fallback = ("http-error", f"request failed: {answer.status} {answer.reason}")
    condition, text = _REFUSALS.get(answer.status, fallback)
    raise PlatformError(text, condition=condition)
