"""A client of the plain WebSocket that loses its connection, and comes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.integration.gateway.conftest import House, Make

pytestmark = pytest.mark.anyio


def echo(text: str) -> dict[str, Any]:
    content = {"type": "message", "content": text}
    return {"type": "echo", "context": "dummy", "actor": {"id": "me", "type": "person"}, "object": content}


class Wire:
    """A connection, frame by frame."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, id_: int, event: str, data: Any = None) -> None:
        await self.socket.send(json.dumps({"id": id_, "event": event, "data": data}))

    async def hear(self) -> dict[str, Any]:
        with anyio.fail_after(10):
            frame = json.loads(await self.socket.recv())
        assert isinstance(frame, dict)
        return frame

    async def ask(self, id_: int, event: str, data: Any = None) -> Any:
        await self.say(id_, event, data)
        frame = await self.hear()
        assert frame["id"] == id_
        return frame["ack"]

    async def echo(self, id_: int, text: str) -> int:
        """Say it and hear it; the offset."""
        await self.say(id_, "message", echo(text))
        frame = await self.hear()
        assert frame["ack"]["object"]["content"] == text
        offset = frame["offset"]
        assert isinstance(offset, int)
        return offset

    def cut(self) -> None:
        """The network goes away without a word."""
        self.socket.transport.abort()

    async def closed(self) -> int | None:
        """The code with which the gateway has closed it."""
        with anyio.fail_after(10):
            await self.socket.wait_closed()
        return self.socket.close_code


@asynccontextmanager
async def wire(house: House) -> AsyncIterator[Wire]:
    async with connect(house.websocket, max_size=None) as socket:
        yield Wire(socket)


def at(kept: dict[str, Any], offset: int) -> dict[str, Any]:
    return {"session": kept["session"], "token": kept["token"], "offset": offset}


async def test_what_was_missed_follows_in_order_and_once(house: House) -> None:
    async with wire(house) as first:
        kept = await first.ask(1, "session")
        seen = await first.echo(2, "seen")
        house.worker.hold = anyio.Event()
        for number in (3, 4, 5):
            await first.say(number, "message", echo(f"under way {number}"))
        await anyio.lowlevel.checkpoint()
        # The gateway has them: what is asked behind them is answered.
        assert await first.ask(6, "session") == {**kept, "offset": seen}
        first.cut()
    house.worker.hold.set()
    async with wire(house) as second:
        answer = await second.ask(1, "resume", at(kept, seen))
        assert answer["recovered"] is True
        heard = [await second.hear() for _ in range(3)]
        assert [(frame["id"], frame["offset"]) for frame in heard] == [(n, seen + n - 2) for n in (3, 4, 5)]
        assert [frame["ack"]["object"]["content"] for frame in heard] == [f"under way {n}" for n in (3, 4, 5)]
        assert await second.echo(7, "and on") == seen + 4
    assert len(house.worker.seen) == 5


async def test_a_session_that_did_not_ask_is_not_kept(house: House) -> None:
    async with wire(house) as first:
        await first.say(1, "message", echo("hello"))
        assert "offset" not in await first.hear()
        first.cut()
    async with wire(house) as second:
        answer = await second.ask(1, "resume", {"session": "0" * 32, "token": "x", "offset": 0})
        assert answer == {"recovered": False, "reason": "unknown"}
        await second.say(2, "message", echo("a new session"))
        assert (await second.hear())["ack"]["object"]["content"] == "a new session"


@pytest.mark.parametrize(
    "change",
    [{"token": "guessed"}, {"token": None}, {"session": "0" * 32}, {"session": None}, {"session": ["x"]}],
    ids=str,
)
async def test_nobody_else_has_it(house: House, change: dict[str, Any]) -> None:
    """And what is wrong is not told."""
    async with wire(house) as owner:
        kept = await owner.ask(1, "session")
        async with wire(house) as thief:
            assert await thief.ask(1, "resume", at(kept, 0) | change) == {"recovered": False, "reason": "unknown"}
        assert await owner.echo(2, "still mine") == 1


@pytest.mark.parametrize("offset", ["1", None, True, 1.5, 5, -1])
async def test_an_offset_is_a_number(house: House, offset: Any) -> None:
    async with wire(house) as owner, wire(house) as other:
        kept = await owner.ask(1, "session")
        answer = await other.ask(1, "resume", at(kept, 0) | {"offset": offset})
        assert (answer["recovered"], "offset" in answer["reason"]) == (False, True)
        assert await owner.echo(2, "still there") == 1


