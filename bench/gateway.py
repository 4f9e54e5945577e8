"""The whole path, measured from outside: client → gateway → Redis → worker → (ircd →) back.

``make bench`` runs it. It starts `sockethub serve`, an ngIRCd without flood limits and a Prosody; beside our figures
stand floors from the same run (:mod:`bench.floors`).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import redis.asyncio

from bench import floors
from bench.figures import Figures
from bench.load import TRANSPORTS, Client, rate, timed
from bench.processes import taken
from bench.talk import ROOM, across, echoing, irc, log_in, log_in_xmpp, note, ok, room, trusting, xmpp
from tests.support.deployment import Deployment, deployment
from tests.support.ircd import IrcServer, run_ngircd
from tests.support.prosody import XmppServer, run_prosody
from tests.support.tls import issue

MIB: Final = 1024 * 1024
TRANSPORT_KEYS: Final = {"socketio": "Socket.IO", "plain": "plain"}
RATED: Final = 20
"""Messages of a rate for each call of a latency: some seconds, of which beginning and end, when not all are under way,
are a small part."""
SINGLES: Final = 5
XMPP_CROWD: Final = 10
IRC_CROWD: Final = 20
USERS: Final = ("ann", "ben", *(f"one{n}" for n in range(SINGLES)), *(f"many{n}" for n in range(XMPP_CROWD)))

LogIn = Callable[[Client, str], Awaitable[float]]


async def echoes(url: str, figures: Figures, count: int) -> None:
    for key, name in TRANSPORT_KEYS.items():
        transport = TRANSPORTS[name]
        client = await transport.open(url)
        call = echoing(client)
        await timed(call, 200)
        figures.latency(f"echo.{key}", await timed(call, count))
        figures.add(f"echo.{key}.idle", (await timed(call, 8, pause=1.5)).p50)
        figures.add(f"rate.{key}.1", await rate([call], 10, RATED * count // 2))
        clients = [client]
        for number in (10, 50):
            clients += [await transport.open(url) for _ in range(number - len(clients))]
            works = [echoing(each) for each in clients]
            figures.add(f"rate.{key}.{number}", await rate(works, 10, RATED * count // number))
        for each in clients:
            await each.close()


async def irc_rows(url: str, server: IrcServer, figures: Figures, count: int) -> None:
    ann, ben = [await TRANSPORTS["plain"].open(url) for _ in range(2)]
    for client, nick in ((ann, "ann"), (ben, "ben")):
        await log_in(client, nick, server, ROOM)

    def message(text: str) -> dict[str, Any]:
        return irc("send", "ann", target=room(ROOM), object=note(text))

    say = partial(ok, ann, "message", message("hello there"))
    await timed(say, 100)
    figures.add("irc.ack.p50", (await timed(say, count)).p50)
    figures.add("irc.rate", await rate([say], 10, RATED * count // 4))
    figures.latency("irc.across", await across(ann, ben, message, count))
    await connects("irc", url, lambda client, nick: log_in(client, nick, server, None), IRC_CROWD, figures)
    await ann.close()
    await ben.close()


async def xmpp_rows(url: str, server: XmppServer, figures: Figures, count: int) -> None:
    where = f"bench@{server.rooms}"
    ann, ben = [await TRANSPORTS["plain"].open(url) for _ in range(2)]
    for client, user in ((ann, "ann"), (ben, "ben")):
        await log_in_xmpp(client, user, server, where)

    def message(text: str) -> dict[str, Any]:
        return xmpp("send", f"ann@{server.domain}", target=room(where), object=note(text))

    await across(ann, ben, message, 20)
    figures.latency("xmpp.across", await across(ann, ben, message, count))
    await connects("xmpp", url, lambda client, nick: log_in_xmpp(client, nick, server, None), XMPP_CROWD, figures)
    await ann.close()
    await ben.close()


async def connects(key: str, url: str, enter: LogIn, crowd: int, figures: Figures) -> None:
    """One after the other, then many at once."""
    transport = TRANSPORTS["plain"]
    clients = [await transport.open(url) for _ in range(SINGLES + crowd)]
    singles = [await enter(client, f"one{number}") for number, client in enumerate(clients[:SINGLES])]
    figures.add(f"{key}.connect.one", median(singles) * 1e3)
    together = (enter(client, f"many{number}") for number, client in enumerate(clients[SINGLES:]))
    figures.add(f"{key}.connect.many", median(await asyncio.gather(*together)) * 1e3)
    for client in clients:
        await client.close()


async def memory_rows(house: Deployment, figures: Figures, count: int) -> None:
    """What the gateway has after all that, and what many echoes leave in Redis."""
    figures.add("memory.gateway", taken(house.process.pid).rss)
    clients = [await TRANSPORTS["plain"].open(house.url) for _ in range(10)]
    works = [echoing(client) for client in clients]
    async with redis_of(house) as client:
        await rate(works, 10, max(1, count // 2))
        before = await used(client)
        await rate(works, 10, count * 5 // 2)
        figures.add("memory.redis", await used(client) - before)
    for each in clients:
        await each.close()


def redis_of(house: Deployment) -> redis.asyncio.Redis:
    """A client of the embedded Redis of a deployment."""
    state = house.directory / "state" / "redis"
    password = (state / "password").read_text().strip()
    return redis.asyncio.Redis(unix_socket_path=str(state / "redis.sock"), password=password)


async def used(client: redis.asyncio.Redis) -> float:
    """MiB."""
    info: Any = await client.info("memory")
    return float(info["used_memory"]) / MIB


async def measure(figures: Figures, count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="sh-bench-") as name:
        directory = Path(name)
        certificates = issue(directory / "tls")
        with run_ngircd(certificates) as ircd, run_prosody(certificates, USERS) as prosody:
            with deployment(directory / "house", trusting(str(certificates.authority))) as house:
                await echoes(house.url, figures, count)
                await irc_rows(house.url, ircd, figures, count // 2)
                await xmpp_rows(house.url, prosody, figures, count // 4)
                await memory_rows(house, figures, count)
            await floors.measure(figures, ircd, prosody, count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="calls per figure")
    count = parser.parse_args().count
    print(f"{os.cpu_count()} cores, {count} calls per figure")
    asyncio.run(measure(Figures(), count))


if __name__ == "__main__":
    main()
