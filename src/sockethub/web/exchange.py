"""One request and its answer on one connection (HTTP/1.1, RFC 9112), to an endpoint that was vetted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import anyio
import h11

from sockethub import guard
from sockethub.errors import PlatformError
from sockethub.guard import Endpoint
from sockethub.web.inflate import Body
from sockethub.web.limits import CHUNK_BYTES, HEADER_BYTES, Limits
from sockethub.web.urls import Url

INTERIM: Final = 8
"""Responses before the response (RFC 9110 §15.2), such as early hints; one or two are usual."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, beside the URL. Headers are the caller's, but for those that say how it is sent."""

    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""


SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"))
"""Methods that change nothing (RFC 9110 §9.2.1, RFC 4918, RFC 3253): when one fails, it has failed and that is all."""

_UNDECIDED: Final = frozenset(("bad-response", "cut-off", "timeout", "too-large"))


def undecided(request: Request, error: PlatformError) -> bool:
    """Whether ``request``, which ended with ``error``, may have been heard and had its effect."""
    return request.method not in SAFE and error.condition in _UNDECIDED


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``url`` is the one that answered; header names are in lower case; ``body`` is inflated.

    ``whole`` is false when the body was cut at its limit.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True

    @property
    def reason(self) -> str:
        """The standard's word for the status (RFC 9110 §15)."""
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:
            return "Unknown"


async def ask(
    url: Url, endpoints: list[Endpoint], request: Request, limits: Limits, tls: ssl.SSLContext | None
) -> Answer:
    """Send ``request`` for ``url`` to the first of ``endpoints`` that answers. The caller bounds the whole by time.

    The body of a redirect or an error is not read. Raises :class:`~sockethub.errors.PlatformError`.
    """
    async with _connected(url, endpoints, limits, tls) as (reader, writer):
        link = _Link(reader, writer, 2 * limits.body_bytes + HEADER_BYTES)
        try:
            return await link.send(url, request, limits)
        except h11.RemoteProtocolError:
            if link.begun:
                raise PlatformError("the answer ends in the middle, or is no HTTP", condition="cut-off") from None
            raise PlatformError("what answers does not speak HTTP", condition="bad-response") from None
        except OSError:
            raise PlatformError(f"{url.authority} broke off", condition="cut-off") from None


class _Link:
    """h11 over a stream; ``most`` bytes are read, packaging (chunks, their extensions) included."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES)
        self._received = 0
        self._most = most
        self.begun = False

    async def send(self, url: Url, asked: Request, limits: Limits) -> Answer:
        fields = [("Host", url.authority), *asked.headers.items(), ("Connection", "close")]
        if asked.body:
            fields.append(("Content-Length", str(len(asked.body))))
        request = h11.Request(method=asked.method, target=url.path, headers=fields)
        events = (request, h11.Data(data=asked.body), h11.EndOfMessage())
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))
        await self._writer.drain()
        response = await self._response()
        self.begun = True
        received = _joined(response.headers)
        if not 200 <= response.status_code < 300:
            return Answer(str(url), response.status_code, received, b"")
        body = await self._body(received.get("content-encoding", ""), limits)
        return Answer(str(url), response.status_code, received, body.finish(), not body.full)

    async def _response(self) -> h11.Response:
        for _ in range(INTERIM + 1):
            event = await self._next()
            if isinstance(event, h11.Response):
                return event
        raise h11.RemoteProtocolError("too many interim responses")

    async def _body(self, encoding: str, limits: Limits) -> Body:
        body = Body(encoding, limits.body_bytes, cut=limits.cut)
        while isinstance(event := await self._next(), h11.Data):
            body.feed(bytes(event.data))
            if body.full:
                break
        return body

    async def _next(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            data = await self._reader.read(CHUNK_BYTES)
            self._received += len(data)
            if self._received > self._most:
                raise PlatformError("the answer is mostly packaging", condition="too-large")
            self._http.receive_data(data)
        if isinstance(event, h11.ConnectionClosed):
            raise h11.RemoteProtocolError("closed")
        return event


def _joined(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lines of one name are one list (RFC 9110 §5.3): two ways to authenticate, say."""
    found: dict[str, str] = {}
    for name, value in ((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields):
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


@asynccontextmanager
async def _connected(
    url: Url, endpoints: list[Endpoint], limits: Limits, tls: ssl.SSLContext | None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    try:
        with anyio.fail_after(limits.connect_seconds):
            reader, writer = await _open(url, endpoints, tls)
    except TimeoutError:
        raise PlatformError(f"{url.authority} does not answer", condition="timeout") from None
    try:
        yield reader, writer
    finally:
        # Nothing of an answer that was read to its end is lost by not saying goodbye.
        writer.transport.abort()


async def _open(
    url: Url, endpoints: list[Endpoint], tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        connected = await guard.connect(endpoints)
    except ConnectionRefusedError:
        raise PlatformError(f"{url.authority} refuses connections", condition="connection-refused") from None
    except TimeoutError:
        raise
    except OSError:
        raise PlatformError(f"{url.authority} cannot be reached", condition="unreachable") from None
    try:
        return await asyncio.open_connection(
            sock=connected, limit=CHUNK_BYTES, ssl=tls, server_hostname=url.host if tls else None
        )
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.rstrip(".")
        text = f"the certificate of {url.host} cannot be trusted ({why})"
        raise PlatformError(text, condition="certificate-untrusted") from None
    except TimeoutError:
        raise
    except OSError:
        raise PlatformError(f"no TLS at {url.authority}", condition="tls-failed") from None
    except BaseException:
        connected.close()
        raise
