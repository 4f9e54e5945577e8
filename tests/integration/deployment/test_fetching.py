"""Feeds and metadata through a whole deployment: from a page's message to a server on the web and back."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from sockethub_translators.dialects import context_array
from tests.support.deployment import Deployment, deployment
from tests.support.schemas import shipped
from tests.support.web import Request, answer, web_server
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>Test feed</title><link>http://site.example/</link>
<description>desc</description><language>en</language>
<item><title>One</title><link>http://site.example/1</link>
<description>&lt;p&gt;html &lt;b&gt;body&lt;/b&gt;&lt;/p&gt;</description>
<pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate></item>
<item><title>Two</title><link>http://site.example/2</link><description>plain</description>
<pubDate>Tue, 03 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>"""
PAGE = """<!doctype html><html lang="en"><head><title>Title</title><meta property="og:title" content="OG title">
<meta property="og:site_name" content="Site"><meta property="og:image" content="/i.png">
<link rel="icon" href="/f.ico"></head><body>x</body></html>"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment that may fetch from this machine."""
    directory: Path = tmp_path_factory.mktemp("fetching")
    local = {"policy": {"private_addresses": True}, "options": {"total_seconds": 5}}
    with deployment(directory, {"platforms": {"feeds": local, "metadata": local}}) as running:
        yield running


def fetch(platform: str, url: str, **members: Any) -> dict[str, Any]:
    kind = "feed" if platform == "feeds" else "website"
    return {"type": "fetch", "context": platform, "actor": {"id": url, "type": kind}, **members}


async def test_a_feed(house: Deployment) -> None:
    async with web_server() as site, ws_client(house.websocket) as client:
        url = site.page("/rss", RSS, "application/rss+xml")
        found = await client.ok("message", fetch("feeds", url, id="7"))
        shipped("feeds/responses.json").validate(found)
        assert (found["type"], found["id"], found["summary"], found["totalItems"]) == (
            "collection",
            "7",
            "Test feed",
            2,
        )
        actor = {"id": url, "type": "feed", "name": "Test feed", "description": "desc"}
        assert found["items"][0] == {
            "context": "feeds",
            "type": "post",
            "actor": {**actor, "link": "http://site.example/", "language": "en", "categories": []},
            "object": {
                "id": "http://site.example/2",
                "type": "note",
                "title": "Two",
                "content": "plain",
                "contentType": "text",
                "url": "http://site.example/2",
                "published": "2026-11-03T10:00:00.000Z",
                "datenum": 1793700000000,
            },
        }
        assert found["items"][1]["object"]["content"] == "<p>html <b>body</b></p>"

        limited = await client.ok("message", fetch("feeds", url, object={"limit": 1}))
        assert [item["object"]["title"] for item in limited["items"]] == ["Two"]
        newer = await client.ok("message", fetch("feeds", url, object={"since": "2026-11-03T09:00:00Z"}))
        assert [item["object"]["title"] for item in newer["items"]] == ["Two"]
        none = await client.ok("message", fetch("feeds", url, object={"since": "2026-11-03T10:00:00+00:00"}))
        assert none["items"] == []


async def test_newer_clients_get_contexts_in_every_item(house: Deployment) -> None:
    async with web_server() as site, ws_client(house.websocket) as client:
        asked = fetch("feeds", site.page("/rss", RSS, "application/rss+xml"))
        del asked["context"]
        found = await client.ok("message", {**asked, "@context": context_array("feeds")})
        assert found["@context"] == found["items"][0]["@context"] == context_array("feeds")
        assert "context" not in found["items"][0]


async def test_a_page(house: Deployment) -> None:
    async with web_server() as site, ws_client(house.websocket) as client:
        url = site.page("/page", PAGE, "text/html; charset=utf-8")
        found = await client.ok("message", fetch("metadata", url))
        shipped("metadata/responses.json").validate(found)
        assert found == {
            "context": "metadata",
            "type": "fetch",
            "actor": {"id": url, "type": "website", "name": "Site"},
            "object": {
                "type": "page",
                "language": "en",
                "title": "OG title",
                "name": "Site",
                "image": [{"url": site.url("/i.png"), "type": "png"}],
                "url": url,
                "favicon": site.url("/f.ico"),
                "charset": "utf-8",
            },
        }


@pytest.mark.parametrize("platform", ["feeds", "metadata"])
async def test_refusals_are_answered_in_words(house: Deployment, platform: str) -> None:
    async with web_server() as site, ws_client(house.websocket) as client:
        for url, words in (
            (site.url("/404"), f"request failed: 404 Not Found for {site.url('/404')}"),
            ("http://127.0.0.1:1/x", "port 1 is not one for the web"),
            ("http://169.254.169.254/latest/", "cloud's metadata service"),
            ("http://127.1/", "must be written as four decimal numbers"),
            ("file:///etc/passwd", "/actor/id: must be a URL that begins with http:// or https://"),
            ("not a url", "/actor/id: must be a URL that begins with http:// or https://"),
            ("http://user:hunter2@site.example/", "must not hold a name or a password"),
        ):
            ack = await client.request("message", fetch(platform, url))
            assert words in ack["error"], ack
            assert ack["actor"]["id"] == url


