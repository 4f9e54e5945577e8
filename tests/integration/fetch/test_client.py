"""The HTTP client against a server that says what no honest one says."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import itertools
import resource
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Callable

import anyio
import pytest

from sockethub.errors import PlatformError
from sockethub.guard import Endpoint, Reach
from sockethub.web import Limits, WebClient
from tests.support.commons import MemoryCommons
from tests.support.tls import Certificates
from tests.support.web import Request, WebServer, answer, web_server

pytestmark = pytest.mark.anyio

HERE = Reach(private_addresses=True)
LIMITS = Limits(body_bytes=1024 * 1024, connect_seconds=2, total_seconds=5, redirects=5)
ANY = "*/*"


@pytest.fixture
async def site() -> AsyncIterator[WebServer]:
    async with web_server() as server:
        yield server


@pytest.fixture
def client() -> WebClient:
    return WebClient(HERE, LIMITS, commons=MemoryCommons())


async def refusal(client: WebClient, url: str) -> str:
    with pytest.raises(PlatformError) as caught:
        await client.get(url, ANY)
    return caught.value.condition


async def raw(site: WebServer, path: str, *pieces: bytes) -> str:
    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return site.on(path, handler)


async def forever(site: WebServer, path: str, head: bytes, piece: bytes) -> str:
    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _ in itertools.count():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return site.on(path, handler)


async def hold(_: Request, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


# What an honest server says


async def test_a_page(site: WebServer, client: WebClient) -> None:
    found = await client.get(site.page("/a", "hello", "text/plain"), ANY)
    assert (found.status, found.body, found.url, found.whole) == (200, b"hello", site.url("/a"), True)
    assert found.headers["content-type"] == "text/plain"
    asked = site.requests[0]
    assert asked.headers["host"] == f"127.0.0.1:{site.port}"
    assert asked.headers["user-agent"].startswith("Sockethub/")
    assert asked.headers["accept-encoding"] == "gzip, deflate"
    assert {"cookie", "authorization", "referer"}.isdisjoint(asked.headers)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "raw", "members"])
async def test_compressed_pages(site: WebServer, client: WebClient, coding: str) -> None:
    text = b"hello " * 1000
    squeezed = zlib.compressobj(wbits=-15)
    said, data = {
        "gzip": ("gzip", gzip.compress(text)),
        "x-gzip": ("x-gzip", gzip.compress(text) + b"\0" * 10),
        "deflate": ("deflate", zlib.compress(text)),
        "raw": ("deflate", squeezed.compress(text) + squeezed.flush()),
        "members": ("gzip", gzip.compress(text[:10]) + gzip.compress(text[10:])),
    }[coding]
    assert (await client.get(site.page("/a", data, Content_Encoding=said), ANY)).body == text


async def test_chunked_and_until_closed(site: WebServer, client: WebClient) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    assert (await client.get(await raw(site, "/chunked", chunked), ANY)).body == b"hello world"
    closed = b"HTTP/1.0 200 OK\r\n\r\nhello"
    assert (await client.get(await raw(site, "/closed", closed), ANY)).body == b"hello"
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    assert (await client.get(await raw(site, "/hints", hints), ANY)).body == b"ok"


async def test_redirects_are_followed(site: WebServer, client: WebClient) -> None:
    site.page("/dir/end", "here")
    for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"):
        url = await raw(site, "/start", answer(b"", status=status, Location="dir/end#part"))
        found = await client.get(url, ANY)
        assert (found.body, found.url) == (b"here", site.url("/dir/end"))


async def test_tls_is_verified_by_the_name_that_was_asked_for(certificates: Certificates) -> None:
    async with web_server(_server_context(certificates)) as site:
        site.page("/a", "sealed")
        trusting = WebClient(HERE, LIMITS, tls=certificates.client_context())
        assert (await trusting.get(f"https://localhost:{site.port}/a", ANY)).body == b"sealed"
        assert await refusal(WebClient(HERE, LIMITS), f"https://localhost:{site.port}/a") == "certificate-untrusted"

        async def elsewhere(name: str, port: int) -> list[Endpoint]:
            return [(socket.AF_INET, ("127.0.0.1", port))]

        other = WebClient(HERE, LIMITS, tls=certificates.client_context(), resolver=elsewhere)
        assert await refusal(other, f"https://other.example:{site.port}/a") == "certificate-untrusted"


def _server_context(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    return context


async def test_the_pinned_address_is_used_and_the_host_stays(site: WebServer) -> None:
    async def resolver(name: str, port: int) -> list[Endpoint]:
        assert name == "site.example"
        return [(socket.AF_INET, ("127.0.0.1", port))]

    site.page("/a", "hello")
    await WebClient(HERE, LIMITS, resolver=resolver).get(f"http://Site.Example:{site.port}/a", ANY)
    assert site.requests[0].headers["host"] == f"site.example:{site.port}"


# Asking whether something has changed


async def test_what_is_known_is_asked_for_conditionally(site: WebServer, client: WebClient) -> None:
    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.headers.get("if-none-match") == '"1"':
            writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
        else:
            writer.write(answer(b"hello", ETag='"1"', Last_Modified="Mon, 23 Nov 2026 10:00:00 GMT"))

    url = site.on("/a", handler)
    first, second = await client.get(url, ANY), await client.get(url, ANY)
    assert first.body == second.body == b"hello"
    assert "if-none-match" not in site.requests[0].headers
    assert site.requests[1].headers["if-modified-since"] == "Mon, 23 Nov 2026 10:00:00 GMT"
    await client.get(url, "text/html")
    assert "if-none-match" not in site.requests[2].headers, "another answer may come to another Accept"


@pytest.mark.parametrize("headers", [{}, {"ETag": '"1"', "Cache_Control": "private, no-store"}])
async def test_what_may_not_be_kept_is_asked_for_again(
    site: WebServer, client: WebClient, headers: dict[str, str]
) -> None:
    url = site.page("/a", "hello", **headers)
    await client.get(url, ANY)
    await client.get(url, ANY)
    assert "if-none-match" not in site.requests[1].headers


async def test_nobody_asked_whether_it_had_changed(site: WebServer, client: WebClient) -> None:
    assert await refusal(client, await raw(site, "/a", b"HTTP/1.1 304 Not Modified\r\n\r\n")) == "http-error"


async def test_a_host_that_asks_to_be_left_alone_is(site: WebServer, client: WebClient) -> None:
    url = await raw(site, "/a", answer(b"", status="429 Too Many Requests", Retry_After="60"))
    assert await refusal(client, url) == "http-error"
    assert await refusal(client, url) == "try-again"
    assert len(site.requests) == 1


# What a hostile server says


async def test_a_bomb_costs_no_more_than_an_honest_page(site: WebServer, client: WebClient) -> None:
    """1 MB on the wire, 1 GB unpacked."""
    squeeze = zlib.compressobj(9, wbits=31)
    block = bytes(1024 * 1024)
    first, again = (squeeze.compress(block) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    bomb = first + again * 1023
    assert len(bomb) < 1_100_000
    url = site.page("/bomb", bomb, Content_Encoding="gzip")
    roomy = WebClient(HERE, dataclasses.replace(LIMITS, body_bytes=4 * 1024 * 1024))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert await refusal(roomy, url) == "too-large"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


async def test_a_bomb_is_cut_where_that_is_wanted(site: WebServer) -> None:
    url = site.page("/bomb", gzip.compress(bytes(64 * 1024 * 1024)), Content_Encoding="gzip")
    found = await WebClient(HERE, dataclasses.replace(LIMITS, cut=True)).get(url, ANY)
    assert len(found.body) == LIMITS.body_bytes
    assert not found.whole


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    ],
)
async def test_an_endless_body(site: WebServer, client: WebClient, head: bytes) -> None:
    piece = b"x" * 60_000
    url = await forever(site, "/endless", head, b"ea60\r\n" + piece + b"\r\n" if b"chunked" in head else piece)
    assert await refusal(client, url) == "too-large"
    found = await WebClient(HERE, dataclasses.replace(LIMITS, cut=True)).get(url, ANY)
    assert (len(found.body), found.whole) == (LIMITS.body_bytes, False)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Header: value\r\n"),
        (b"", b"HTTP/1.1 200 "),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;extension="),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"e" * 4000 + b"\r\nx\r\n"),
    ],
)
async def test_endless_heads(site: WebServer, client: WebClient, head: bytes, piece: bytes) -> None:
    url = await forever(site, "/endless", head, piece)
    assert await refusal(client, url) in ("bad-response", "cut-off", "too-large")


async def test_silence(site: WebServer) -> None:
    quick = WebClient(HERE, dataclasses.replace(LIMITS, total_seconds=0.2))
    assert await refusal(quick, site.on("/silent", hold)) == "timeout"


async def test_a_drop_at_a_time(site: WebServer) -> None:
    async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _ in itertools.count():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    quick = WebClient(HERE, dataclasses.replace(LIMITS, total_seconds=0.3))
    with anyio.fail_after(3):
        assert await refusal(quick, site.on("/drip", drip)) == "timeout"


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"hello")[:-4],
    ],
    ids=["length", "chunked", "gzip"],
)
async def test_bodies_cut_off(site: WebServer, client: WebClient, said: bytes) -> None:
    assert await refusal(client, await raw(site, "/cut", said)) == "cut-off"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"220 smtp.example ESMTP\r\n",
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc",
    ],
    ids=ascii,
)
async def test_no_http(site: WebServer, client: WebClient, said: bytes) -> None:
    assert await refusal(client, await raw(site, "/bad", said)) in ("bad-response", "cut-off")


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "418 Teapot", "300 Choices", "302 Found", "599 X"])
async def test_errors_say_what_and_where(site: WebServer, client: WebClient, status: str) -> None:
    url = await raw(site, "/error", answer(b"x" * 100, status=status))
    with pytest.raises(PlatformError, match=rf"request failed: {status[:3]} .* for {url}") as caught:
        await client.get(url, ANY)
    assert caught.value.condition == "http-error"


# Redirects


async def test_loops_end(site: WebServer, client: WebClient) -> None:
    await raw(site, "/b", answer(b"", status="302 Found", Location="/a"))
    url = await raw(site, "/a", answer(b"", status="302 Found", Location="/b"))
    assert await refusal(client, url) == "too-many-redirects"
    assert len(site.requests) == LIMITS.redirects + 1


@pytest.mark.parametrize(
    ("location", "condition"),
    [
        ("http://169.254.169.254/latest/meta-data/", "forbidden"),
        ("http://[fd00:ec2::254]/latest/", "forbidden"),
        ("http://0.0.0.0/", "forbidden"),
        ("http://127.1/", "bad-host"),
        ("http://0x7f000001/", "bad-host"),
        ("http://2130706433/", "bad-host"),
        ("http://017700000001/", "bad-host"),
        ("http://127.0.0.1:6379/", "forbidden"),
        ("http://127.0.0.1:25/", "forbidden"),
        ("file:///etc/passwd", "bad-url"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "bad-url"),
        ("ftp://127.0.0.1/", "bad-url"),
        ("javascript:alert(1)", "bad-url"),
        ("http://user:secret@127.0.0.1/", "bad-url"),
        ("http://127.0.0.1:99999/", "bad-url"),
        ("//\\evil.example/", "bad-url"),
    ],
)
async def test_each_redirect_is_vetted(site: WebServer, client: WebClient, location: str, condition: str) -> None:
    url = await raw(site, "/start", answer(b"", status="302 Found", Location=location))
    assert await refusal(client, url) == condition


async def test_a_redirect_from_a_public_name_to_a_private_address_is_refused(site: WebServer) -> None:
    """The first name is allowed by its range, as public ones are; the second is not."""

    async def resolver(name: str, port: int) -> list[Endpoint]:
        return [(socket.AF_INET, ("127.0.0.1" if name == "front.example" else "127.0.0.2", port))]

    reach = Reach(allowed_addresses=("127.0.0.1/32",))
    for target in (f"http://back.example:{site.port}/", f"http://127.0.0.2:{site.port}/", f"http://[::1]:{site.port}/"):
        url = await raw(site, "/start", answer(b"", status="302 Found", Location=target))
        start = url.replace("127.0.0.1", "front.example")
        assert await refusal(WebClient(reach, LIMITS, resolver=resolver), start) == "forbidden"


async def test_a_name_that_changes_its_address_under_way_is_refused(site: WebServer) -> None:
    """DNS rebinding: the redirect leads to the same name, which by then is somewhere else."""
    answers = iter(["127.0.0.1", "127.0.0.2"])

    async def resolver(name: str, port: int) -> list[Endpoint]:
        return [(socket.AF_INET, (next(answers), port))]

    await raw(site, "/start", answer(b"", status="302 Found", Location="/secret"))
    site.page("/secret", "secret")
    rebound = WebClient(Reach(allowed_addresses=("127.0.0.1/32",)), LIMITS, resolver=resolver)
    assert await refusal(rebound, f"http://rebound.example:{site.port}/start") == "forbidden"
    assert [request.target for request in site.requests] == ["/start"]


async def test_no_way_back_from_https_to_http(certificates: Certificates, site: WebServer) -> None:
    async with web_server(_server_context(certificates)) as sealed:
        await raw(sealed, "/a", answer(b"", status="302 Found", Location=site.page("/open", "open")))
        client = WebClient(HERE, LIMITS, tls=certificates.client_context())
        assert await refusal(client, f"https://localhost:{sealed.port}/a") == "forbidden"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{}/", "http://localhost:{}/", "http://[::1]:{}/", "http://[::ffff:127.0.0.1]:{}/",
        "http://[::ffff:7f00:1]:{}/", "http://[64:ff9b::7f00:1]:{}/", "http://[64:ff9b:1::7f00:1]:{}/",
        "http://[2002:7f00:1::]:{}/", "http://[2001:0:101:101::80ff:fffe]:{}/", "http://127.1:{}/", "http://0:{}/",
        "http://0x7f.1:{}/", "http://0177.1:{}/", "http://2130706433:{}/", "http://127.0.0.1.:{}/",
        "http://\uff11\uff12\uff17.0.0.1:{}/", "http://127\u30020\u30020\u30021:{}/", "http://127.0.0.1%2f:{}/",
        "http://127.0.0.1%00.example:{}/", "http://[fe80::1%25lo]:{}/", "http://a@127.0.0.1:{}/",
        "http://1.1.1.1\\@127.0.0.1:{}/",
    ],
    ids=ascii,
)  # fmt: skip
async def test_private_addresses_in_every_spelling(site: WebServer, url: str) -> None:
    site.page("/", "secret")
    assert await refusal(WebClient(Reach(), LIMITS), url.format(site.port)) in ("forbidden", "bad-host", "bad-url")
    assert site.requests == []


async def test_the_environment_has_no_say(
    site: WebServer, client: WebClient, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("HOME", str(home))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await client.get(site.page("/a", "hello"), ANY)).body == b"hello"
    assert "authorization" not in site.requests[0].headers


async def test_nobody_there(client: WebClient) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert await refusal(client, f"http://127.0.0.1:{closed.getsockname()[1]}/") == "connection-refused"


# One slow host among several


async def test_a_slow_host_does_not_delay_others(site: WebServer) -> None:
    client = WebClient(HERE, LIMITS)
    slow = site.on("/slow", hold)
    async with web_server() as quick, anyio.create_task_group() as tasks:
        for _ in range(12):
            tasks.start_soon(refusal, client, slow)
        await _until(lambda: len(site.requests) == 4)
        with anyio.fail_after(2):
            assert (await client.get(quick.page("/quick", "quick"), ANY)).body == b"quick"
        assert await refusal(client, slow) == "try-again", "four are under way, eight wait"
        assert len(site.requests) == 4
        tasks.cancel_scope.cancel()


async def _until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(5):
        while not condition():  # noqa: ASYNC110 - what is waited for is on the other side of a socket
            await anyio.sleep(0.01)
