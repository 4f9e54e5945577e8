"""HTTP through the guard: vet, ask; with a GET, follow and remember.

Every hop is vetted by itself: scheme, host, port, every address. No proxy, ``.netrc`` or cookie is used, and nothing of
the environment but where the system keeps its certificate authorities (``SSL_CERT_FILE``, ``SSL_CERT_DIR``).
"""

from __future__ import annotations

import ssl
from typing import Final

import anyio

from sockethub import __version__, guard
from sockethub.commons import ALONE, Commons
from sockethub.errors import PlatformError
from sockethub.guard import Reach, Resolver
from sockethub.web import urls
from sockethub.web.cache import Cache, conditions
from sockethub.web.courtesy import Courtesy
from sockethub.web.exchange import Answer, Request, ask
from sockethub.web.inflate import ACCEPTED
from sockethub.web.limits import Limits
from sockethub.web.urls import Url

USER_AGENT: Final = f"Sockethub/{__version__} (+https://sockethub.org)"

_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_NOT_MODIFIED: Final = 304
_LATER: Final = frozenset((429, 503))


class WebClient:
    """Of one platform in one process; its cache and its manners are shared by all that the platform fetches."""

    def __init__(
        self,
        reach: Reach,
        limits: Limits,
        *,
        user_agent: str | None = None,
        tls: ssl.SSLContext | None = None,
        resolver: Resolver = guard.system_resolver,
        commons: Commons = ALONE,
    ) -> None:
        self._reach = reach
        self._limits = limits
        self._headers = {"User-Agent": user_agent or USER_AGENT, "Accept-Encoding": ACCEPTED}
        self._tls = tls
        self._resolver = resolver
        self._cache = Cache(commons, limits.room)
        self._courtesy = Courtesy(commons, limits)

    async def get(self, url: str, accept: str) -> Answer:
        """What is at ``url``, redirects followed; ``accept`` is the header (RFC 9110 §12.5.1).

        Raises :class:`~sockethub.errors.PlatformError` for whatever is not a 2xx answer within the limits.
        """
        try:
            with anyio.fail_after(self._limits.total_seconds):
                return await self._follow(urls.parse(url, self._reach), accept)
        except TimeoutError:
            text = f"request failed: no whole answer within {self._limits.total_seconds:g} s from {url}"
            raise PlatformError(text, condition="timeout") from None

    async def send(self, url: str, request: Request) -> Answer:
        """One request, and whatever is answered: nothing is followed, remembered, or asked again.

        Errors name the host alone, for the rest of the URL may hold a secret. Raises
        :class:`~sockethub.errors.PlatformError`.
        """
        there = urls.parse(url, self._reach)
        headers = {name.lower(): value for name, value in (self._headers | dict(request.headers)).items()}
        try:
            with anyio.fail_after(self._limits.total_seconds):
                async with self._courtesy.place(there.authority):
                    answer = await self._ask(there, Request(request.method, headers, request.body))
        except TimeoutError:
            text = f"request failed: no whole answer within {self._limits.total_seconds:g} s from {there.authority}"
            raise PlatformError(text, condition="timeout") from None
        if answer.status in _LATER:
            await self._courtesy.pause(there.authority, answer.headers.get("retry-after", ""))
        return answer

    async def _follow(self, url: Url, accept: str) -> Answer:
        for _ in range(self._limits.redirects + 1):
            answer = await self._hop(url, accept)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None:
                return _good(answer)
            url = urls.follow(url, location, self._reach)
        raise PlatformError(
            f"request failed: more than {self._limits.redirects} redirects", condition="too-many-redirects"
        )

    async def _hop(self, url: Url, accept: str) -> Answer:
        key = str(url)
        async with self._courtesy.place(url.authority):
            known = await self._cache.find(key, accept)
            answer = await self._ask(url, Request(headers={"Accept": accept, **self._headers, **conditions(known)}))
        if answer.status == _NOT_MODIFIED and known is not None:
            return known
        if answer.status in _LATER:
            await self._courtesy.pause(url.authority, answer.headers.get("retry-after", ""))
        await self._cache.keep(key, accept, answer, known)
        return answer

    async def _ask(self, url: Url, request: Request) -> Answer:
        endpoints = await guard.resolve(url.host, url.port, self._reach, self._resolver)
        return await ask(url, endpoints, request, self._limits, self._context(url))

    def _context(self, url: Url) -> ssl.SSLContext | None:
        """TLS with the system's authorities, made when first needed: it costs some milliseconds."""
        if url.scheme != "https":
            return None
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


def _good(answer: Answer) -> Answer:
    if 200 <= answer.status < 300:
        return answer
    text = f"request failed: {answer.status} {answer.reason} for {answer.url}"
    raise PlatformError(text, condition="http-error")