async def test_who_is_away_takes_no_place(house_of: Make) -> None:
    """All pages behind one address lose their connections at once, and may all come back."""
    async with house_of(sockets_per_address=2) as house:
        kept = []
        for _ in range(3):
            async with wire(house) as first:
                kept.append(await first.ask(1, "session"))
                first.cut()
        answers = []
        for each in kept:
            async with wire(house) as second:
                answers.append((await second.ask(1, "resume", at(each, 0)))["recovered"])
        # Of as many as may be connected; the one that has been away for longest had to go.
        assert answers == [False, True, True]


async def test_more_than_is_kept_is_not_half_recovered(house_of: Make) -> None:
    async with house_of(resume={"frames": 2}) as house:
        async with wire(house) as first:
            kept = await first.ask(1, "session")
            for number in range(3):
                await first.echo(number, str(number))
            first.cut()
        async with wire(house) as second:
            assert await second.ask(1, "resume", at(kept, 0)) == {"recovered": False, "reason": "overflow"}
            # That session is over.
            assert (await second.ask(2, "resume", at(kept, 3)))["reason"] == "unknown"


async def test_it_is_kept_for_so_long_and_no_longer(house_of: Make) -> None:
    async with house_of(resume={"seconds": 0.05}) as house:
        async with wire(house) as first:
            kept = await first.ask(1, "session")
            assert kept["seconds"] == 0.05
            first.cut()
        with anyio.fail_after(10):
            for pause in (0.1, 0.5, 2, 5):
                await anyio.sleep(pause)  # coming back too early keeps it for as long again
                async with wire(house) as second:
                    answer = await second.ask(1, "resume", at(kept, 0))
                    if not answer["recovered"]:
                        break
        assert answer["reason"] == "unknown"


async def test_the_later_of_two_connections_has_the_session(house: House) -> None:
    async with wire(house) as first, wire(house) as second:
        kept = await first.ask(1, "session")
        assert (await second.ask(1, "resume", at(kept, 0)))["recovered"] is True
        assert await first.closed() == 4009
        assert await second.echo(2, "mine now") == 1


async def test_it_may_end_with_its_connection_after_all(house: House) -> None:
    async with wire(house) as first, wire(house) as second:
        kept = await first.ask(1, "session")
        assert await first.ask(2, "end") == {}
        first.cut()
        assert (await second.ask(1, "resume", at(kept, 0)))["reason"] == "unknown"


async def test_the_operator_may_keep_none(house_of: Make) -> None:
    async with house_of(resume={"seconds": 0}) as house, wire(house) as client:
        assert "unknown event" in (await client.ask(1, "session"))["error"]


async def test_asking_counts_as_an_event(house_of: Make) -> None:
    """Or tokens could be guessed as fast as the network allows."""
    async with house_of(rate={"events": 5, "seconds": 60, "block_seconds": 60}) as house, wire(house) as client:
        answers = []
        for number in range(8):
            await client.say(number, "resume", {"session": "0" * 32, "token": "x", "offset": 0})
            frame = await client.hear()
            answers.append(frame.get("ack") or frame.get("data"))
        assert [answer.get("reason") for answer in answers[:5]] == ["unknown"] * 5
        assert "unknown" not in [answer.get("reason") for answer in answers[5:]]


async def test_logins_stay_while_a_client_is_away(house: House) -> None:
    account = {"type": "credentials", "nick": "me", "server": "irc.example"}
    actor = {"id": "me@irc.example", "type": "person"}
    async with wire(house) as first:
        kept = await first.ask(1, "session")
        given = {"type": "credentials", "context": "irc", "actor": actor, "object": account}
        assert await first.ask(2, "credentials", given) is None
        first.cut()
    async with wire(house) as second:
        assert (await second.ask(1, "resume", at(kept, 0)))["recovered"] is True
        await second.hear()  # the acknowledgement of the credentials, which has an offset too
        await second.say(2, "message", {"type": "join", "context": "irc", "actor": actor, "target": {"id": "#room"}})
        # It is queued: had the credentials been forgotten, it would have been refused before this is answered.
        assert "token" in await second.ask(3, "session")
