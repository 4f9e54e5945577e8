"""Digest against a server that checks it by itself; and answers that are not what they should be."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable

import pytest

from sockethub.errors import OutcomeUnknown, PlatformError
from sockethub_dav.client import DavClient
from sockethub_dav.options import Options
from tests.integration.dav.conftest import credentials
from tests.support.driver import HERE
from tests.support.radicale import PASSWORD, USER
from tests.support.web import Request, WebServer, answer, web_server

pytestmark = pytest.mark.anyio

EMPTY = b'<multistatus xmlns="DAV:"/>'
_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\s]+))')


class Doorkeeper:
    """Digest with a nonce that is good for two requests."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.nonce = 0
        self.used = 0
        self.refused: list[str] = []

    async def __call__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        given = request.headers.get("authorization", "")
        fields = {name: quoted or plain for name, quoted, plain in _FIELD.findall(given)}
        right = self._is_right(request, fields)
        if right and fields["nonce"] == str(self.nonce) and self.used < 2:
            self.used += 1
            assert int(fields["nc"], 16) == self.used
            writer.write(answer(EMPTY, "application/xml", "207 Multi-Status"))
            return
        self.refused.append("stale" if right else "unknown")
        self.nonce, self.used = self.nonce + 1, 0
        stale = ", stale=true" if right else ""
        basic = 'WWW-Authenticate: Basic realm="owls"\r\n'
        digest = (
            f'WWW-Authenticate: Digest realm="owls, and others", nonce="{self.nonce}", qop="auth, auth-int", '
            f'algorithm={self.algorithm}, opaque="o"{stale}\r\n'
        )
        writer.write(f"HTTP/1.1 401 Unauthorized\r\n{digest}{basic}Content-Length: 0\r\n\r\n".encode())

    def _is_right(self, request: Request, given: dict[str, str]) -> bool:
        if not given or given.get("username") != USER or given["uri"] != request.target:
            return False

        def of(text: str) -> str:
            return (hashlib.md5 if self.algorithm == "MD5" else hashlib.sha256)(text.encode()).hexdigest()

        rest = (given["nonce"], given["nc"], given["cnonce"], "auth", of(f"{request.method}:{request.target}"))
        return given["response"] == of(":".join((of(f"{USER}:owls, and others:{PASSWORD}"), *rest)))


def client(site: WebServer, *, require_tls: bool = True, **given: str) -> DavClient:
    web = Options(total_seconds=5).client(HERE)
    about = credentials("caldav", site.url("/dav/"))["object"] | given
    return DavClient(web, HERE, about, require_tls=require_tls)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_digest_is_preferred_and_a_stale_nonce_replaced(algorithm: str) -> None:
    """Also without TLS: the password is not sent."""
    keeper = Doorkeeper(algorithm)
    async with web_server() as site:
        url = site.on("/dav/", keeper)
        dav = client(site)
        for _ in range(5):
            assert await dav.find("PROPFIND", f"{url}?a=b", "<a/>", depth=0) == []
    assert keeper.refused == ["unknown", "stale", "stale"]


async def test_wrong_credentials_are_told_and_not_tried_again() -> None:
    keeper = Doorkeeper("SHA-256")
    async with web_server() as site:
        url = site.on("/dav/", keeper)
        with pytest.raises(PlatformError) as refusal:
            await client(site, password="wrong").find("PROPFIND", url, "<a/>", depth=0)
    assert refusal.value.condition == "authentication-failed"
    assert len(site.requests) == 2


@pytest.mark.parametrize("offered", ["Negotiate", "Digest realm=x, nonce=y, algorithm=SHA-512-256", ""])
async def test_what_cannot_be_done_is_told(offered: str) -> None:
    async def wants(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", status="401 Unauthorized", WWW_Authenticate=offered))

    async with web_server() as site:
        with pytest.raises(PlatformError) as refusal:
            await client(site).find("PROPFIND", site.on("/dav/", wants), "<a/>", depth=0)
    assert refusal.value.condition == "unsupported-authentication"


async def test_a_redirect_is_followed_within_the_server_and_no_further() -> None:
    def to(location: str) -> Callable[[Request, asyncio.StreamWriter], Awaitable[None]]:
        async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(answer(b"", status="301 Moved Permanently", Location=location))

        return handler

    async def found(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(EMPTY, "application/xml", "207 Multi-Status"))

    async with web_server() as site, web_server() as other:
        site.on("/there", found)
        other.on("/", found)
        dav = client(site)
        assert await dav.find("PROPFIND", site.on("/a", to("/there")), "<a/>", depth=0) == []
        for location, condition in ((other.url("/"), "forbidden"), ("/b", "too-many-redirects")):
            with pytest.raises(PlatformError) as refusal:
                await dav.find("PROPFIND", site.on("/b", to(location)), "<a/>", depth=0)
            assert refusal.value.condition == condition
    assert other.requests == []


async def test_the_outcome_of_a_change_that_broke_off_is_unknown() -> None:
    async def cut(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n.")

    async with web_server() as site:
        url = site.on("/dav/", cut)
        with pytest.raises(OutcomeUnknown):
            await client(site).put(url, "text", "text/calendar", etag=None)
        with pytest.raises(PlatformError):
            await client(site).get(url, "text/calendar")
        refused = site.on("/full", lambda _, writer: _write(writer, answer(b"", status="507 Insufficient Storage")))
        with pytest.raises(PlatformError, match="no room"):
            await client(site).put(refused, "text", "text/calendar", etag='"1"')
    assert site.requests[0].headers["if-none-match"] == "*"
    assert site.requests[-1].headers["if-match"] == '"1"'


async def test_a_hostile_answer_is_not_read() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "cccccccccc">]><multistatus xmlns="DAV:">&b;</multistatus>'
    async with web_server() as site:
        for body, condition in ((bomb, "hostile"), (b"<a/>", "bad-response"), (b"no XML", "bad-response")):
            url = site.page("/dav/", body, "application/xml")
            with pytest.raises(PlatformError) as refusal:
                await client(site).find("REPORT", url, "<a/>", depth=1)
            assert refusal.value.condition == condition


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
