"""The IRC platform as its worker runs it, with everything it tells kept for looking at."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskGroup

from sockethub.activity.bundle import bundle
from sockethub.activity.validation import SchemaValidator
from sockethub.platforms.irc import IrcPlatform
from sockethub.worker.interface import Activity
from tests.support.driver import PlatformDriver
from tests.support.ircd import IrcServer

FAST = {
    "flood_rate": 0,
    "connect_seconds": 5,
    "reconnect_delay_seconds": 0.05,
    "reconnect_delay_max_seconds": 0.2,
    "reconnect_seconds": 10,
}
"""No flood limit, as the test servers have none, and no long pauses."""

SCHEMA = Path(__file__).parents[3] / "schemas" / "irc" / "responses.json"
RESPONSES = SchemaValidator("irc", bundle(json.loads(SCHEMA.read_text())))


def credentials(nick: str, host: str, port: int, **more: Any) -> dict[str, Any]:
    return {
        "context": "irc",
        "type": "credentials",
        "actor": {"id": f"{nick}@{host}", "type": "person", "name": nick},
        "object": {"type": "credentials", "nick": nick, "server": host, "port": port, "secure": False} | more,
    }


class Driver(PlatformDriver):
    """A nickname's platform, and short ways to ask it for something."""

    def __init__(self, tasks: TaskGroup, nick: str, host: str, port: int, options: Mapping[str, Any]) -> None:
        super().__init__(tasks, IrcPlatform, "irc", {**FAST, **options}, RESPONSES)
        self.nick, self.host, self.port = nick, host, port

    # --- What a client does -------------------------------------------------------------------------------------------

    def room(self, name: str) -> dict[str, Any]:
        return {"id": f"{name}@{self.host}", "type": "room", "name": name}

    def person(self, nick: str) -> dict[str, Any]:
        return {"id": f"{nick}@{self.host}", "type": "person", "name": nick}

    async def connect(self, restore: Mapping[str, Any] | None = None, **more: Any) -> None:
        await self.platform.connect(credentials(self.nick, self.host, self.port, **more), restore)

    async def do(
        self, verb: str, target: dict[str, Any] | None = None, obj: dict[str, Any] | None = None, **more: Any
    ) -> Activity | None:
        activity: Activity = {"context": "irc", "type": verb, "actor": self.person(self.nick), **more}
        if target is not None:
            activity["target"] = target
        if obj is not None:
            activity["object"] = obj
        return await self.platform.perform(activity)

    async def join(self, name: str, **more: Any) -> None:
        await self.do("join", self.room(name), **more)

    async def say(self, target: dict[str, Any], content: str, kind: str = "message") -> None:
        await self.do("send", target, {"type": kind, "content": content})


@asynccontextmanager
async def driver(nick: str, server: IrcServer | tuple[str, int], **options: Any) -> AsyncIterator[Driver]:
    """A platform that is not yet connected; it disconnects at the end of the block."""
    host, port = server if isinstance(server, tuple) else (server.host, server.port)
    async with anyio.create_task_group() as tasks:
        it = Driver(tasks, nick, host, port, options)
        try:
            yield it
            assert it.faults == []
        finally:
            with anyio.CancelScope(shield=True):
                await it.platform.disconnect("the test is over")
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def connected(nick: str, server: IrcServer, *rooms: str, **options: Any) -> AsyncIterator[Driver]:
    """A platform that is connected and in these rooms."""
    async with driver(nick, server, **options) as it:
        await it.connect()
        for room in rooms:
            await it.join(room)
        yield it
