"""The IRC platform as its worker runs it, with everything it tells kept for looking at."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import structlog
from anyio.abc import TaskGroup

from sockethub.activity.bundle import bundle
from sockethub.activity.validation import SchemaValidator
from sockethub.errors import ValidationFailed
from sockethub.platforms.irc import IrcPlatform
from sockethub.worker.interface import Activity, LoginContext, Reach
from tests.support.ircd import IrcServer

WITHIN_SECONDS = 10.0

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

HERE = Reach(private_addresses=True)


def credentials(nick: str, host: str, port: int, **more: Any) -> dict[str, Any]:
    return {
        "context": "irc",
        "type": "credentials",
        "actor": {"id": f"{nick}@{host}", "type": "person", "name": nick},
        "object": {"type": "credentials", "nick": nick, "server": host, "port": port, "secure": False} | more,
    }


class Driver:
    """A platform, what it emitted, and short ways to ask it for something."""

    def __init__(self, tasks: TaskGroup, nick: str, host: str, port: int, options: Mapping[str, Any]) -> None:
        self.nick, self.host, self.port = nick, host, port
        self.emitted: list[Activity] = []
        self.identities: list[str] = []
        self.saves: list[Mapping[str, Any]] = []
        self.losses: list[str] = []
        self.faults: list[tuple[str, Activity]] = []
        """What was emitted against the schema of responses."""
        self._changed = anyio.Event()
        context = LoginContext(
            platform="irc",
            options={**FAST, **options},
            reach=HERE,
            log=structlog.get_logger(),
            emit=self._emit,
            identify=self._identify,
            save=self._save,
            lost=self._lost,
            tasks=tasks,
        )
        self.platform = IrcPlatform(context)

    def _emit(self, activity: Activity) -> None:
        try:
            RESPONSES.check(activity)
        except ValidationFailed as fault:
            self.faults.append((str(fault), activity))
        self.emitted.append(activity)
        self._change()

    def _identify(self, actor: str) -> None:
        self.identities.append(actor)
        self._change()

    async def _save(self, state: Mapping[str, Any]) -> None:
        self.saves.append(state)
        self._change()

    def _lost(self, reason: str) -> None:
        self.losses.append(reason)
        self._change()

    def _change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that the platform tells to make the condition true."""
        with anyio.fail_after(WITHIN_SECONDS):
            while not condition():
                await self._changed.wait()

    async def saw(self, type_: str, kind: str | None = None, **members: Any) -> Activity:
        """The first activity, past or to come, of this type, object type and with these members of its object."""

        def found() -> Activity | None:
            for activity in self.emitted:
                obj = activity.get("object", {})
                fits = activity["type"] == type_ and kind in (None, obj.get("type"))
                if fits and all(obj.get(key) == value for key, value in members.items()):
                    return activity
            return None

        await self.until(lambda: found() is not None)
        activity = found()
        assert activity is not None
        return activity

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
