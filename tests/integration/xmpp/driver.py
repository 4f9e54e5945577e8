"""The XMPP platform as its worker runs it, and short ways to ask it for something."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskGroup

from sockethub.activity.bundle import bundle
from sockethub.activity.validation import SchemaValidator
from sockethub.platforms.xmpp import XmppPlatform
from sockethub.worker.interface import Activity
from tests.support.driver import HERE, PlatformDriver, Reach
from tests.support.prosody import XmppServer

FAST = {
    "connect_seconds": 5,
    "reply_seconds": 5,
    "reconnect_delay_seconds": 0.05,
    "reconnect_delay_max_seconds": 0.2,
    "reconnect_seconds": 10,
}
"""No long waits."""

SCHEMA = Path(__file__).parents[3] / "schemas" / "xmpp" / "responses.json"
RESPONSES = SchemaValidator("xmpp", bundle(json.loads(SCHEMA.read_text())))


def fresh_room(server: XmppServer) -> str:
    """The address of a room that nobody has been in."""
    return f"room-{secrets.token_hex(4)}@{server.rooms}"


def room(jid: str) -> dict[str, Any]:
    return {"id": jid, "type": "room"}


def person(jid: str) -> dict[str, Any]:
    return {"id": jid, "type": "person"}


class Driver(PlatformDriver):
    """One account's platform."""

    def __init__(
        self, tasks: TaskGroup, user: str, server: XmppServer, options: Mapping[str, Any], reach: Reach
    ) -> None:
        given = {**FAST, "tls_ca_file": str(server.authority), **options}
        super().__init__(tasks, XmppPlatform, "xmpp", given, RESPONSES, reach)
        self.user, self.server = user, server
        self.jid = f"{user}@{server.domain}"

    def credentials(self, **more: Any) -> dict[str, Any]:
        about = {"type": "credentials", "userAddress": self.jid, "password": self.server.password(self.user)}
        about |= {"server": self.server.host, "port": self.server.port, "resource": secrets.token_hex(4)}
        return {
            "context": "xmpp",
            "type": "credentials",
            "actor": person(self.jid),
            "object": {key: value for key, value in (about | more).items() if value is not None},
        }

    async def connect(self, restore: Mapping[str, Any] | None = None, **more: Any) -> None:
        await self.platform.connect(self.credentials(**more), restore)

    async def do(
        self, verb: str, target: dict[str, Any] | None = None, obj: dict[str, Any] | None = None, **more: Any
    ) -> Activity | None:
        activity: Activity = {"context": "xmpp", "type": verb, "actor": person(self.jid), **more}
        if target is not None:
            activity["target"] = target
        if obj is not None:
            activity["object"] = obj
        return await self.platform.perform(activity)

    async def join(self, jid: str, **more: Any) -> None:
        await self.do("join", room(jid), **more)

    async def say(self, target: dict[str, Any], content: str, **more: Any) -> None:
        await self.do("send", target, {"type": "message", "content": content, **more})


@asynccontextmanager
async def driver(user: str, server: XmppServer, *, reach: Reach = HERE, **options: Any) -> AsyncIterator[Driver]:
    """A platform that is not yet connected; it disconnects at the end of the block."""
    async with anyio.create_task_group() as tasks:
        it = Driver(tasks, user, server, options, reach)
        try:
            yield it
            assert it.faults == []
        finally:
            with anyio.CancelScope(shield=True):
                await it.platform.disconnect("the test is over")
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def connected(user: str, server: XmppServer, *rooms: str, **options: Any) -> AsyncIterator[Driver]:
    """A platform that is connected and in these rooms."""
    async with driver(user, server, **options) as it:
        await it.connect()
        for each in rooms:
            await it.join(each)
        yield it
