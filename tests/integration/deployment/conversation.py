"""The activities of a conversation, in the seed dialect, as the architecture document writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.ircd import IrcServer
from tests.support.wsclient import WsClient


def person(nick: str) -> dict[str, Any]:
    return {"id": nick, "type": "person"}


def room(name: str) -> dict[str, Any]:
    return {"id": name, "type": "room"}


def credentials(nick: str, server: IrcServer, **more: Any) -> dict[str, Any]:
    return {
        "type": "credentials",
        "context": "irc",
        "actor": person(nick),
        "object": {"type": "credentials", "nick": nick, "server": server.host, "port": server.port, "secure": False}
        | more,
    }


def verb(kind: str, nick: str, target: dict[str, Any] | None = None, **object_: Any) -> dict[str, Any]:
    activity: dict[str, Any] = {"type": kind, "context": "irc", "actor": person(nick)}
    if target is not None:
        activity["target"] = target
    if object_:
        activity["object"] = object_
    return activity


def note(nick: str, target: dict[str, Any], content: str) -> dict[str, Any]:
    return verb("send", nick, target, type="note", content=content)


async def log_in(client: WsClient, nick: str, server: IrcServer, *rooms: str, **more: Any) -> None:
    """Credentials, connect, join."""
    await client.ok("credentials", credentials(nick, server, **more))
    await client.ok("message", verb("connect", nick))
    for name in rooms:
        await client.ok("message", verb("join", nick, room(name)))


def said(content: str) -> Callable[[dict[str, Any]], bool]:
    """Whether an activity says ``content``."""
    return lambda activity: activity["type"] == "send" and activity["object"]["content"] == content