async def test_hostile_documents_leave_the_pool_alive(house: Deployment) -> None:
    entities = f'<!DOCTYPE rss [<!ENTITY a "{"a" * 1_000_000}">]><rss version="2.0"><channel><title>{"&a;" * 300_000}'
    squeeze = zlib.compressobj(9, wbits=31)
    bomb = squeeze.compress(bytes(256 * 1024 * 1024)) + squeeze.flush()
    async with web_server() as site, ws_client(house.websocket) as client:
        for path, body, headers, words in (
            ("/entities", entities, {}, "declares a document type of its own"),
            ("/deep", "<rss><channel>" + "<a>" * 20_000, {}, "nested deeper"),
            ("/bomb", bomb, {"Content_Encoding": "gzip"}, "larger than"),
            ("/page", PAGE, {}, "a web page, not a feed"),
        ):
            data = body.encode() if isinstance(body, str) else body
            ack = await client.request("message", fetch("feeds", site.page(path, data, "text/xml", **headers)))
            assert words in ack["error"]
        soup = await client.ok("message", fetch("metadata", site.page("/soup", "<div>" * 200_000 + PAGE)))
        assert soup["object"]["title"] == "OG title"
        await client.ok("message", fetch("feeds", site.page("/rss", RSS)))
    assert "platform failed" not in house.log


async def test_a_slow_host_delays_nobody_else(house: Deployment) -> None:
    released = asyncio.Event()

    async def slow(_: Request, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.write(answer(RSS.encode(), "text/xml"))

    async with web_server() as tortoise, web_server() as hare, ws_client(house.websocket) as client:
        url = tortoise.on("/slow", slow)
        waiting = [await client.send("message", fetch("feeds", url)) for _ in range(8)]
        with anyio.fail_after(5):
            while not tortoise.requests:  # noqa: ASYNC110 - what is waited for is in another process
                await anyio.sleep(0.01)
        quick = hare.page("/rss", RSS, "text/xml")
        found = [await client.ok("message", fetch("feeds", quick), within=3) for _ in range(5)]
        assert [each["totalItems"] for each in found] == [2] * 5
        assert not any(future.done() for future in waiting)
        released.set()
        with anyio.fail_after(5):
            assert [(await future)["totalItems"] for future in waiting] == [2] * 8


async def test_what_one_process_fetched_the_other_asks_for_conditionally(tmp_path: Path) -> None:
    """Each process performs one command at a time, and the server lets both wait: so that both of them are there."""
    both = asyncio.Barrier(2)

    async def page(request: Request, writer: asyncio.StreamWriter) -> None:
        if "if-none-match" in request.headers:
            await both.wait()
            writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
        else:
            writer.write(answer(RSS.encode(), "text/xml", ETag='"1"'))

    pair = {"policy": {"private_addresses": True}, "queue": {"concurrency": 1}, "worker": {"pool_size": 2}}
    with deployment(tmp_path, {"platforms": {"feeds": pair}}) as two:
        async with web_server() as site, ws_client(two.websocket) as client:
            url = site.on("/shared", page)
            first = await client.ok("message", fetch("feeds", url))
            again = [await client.send("message", fetch("feeds", url)) for _ in range(2)]
            with anyio.fail_after(10):
                assert [await future for future in again] == [first] * 2
            assert [request.headers.get("if-none-match") for request in site.requests] == [None, '"1"', '"1"']


async def test_at_most_four_requests_go_to_one_host_from_the_whole_pool(house: Deployment) -> None:
    inside, most = 0, 0

    async def page(_: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await anyio.sleep(0.05)
        inside -= 1
        writer.write(answer(RSS.encode(), "text/xml"))

    async with web_server() as site, ws_client(house.websocket) as client:
        urls = [site.on(f"/{number}", page) for number in range(12)]
        waiting = [await client.send("message", fetch("feeds", url)) for url in urls]
        with anyio.fail_after(10):
            assert [(await future)["totalItems"] for future in waiting] == [2] * 12
    assert most == 4


async def test_private_addresses_are_closed_by_default(tmp_path: Path) -> None:
    with deployment(tmp_path) as shut:
        async with web_server() as site, ws_client(shut.websocket) as client:
            url = site.page("/rss", RSS)
            for platform in ("feeds", "metadata"):
                for spelling in (
                    url,
                    url.replace("127.0.0.1", "localhost"),
                    url.replace("127.0.0.1", "[::ffff:7f00:1]"),
                ):
                    ack = await client.request("message", fetch(platform, spelling))
                    assert "is not public" in ack["error"]
            assert site.requests == []
