"""The whole path, measured from outside: client → gateway → Redis → worker → (ircd →) back.

``make bench`` runs it. It starts `sockethub serve` and an ngIRCd without flood limits, and prints one table; beside our
figures stand floors from the same run: a bare Hypercorn echo and a bare Redis-stream hop.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import hypercorn.asyncio
import hypercorn.config
import redis.asyncio
from websockets.asyncio.client import connect

from bench.load import TRANSPORTS, Client, Latency, rate, timed
from tests.support.deployment import Deployment, deployment
from tests.support.ircd import IrcServer, run_ngircd
from tests.support.processes import free_port
from tests.support.redis import run_redis
from tests.support.tls import issue

UNLIMITED = {
    "gateway": {
        "rate": {"events": 1_000_000, "seconds": 1, "block_seconds": 0.001},
        "sockets_per_address": 10_000,
        "pending_commands": 10_000,
    },
    "workers": {"max_logins": 1_000},
    "log": {"level": "warning"},
    "platforms": {"irc": {"options": {"flood_rate": 0}}},
}


class Rows:
    """The table, printed as it grows."""

    def add(self, row: tuple[str, str]) -> None:
        print(f"{row[0]:<52}{row[1]:>16}", flush=True)


def echo() -> dict[str, Any]:
    return {
        "type": "echo",
        "context": "dummy",
        "actor": {"id": "bench", "type": "person"},
        "object": {"type": "message", "content": "a sentence of about sixty characters, as people write in a chat"},
    }


def irc(kind: str, nick: str, **members: Any) -> dict[str, Any]:
    return {"type": kind, "context": "irc", "actor": {"id": nick, "type": "person"}, **members}


async def ok(client: Client, event: str, data: Any) -> Any:
    ack = await client.request(event, data)
    if isinstance(ack, dict) and ack.get("error"):
        raise RuntimeError(ack["error"])
    return ack


async def log_in(client: Client, nick: str, server: IrcServer, room: str | None) -> float:
    """Credentials, connect (its seconds are returned), join."""
    object_ = {"type": "credentials", "nick": nick, "server": server.host, "port": server.port, "secure": False}
    await ok(client, "credentials", irc("credentials", nick, object=object_))
    start = time.perf_counter()
    await ok(client, "message", irc("connect", nick))
    taken = time.perf_counter() - start
    if room is not None:
        await ok(client, "message", irc("join", nick, target={"id": room, "type": "room"}))
    return taken


async def echoes(url: str, rows: Rows, count: int) -> None:
    for name, transport in TRANSPORTS.items():
        client = await transport.open(url)
        await timed(lambda client=client: ok(client, "message", echo()), 200)
        result = await timed(lambda client=client: ok(client, "message", echo()), count)
        rows.add((f"echo, {name}, p50 / p99 ms", str(result)))
        idle = await timed(lambda client=client: ok(client, "message", echo()), 8, pause=1.5)
        rows.add((f"echo after 1.5 s idle, {name}, p50 ms", f"{idle.p50:.2f}"))
        one = await rate([lambda client=client: ok(client, "message", echo())], 10, count)
        rows.add((f"messages/s, {name}, 1 client x 10", f"{one:,.0f}"))
        clients = [client] + [await transport.open(url) for _ in range(9)]
        works = [lambda client=client: ok(client, "message", echo()) for client in clients]
        ten = await rate(works, 10, count // 4)
        rows.add((f"messages/s, {name}, 10 clients x 10", f"{ten:,.0f}"))
        for other in clients:
            await other.close()


async def irc_rows(house: Deployment, server: IrcServer, rows: Rows, count: int) -> None:
    transport = TRANSPORTS["plain"]
    before = worker_memory(house)
    ann, ben = await transport.open(house.url), await transport.open(house.url)
    taken = [await log_in(ann, "ann", server, "#bench"), await log_in(ben, "ben", server, "#bench")]
    say = irc("send", "ann", target={"id": "#bench", "type": "room"}, object={"type": "note", "content": "hello there"})
    await timed(lambda: ok(ann, "message", say), 100)
    rows.add(("IRC send, ack p50 / p99 ms", str(await timed(lambda: ok(ann, "message", say), count))))
    rows.add(
        ("IRC send, messages/s with 10 outstanding", f"{await rate([lambda: ok(ann, 'message', say)], 10, count):,.0f}")
    )
    rows.add(("IRC message, browser to browser, p50 / p99 ms", str(await across(ann, ben, count))))

    singles, alone = [], []
    for number in range(5):
        client = await transport.open(house.url)
        alone.append(client)
        singles.append(await log_in(client, f"one{number}", server, None))
    rows.add(("connect to a local ircd, one, p50 ms", f"{statistics.median(taken + singles) * 1e3:.1f}"))
    crowd = [await transport.open(house.url) for _ in range(20)]
    together = await asyncio.gather(*(log_in(c, f"many{n}", server, None) for n, c in enumerate(crowd)))
    rows.add(("connect to a local ircd, 20 at once, p50 ms", f"{statistics.median(together) * 1e3:.1f}"))
    await asyncio.sleep(2)
    after = worker_memory(house)
    new = [figure for pid, figure in after.items() if pid not in before]
    rows.add((f"IRC login, PSS / private MiB (median of {len(new)})", _memory(new)))
    for client in (ann, ben, *alone, *crowd):
        await client.close()
    rows.add(("gateway, RSS MiB", f"{_smaps(house.process.pid)['Rss'] / 1024:.0f}"))


async def across(sender: Client, receiver: Client, count: int) -> Latency:
    taken: list[float] = []
    for number in range(count):
        arrived = asyncio.Event()
        text = f"across {number}"

        def seen(activity: dict[str, Any], text: str = text, arrived: asyncio.Event = arrived) -> None:
            if activity.get("object", {}).get("content") == text:
                arrived.set()

        receiver.on_message(seen)
        start = time.perf_counter()
        send = asyncio.create_task(
            ok(
                sender,
                "message",
                irc("send", "ann", target={"id": "#bench", "type": "room"}, object={"type": "note", "content": text}),
            )
        )
        await arrived.wait()
        taken.append(time.perf_counter() - start)
        await send
    return Latency.of(taken)


def worker_memory(house: Deployment) -> dict[int, dict[str, int]]:
    """smaps figures (kB) of the forked workers of the IRC platform."""
    zygotes = {pid for pid, command in house.processes().items() if "zygote" in command and " irc" in command}
    parents = {pid: int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in zygotes}
    return {pid: _smaps(pid) for pid, parent in parents.items() if parent in zygotes}


def _smaps(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(value.split()[0]) for name, value in (line.split(":") for line in lines)}


def _memory(figures: list[dict[str, int]]) -> str:
    pss = statistics.median(f["Pss"] for f in figures)
    private = statistics.median(f["Private_Clean"] + f["Private_Dirty"] for f in figures)
    return f"{pss / 1024:.1f} / {private / 1024:.1f}"


@asynccontextmanager
async def bare_hypercorn() -> AsyncIterator[int]:
    """The floor of any ASGI gateway: a WebSocket echo and nothing else."""

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
    server = asyncio.create_task(hypercorn.asyncio.serve(app, config, shutdown_trigger=stop.wait))  # type: ignore[arg-type]
    await asyncio.sleep(0.3)
    try:
        yield port
    finally:
        stop.set()
        await server


async def floors(rows: Rows, count: int) -> None:
    async with bare_hypercorn() as port, connect(f"ws://127.0.0.1:{port}/", compression=None) as socket:

        async def turn() -> None:
            await socket.send("x" * 200)
            await socket.recv()

        await timed(turn, 200)
        rows.add(("floor: bare Hypercorn echo, p50 / p99 ms", str(await timed(turn, count))))
    with run_redis() as server:
        async with (
            redis.asyncio.Redis.from_url(server.url, socket_timeout=None) as one,
            redis.asyncio.Redis.from_url(server.url, socket_timeout=None) as two,
        ):

            async def hop() -> None:
                read = asyncio.create_task(two.xread({"s": "$"}, block=1000))
                await asyncio.sleep(0.001)  # the read must be there first: `$` means from now on
                start = time.perf_counter()
                await one.xadd("s", {"m": b"x" * 500})
                await read
                taken.append(time.perf_counter() - start)

            taken: list[float] = []
            for _ in range(count // 4):
                await hop()
            rows.add(("floor: one Redis-stream hop, p50 / p99 ms", str(Latency.of(taken))))


async def measure(count: int) -> None:
    rows = Rows()
    with tempfile.TemporaryDirectory(prefix="sh-bench-") as name:
        directory = Path(name)
        tls = directory / "tls"
        tls.mkdir()
        with (
            run_ngircd(issue(tls)) as server,
            deployment(directory / "house", UNLIMITED) as house,
        ):
            await echoes(house.url, rows, count)
            await irc_rows(house, server, rows, count // 2)
    await floors(rows, count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="calls per figure")
    count = parser.parse_args().count
    print(f"{os.cpu_count()} cores, {count} calls per figure")
    asyncio.run(measure(count))


if __name__ == "__main__":
    main()
