"""A session over plain HTTP, followed as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from tests.integration.gateway.asking import call, request
from tests.integration.gateway.conftest import House, Make

pytestmark = pytest.mark.anyio


def echo(text: str) -> dict[str, Any]:
    content = {"type": "message", "content": text}
    return {"type": "echo", "context": "dummy", "actor": {"id": "me", "type": "person"}, "object": content}


@pytest.fixture
async def web(house_of: Make) -> AsyncIterator[House]:
    async with house_of(http=True) as house:
        yield house


async def begin(house: House) -> tuple[dict[str, Any], str]:
    status, told = await call(house, "POST", "/sessions")
    assert status == 201
    return told, f"Bearer {told['session']}.{told['token']}"


async def say(house: House, own: str, id_: int, text: str) -> None:
    status, _ = await call(
        house, "POST", "/messages", {"id": id_, "event": "message", "data": echo(text)}, Authorization=own
    )
    assert status == 202


async def test_what_is_said_by_http_is_answered_in_the_stream(web: House) -> None:
    _, own = await begin(web)
    async with request(web, "GET", "/events", Authorization=own) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        await say(web, own, 1, "hello")
        identifier, frame = await stream.event()
        assert (identifier, frame["id"], frame["offset"]) == (1, 1, 1)
        assert frame["ack"]["object"]["content"] == "hello"


async def test_a_stream_that_breaks_is_taken_up_where_it_was(web: House) -> None:
    _, own = await begin(web)
    async with request(web, "GET", "/events", Authorization=own) as stream:
        for number in (1, 2, 3):
            await say(web, own, number, str(number))
        seen, _ = await stream.event()
        stream.cut()
    await say(web, own, 4, "4")
    async with request(web, "GET", "/events", Authorization=own, Last_Event_ID=str(seen)) as stream:
        heard = [await stream.event() for _ in range(3)]
        assert [(identifier, frame["ack"]["object"]["content"]) for identifier, frame in heard] == [
            (2, "2"),
            (3, "3"),
            (4, "4"),
        ]


async def test_the_later_of_two_streams_has_the_session(web: House) -> None:
    _, own = await begin(web)
    async with (
        request(web, "GET", "/events", Authorization=own) as first,
        request(web, "GET", "/events", Authorization=own) as second,
    ):
        await first.ended()
        await say(web, own, 1, "to the later")
        assert (await second.event())[1]["id"] == 1


async def test_it_ends_when_it_is_said_to(web: House) -> None:
    _, own = await begin(web)
    async with request(web, "GET", "/events", Authorization=own) as stream:
        status, _ = await call(web, "DELETE", "/sessions", Authorization=own)
        assert status == 204
        await stream.ended()
    assert (await call(web, "GET", "/events", Authorization=own))[0] == 401


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer x", "Bearer 0.0", "Basic eDp5", "Bearer \xe9.\xe9"])
@pytest.mark.parametrize(("method", "path"), [("GET", "/events"), ("POST", "/messages"), ("DELETE", "/sessions")])
async def test_nobody_else_has_it(web: House, method: str, path: str, given: str) -> None:
    await begin(web)
    body = {"event": "schemas"} if method == "POST" else None
    async with request(web, method, path, body, **({"Authorization": given} if given else {})) as answer:
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "error" in await answer.body()


async def test_a_token_of_another_session_is_not_taken(web: House) -> None:
    one, _ = await begin(web)
    other, _ = await begin(web)
    mixed = f"Bearer {one['session']}.{other['token']}"
    assert (await call(web, "GET", "/events", Authorization=mixed))[0] == 401


@pytest.mark.parametrize(
    ("seen", "status"),
    [("x", 400), ("-1", 400), ("99", 400), ("9" * 40, 400)],
)
async def test_an_id_that_is_none(web: House, seen: str, status: int) -> None:
    _, own = await begin(web)
    assert (await call(web, "GET", "/events", Authorization=own, Last_Event_ID=seen))[0] == status
    await say(web, own, 1, "the session is still there")


async def test_more_than_is_kept_is_gone(house_of: Make) -> None:
    async with house_of(http=True, resume={"frames": 2}) as house:
        _, own = await begin(house)
        for number in (1, 2, 3):
            await say(house, own, number, str(number))
        # It is known to be too much when all three have been answered.
        status, told = 200, None
        with anyio.fail_after(10):
            while status == 200:
                async with request(house, "GET", "/events", Authorization=own) as stream:
                    status = stream.status
                    told = await stream.body() if status != 200 else None
        assert (status, told) == (410, {"error": "overflow"})


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"\xff", {}, 400),
        ([], {}, 400),
        ({"event": 5}, {}, 400),
        ({"event": "schemas"}, {"Content_Type": "text/plain"}, 415),
    ],
)
async def test_what_is_no_event(web: House, body: Any, headers: dict[str, str], status: int) -> None:
    _, own = await begin(web)
    assert (await call(web, "POST", "/messages", body, Authorization=own, **headers))[0] == status


async def test_pages_of_other_origins_are_refused(web: House) -> None:
    for method, path in (("POST", "/sessions"), ("GET", "/events"), ("POST", "/messages"), ("OPTIONS", "/events")):
        async with request(web, method, path, Origin="https://evil.example") as answer:
            assert answer.status == 403
            assert "access-control-allow-origin" not in answer.headers


async def test_a_page_of_an_allowed_origin_may_use_it(house_of: Make) -> None:
    async with (
        house_of(http=True, origins=["https://chat.example"]) as house,
        request(house, "OPTIONS", "/events", Origin="https://chat.example") as answer,
    ):
        assert answer.status == 204
        assert answer.headers["access-control-allow-origin"] == "https://chat.example"
        assert "Last-Event-ID" in answer.headers["access-control-allow-headers"]


async def test_a_quiet_stream_says_that_it_stands(house_of: Make) -> None:
    async with house_of(http=True, ping_seconds=0.05) as house:
        _, own = await begin(house)
        async with request(house, "GET", "/events", Authorization=own) as stream:
            with anyio.fail_after(10):
                comments = 0
                while comments < 3:
                    comments += (await stream._reader.readline()).startswith(b":")


async def test_sessions_that_nobody_follows_end(house_of: Make) -> None:
    async with house_of(http=True, resume={"seconds": 0.05}) as house:
        _, own = await begin(house)
        for pause in (0.1, 0.5, 2, 5):
            await anyio.sleep(pause)  # using it too early keeps it for as long again
            status, _ = await call(house, "POST", "/messages", {"event": "schemas"}, Authorization=own)
            if status == 401:
                break
        assert status == 401


async def test_sessions_whose_streams_have_broken_end(house_of: Make) -> None:
    async with house_of(http=True, resume={"seconds": 0.05}) as house:
        _, own = await begin(house)
        async with request(house, "GET", "/events", Authorization=own) as stream:
            await say(house, own, 1, "followed")
            await stream.event()
            stream.cut()
        for pause in (0.1, 0.5, 2, 5):
            await anyio.sleep(pause)
            status, _ = await call(house, "POST", "/messages", {"event": "schemas"}, Authorization=own)
            if status == 401:
                break
        assert status == 401


async def test_where_http_is_not_declared_there_is_none(house: House) -> None:
    async with request(house, "POST", "/sessions") as answer:
        assert answer.status == 404


async def test_shutdown_ends_the_streams(web: House) -> None:
    _, own = await begin(web)
    async with request(web, "GET", "/events", Authorization=own) as stream:
        web.stop()
        await stream.ended()
