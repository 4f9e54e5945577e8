"""What stands under each figure: the same way without Sockethub, in the same run on the same machine."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from statistics import median
from typing import Any

import hypercorn.asyncio
import hypercorn.config
import redis.asyncio

from bench import bare
from bench.bare import Bare
from bench.figures import Figures
from bench.frames import FrameClient, open_frames
from bench.load import Latency, rate, timed
from bench.talk import ROOM, seconds
from tests.support.ircd import IrcServer
from tests.support.processes import free_port
from tests.support.prosody import XmppServer
from tests.support.redis import run_redis

TEXT = b"x" * 200


class Echoed:
    """A client of a server that says the same back, in order."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._frames: FrameClient | None = None

    @classmethod
    async def open(cls, url: str) -> Echoed:
        self = cls()
        self._frames = await open_frames(url, "/", lambda _: self._waiting.popleft().set_result(None))
        return self

    def close(self) -> None:
        if self._frames is not None:
            self._frames.close()

    async def call(self) -> None:
        assert self._frames is not None
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._frames.send(TEXT)
        await future


@asynccontextmanager
async def bare_hypercorn() -> AsyncIterator[str]:
    """The floor of any ASGI gateway: a WebSocket echo and nothing else. Its URL."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": event["text"]})

    config = hypercorn.config.Config()
    port = free_port()
    config.bind = [f"127.0.0.1:{port}"]
    config.accesslog = config.errorlog = None
    stop = asyncio.Event()
    serve: Any = hypercorn.asyncio.serve
    server = asyncio.create_task(serve(app, config, shutdown_trigger=stop.wait))
    await asyncio.sleep(0.3)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        stop.set()
        await server


async def websockets(figures: Figures, count: int) -> Latency:
    async with bare_hypercorn() as url:
        clients = [await Echoed.open(url) for _ in range(50)]
        await timed(clients[0].call, 200)
        found = await timed(clients[0].call, count)
        figures.latency("floor.ws", found)
        for number in (1, 10, 50):
            works = [client.call for client in clients[:number]]
            figures.add(f"floor.rate.{number}", await rate(works, 10, count * 5 // number))
        for client in clients:
            client.close()
    return found


async def hops(figures: Figures, count: int) -> Latency:
    taken: list[float] = []
    with run_redis() as server:
        async with (
            redis.asyncio.Redis.from_url(server.url, socket_timeout=None) as one,
            redis.asyncio.Redis.from_url(server.url, socket_timeout=None) as two,
        ):

            async def read() -> None:
                await two.xread({"s": "$"}, block=1000)

            for _ in range(count):
                reading = asyncio.create_task(read())
                await asyncio.sleep(0.001)  # the read must be there first: `$` means from now on
                start = time.perf_counter()
                await one.xadd("s", {"m": b"x" * 500})
                await reading
                taken.append(time.perf_counter() - start)
    found = Latency.of(taken)
    figures.latency("floor.hop", found)
    return found


async def crossing(sender: Bare, receiver: Bare, message: str, count: int) -> Latency:
    """``message`` has a place for a number."""

    async def one(number: int) -> float:
        start = time.perf_counter()
        await sender.say(message.format(f"bare-{number}-"))
        await receiver.until(f"bare-{number}-")
        return time.perf_counter() - start

    return Latency.of([await one(number) for number in range(count)])


async def connects(key: str, enter: Callable[[str], Awaitable[Bare]], crowd: int, figures: Figures) -> None:
    there: list[Bare] = []

    async def one(name: str) -> float:
        async def go() -> None:
            there.append(await enter(name))

        return await seconds(go())

    figures.add(f"{key}.connect.one", median([await one(f"one{number}") for number in range(5)]) * 1e3)
    together = await asyncio.gather(*(one(f"many{number}") for number in range(crowd)))
    figures.add(f"{key}.connect.many", median(together) * 1e3)
    for each in there:
        await each.close()


async def irc_floors(server: IrcServer, figures: Figures, count: int) -> None:
    ann, ben = await bare.irc(server, "bareann", ROOM), await bare.irc(server, "bareben", ROOM)

    async def confirmed(text: str = "hello there") -> None:
        await ann.say(f"PRIVMSG {ROOM} :{text}\r\nPING x\r\n")
        await ann.until(" PONG ")

    figures.add("floor.irc.ack.p50", (await timed(confirmed, count)).p50)
    figures.latency("floor.irc.across", await crossing(ann, ben, f"PRIVMSG {ROOM} :{{}}\r\n", count))
    figures.add("floor.irc.rate", await irc_rate(ann, count))
    await connects("floor.irc", partial(bare.irc, server), 20, figures)
    await ann.close()
    await ben.close()


async def irc_rate(ann: Bare, count: int, outstanding: int = 10) -> float:
    """As many confirmed sends a second with so many under way: as one is confirmed, the next leaves."""
    start = time.perf_counter()
    say = f"PRIVMSG {ROOM} :hello there\r\nPING x\r\n"
    await ann.say(say * outstanding)
    for number in range(count):
        await ann.until(" PONG ")
        if number < count - outstanding:
            ann.writer.write(say.encode())
    return count / (time.perf_counter() - start)


async def xmpp_floors(server: XmppServer, figures: Figures, count: int) -> None:
    where = f"bare@{server.rooms}"
    ann, ben = await bare.xmpp(server, "ann", where), await bare.xmpp(server, "ben", where)
    message = f"<message to='{where}' type='groupchat'><body>{{}}</body></message>"
    await crossing(ann, ben, message.replace("{}", "warm{}"), 20)
    figures.latency("floor.xmpp.across", await crossing(ann, ben, message, count))
    await connects("floor.xmpp", partial(bare.xmpp, server), 10, figures)
    await ann.close()
    await ben.close()


async def measure(figures: Figures, ircd: IrcServer, prosody: XmppServer, count: int) -> None:
    turn = await websockets(figures, count)
    hop = await hops(figures, max(10, count // 4))
    figures.latency("floor.path", Latency(turn.p50 + 2 * hop.p50, turn.p99 + 2 * hop.p99))
    await irc_floors(ircd, figures, count)
    await xmpp_floors(prosody, figures, count // 4)
