"""What a client of the benchmarks says to Sockethub, and how long that takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from bench.load import Client, Latency
from tests.support.ircd import IrcServer
from tests.support.prosody import XmppServer

UNLIMITED: Final[dict[str, Any]] = {
    "gateway": {
        "rate": {"events": 1_000_000, "seconds": 1, "block_seconds": 0.001},
        "sockets_per_address": 10_000,
        "pending_commands": 10_000,
    },
    "workers": {"max_logins": 1_000},
    "log": {"level": "warning"},
    "platforms": {"irc": {"options": {"flood_rate": 0}}},
}

ROOM: Final = "#bench"


def trusting(authority: str) -> dict[str, Any]:
    """The same, with a server's authority for XMPP."""
    return UNLIMITED | {"platforms": UNLIMITED["platforms"] | {"xmpp": {"options": {"tls_ca_file": authority}}}}


def echo() -> dict[str, Any]:
    return {
        "type": "echo",
        "context": "dummy",
        "actor": {"id": "bench", "type": "person"},
        "object": {"type": "message", "content": "a sentence of about sixty characters, as people write in a chat"},
    }


def irc(kind: str, nick: str, **members: Any) -> dict[str, Any]:
    return {"type": kind, "context": "irc", "actor": {"id": nick, "type": "person"}, **members}


def xmpp(kind: str, address: str, **members: Any) -> dict[str, Any]:
    return {"type": kind, "context": "xmpp", "actor": {"id": address, "type": "person"}, **members}


def note(text: str) -> dict[str, Any]:
    return {"type": "note", "content": text}


def room(name: str) -> dict[str, Any]:
    return {"id": name, "type": "room"}


async def ok(client: Client, event: str, data: Any) -> Any:
    ack = await client.request(event, data)
    if isinstance(ack, dict) and ack.get("error"):
        raise RuntimeError(ack["error"])
    return ack


def echoing(client: Client) -> Callable[[], Awaitable[Any]]:
    return partial(ok, client, "message", echo())


async def log_in(client: Client, nick: str, server: IrcServer, where: str | None) -> float:
    """Credentials, connect (its seconds are returned), join."""
    object_ = {"type": "credentials", "nick": nick, "server": server.host, "port": server.port, "secure": False}
    await ok(client, "credentials", irc("credentials", nick, object=object_))
    taken = await seconds(ok(client, "message", irc("connect", nick)))
    if where is not None:
        await ok(client, "message", irc("join", nick, target=room(where)))
    return taken


async def log_in_xmpp(client: Client, user: str, server: XmppServer, where: str | None) -> float:
    """The same for XMPP."""
    address = f"{user}@{server.domain}"
    object_ = {
        "type": "credentials",
        "userAddress": address,
        "password": server.password(user),
        "server": server.host,
        "port": server.port,
    }
    await ok(client, "credentials", xmpp("credentials", address, object=object_))
    taken = await seconds(ok(client, "message", xmpp("connect", address)))
    if where is not None:
        await ok(client, "message", xmpp("join", address, target=room(where)))
    return taken


async def seconds(work: Awaitable[Any]) -> float:
    start = time.perf_counter()
    await work
    return time.perf_counter() - start


async def across(sender: Client, receiver: Client, message: Callable[[str], dict[str, Any]], count: int) -> Latency:
    """From one browser's sending until the other has it, one message after the other."""
    taken: list[float] = []
    for number in range(count):
        arrived = asyncio.Event()
        text = f"across {number}"

        def seen(activity: dict[str, Any], text: str = text, arrived: asyncio.Event = arrived) -> None:
            if activity.get("object", {}).get("content") == text:
                arrived.set()

        receiver.on_message(seen)
        start = time.perf_counter()
        send = asyncio.create_task(ok(sender, "message", message(text)))
        await arrived.wait()
        taken.append(time.perf_counter() - start)
        await send
    return Latency.of(taken)
