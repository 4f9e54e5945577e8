"""Feeds through a whole deployment: fifty hosts, of which one is slow.

Throughput and latency of the fifty without a slow one, and of the other forty-nine with it: a slow host is to delay
nobody but those who asked for it. Everything is on loopback, and shares the machine with the load.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.deployment import deployment
from tests.support.wsclient import WsClient, ws_client

HOSTS = 50
SLOW_SECONDS = 2.0
ITEMS = 20
SEED = 1
OUTSTANDING = 32
SLOW_OUTSTANDING = 16

_ITEM = (
    "<item><title>Item {n}</title><link>https://site.example/{n}</link><guid>{n}</guid>"
    "<description>{text}</description></item>"
)
FEED = (
    "<rss version='2.0'><channel><title>A feed</title><link>https://site.example/</link>"
    + "".join(_ITEM.format(n=number, text="Some words about it. " * 10) for number in range(ITEMS))
    + "</channel></rss>"
).encode()


def host(number: int) -> str:
    """Each is an address of its own: all of 127/8 is this machine."""
    return f"127.0.0.{number + 2}"


@asynccontextmanager
async def hosts(slow: int | None) -> AsyncIterator[int]:
    """The servers, all on one port; it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET"):
                if slow is not None and writer.get_extra_info("sockname")[0] == host(slow):
                    await asyncio.sleep(SLOW_SECONDS)
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(FEED)}\r\n\r\n"
                writer.write(head.encode() + FEED)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    first = await asyncio.start_server(serve, host(0), 0)
    port: int = first.sockets[0].getsockname()[1]
    servers = [first, *[await asyncio.start_server(serve, host(number), port) for number in range(1, HOSTS)]]
    try:
        yield port
    finally:
        for server in servers:
            server.close()


@dataclass
class Result:
    """Seconds of each fetch of a quick host, of the slow one, and of all together; and who was sent away."""

    taken: float = 0.0
    quick: list[float] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)
    refused: int = 0

    def row(self, name: str) -> str:
        ordered = sorted(self.quick)
        p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
        slow = f"{len(self.slow)}, {self.refused} refused" if self.slow else "none"
        rate = len(ordered) / self.taken
        return f"{name:<28}{rate:>8.0f}/s{p50 * 1e3:>10.0f} ms{p99 * 1e3:>10.0f} ms   {slow}"


async def load(client: WsClient, port: int, count: int, slow: int | None) -> Result:
    """``count`` fetches of quick hosts, :data:`OUTSTANDING` at once; meanwhile as many of the slow one as it gives."""
    result, chosen, numbers = Result(), random.Random(SEED), iter(range(count))
    quick = [number for number in range(HOSTS) if number != slow]

    async def one(which: int, name: str) -> tuple[float, bool]:
        start = time.perf_counter()
        ack = await client.request("message", fetch(f"http://{host(which)}:{port}/{name}"), within=120)
        return time.perf_counter() - start, "error" not in ack

    async def work() -> None:
        for number in numbers:
            seconds, done = await one(chosen.choice(quick), str(number))
            assert done
            result.quick.append(seconds)

    async def wait(which: int, worker: int) -> None:
        for number in itertools.count():
            seconds, done = await one(which, f"slow/{worker}/{number}")
            if done:
                result.slow.append(seconds)
            else:
                result.refused += 1
                await asyncio.sleep(0.1)

    waiting = [] if slow is None else [asyncio.create_task(wait(slow, worker)) for worker in range(SLOW_OUTSTANDING)]
    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(OUTSTANDING)))
    result.taken = time.perf_counter() - began
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    return result


def fetch(url: str) -> dict[str, Any]:
    return {"type": "fetch", "context": "feeds", "actor": {"id": url, "type": "feed"}}


async def measure(name: str, count: int, slow: int | None) -> None:
    wide = {
        "gateway": {"rate": {"events": 1_000_000}},
        "platforms": {"feeds": {"policy": {"private_addresses": True}}},
        "log": {"level": "error"},
    }
    with tempfile.TemporaryDirectory() as directory, deployment(Path(directory), wide) as house:
        async with hosts(slow) as port, ws_client(house.websocket) as client:
            await load(client, port, 200, slow)
            print((await load(client, port, count, slow)).row(name), flush=True)


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=2_000, help="fetches of each kind")
    count = arguments.parse_args().count
    print(f"{count} fetches of a feed of {ITEMS} posts ({len(FEED):,} bytes), {OUTSTANDING} at once, {HOSTS} hosts")
    print(f"{'':<28}{'others':>10}{'p50':>13}{'p99':>13}   of the slow one")
    asyncio.run(measure("none is slow", count, None))
    asyncio.run(measure(f"one answers after {SLOW_SECONDS:g} s", count, HOSTS - 1))


if __name__ == "__main__":
    main()
