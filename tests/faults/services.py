"""The services the campaign talks on: how to log in and speak, and a witness in the room who is never disturbed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import anyio

from tests.integration.deployment import conversation
from tests.integration.xmpp.driver import Driver, connected
from tests.integration.xmpp.driver import room as xmpp_room
from tests.support.ircd import IrcServer
from tests.support.ircpeer import IrcPeer, irc_peer
from tests.support.processes import PATIENCE
from tests.support.prosody import CAMPAIGN, XmppServer

Activity = dict[str, Any]


class Witness(Protocol):
    """Somebody else in some rooms."""

    async def say(self, room: str, content: str) -> None: ...

    async def read(self, room: str, content: str) -> None:
        """Return once ``content`` was said there."""

    def seen(self, room: str) -> Sequence[str]:
        """All that others said there so far."""


class Service(ABC):
    """A server, and the activities of somebody who uses it by way of ``port``, which is a proxy's."""

    platform: str
    host: str
    port: int
    options: Mapping[str, Any]
    """What its platform is declared with."""

    @abstractmethod
    def log_in(self, name: str, room: str, port: int) -> list[tuple[str, Activity]]:
        """The events that begin a conversation: credentials, connect, join."""

    @abstractmethod
    def leave(self, name: str) -> Activity:
        """The last of a conversation: the login ends."""

    @abstractmethod
    def note(self, name: str, room: str, content: str) -> Activity: ...

    @abstractmethod
    def names(self, tag: str) -> tuple[str, str]:
        """A name for the one who is hit, and for the one who is not."""

    @abstractmethod
    def room(self, name: str, tag: str) -> str:
        """A room that nobody has been in; ``tag`` is this run's own."""

    @abstractmethod
    def witness(self, tag: str, *rooms: str) -> Any:
        """An asynchronous context: the :class:`Witness` in these rooms."""


class Irc(Service):
    """ngIRCd."""

    platform = "irc"
    options: Mapping[str, Any] = {"flood_rate": 0}

    def __init__(self, server: IrcServer) -> None:
        self._server = server
        self.host, self.port = server.host, server.port

    def log_in(self, name: str, room: str, port: int) -> list[tuple[str, Activity]]:
        return [
            ("credentials", conversation.credentials(name, self._server) | {"object": self._account(name, port)}),
            ("message", conversation.verb("connect", name)),
            ("message", conversation.verb("join", name, conversation.room(room))),
        ]

    def _account(self, name: str, port: int) -> Activity:
        about = {"type": "credentials", "nick": name, "server": self.host, "port": port, "secure": False}
        return about | ({"password": self._server.password} if self._server.password else {})

    def leave(self, name: str) -> Activity:
        return conversation.verb("disconnect", name)

    def note(self, name: str, room: str, content: str) -> Activity:
        return conversation.note(name, conversation.room(room), content)

    def names(self, tag: str) -> tuple[str, str]:
        return f"hit{tag}", f"by{tag}"

    def room(self, name: str, tag: str) -> str:
        return f"#{name}"

    @asynccontextmanager
    async def witness(self, tag: str, *rooms: str) -> AsyncIterator[Witness]:
        async with irc_peer(f"eye{tag}", self.host, self.port, self._server.password) as peer:
            for each in rooms:
                await peer.join(each)
            yield _IrcWitness(peer)


class _IrcWitness:
    def __init__(self, peer: IrcPeer) -> None:
        self._peer = peer

    async def say(self, room: str, content: str) -> None:
        await self._peer.send(f"PRIVMSG {room} :{content}")

    async def read(self, room: str, content: str) -> None:
        await self._peer.line(lambda line: line.endswith(f" PRIVMSG {room} :{content}"))

    def seen(self, room: str) -> Sequence[str]:
        said = f" PRIVMSG {room} :"
        return [line.partition(said)[2] for line in self._peer.lines if said in line]


class Xmpp(Service):
    """Prosody."""

    platform = "xmpp"

    def __init__(self, server: XmppServer) -> None:
        self._server = server
        self.host, self.port = server.host, server.port
        self.options = {"tls_ca_file": str(server.authority)}

    def leave(self, name: str) -> Activity:
        return self._verb(name, "disconnect")

    def log_in(self, name: str, room: str, port: int) -> list[tuple[str, Activity]]:
        account = {"type": "credentials", "userAddress": f"{name}@{self._server.domain}", "resource": "web"}
        where = {"password": self._server.password(name), "server": self.host, "port": port}
        return [
            ("credentials", self._verb(name, "credentials") | {"object": account | where}),
            ("message", self._verb(name, "connect")),
            ("message", self._verb(name, "join") | {"target": xmpp_room(room)}),
        ]

    def _verb(self, name: str, kind: str) -> Activity:
        actor = {"id": f"{name}@{self._server.domain}/web", "type": "person", "name": name}
        return {"type": kind, "context": "xmpp", "actor": actor}

    def note(self, name: str, room: str, content: str) -> Activity:
        message = {"type": "message", "content": content}
        return self._verb(name, "send") | {"target": xmpp_room(room), "object": message}

    def names(self, tag: str) -> tuple[str, str]:
        return CAMPAIGN[0], CAMPAIGN[1]

    def room(self, name: str, tag: str) -> str:
        return f"{name}-{tag}@{self._server.rooms}"

    @asynccontextmanager
    async def witness(self, tag: str, *rooms: str) -> AsyncIterator[Witness]:
        async with connected(CAMPAIGN[2], self._server, *rooms) as driver:
            yield _XmppWitness(driver)


class _XmppWitness:
    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def say(self, room: str, content: str) -> None:
        await self._driver.say(xmpp_room(room), content)

    async def read(self, room: str, content: str) -> None:
        with anyio.fail_after(15 * PATIENCE):
            while content not in self.seen(room):  # noqa: ASYNC110 - the driver tells by condition, not by room
                await anyio.sleep(0.02)

    def seen(self, room: str) -> Sequence[str]:
        mine = f"{room}/{self._driver.user}"
        return [
            each["object"]["content"]
            for each in self._driver.emitted
            if each["type"] == "send" and each["target"]["id"] == room and each["actor"]["id"] != mine
        ]
