"""What the platform itself has to tell the client, as canonical activities. Pure."""

from __future__ import annotations

from typing import Any

from sockethub_translators import irc

__all__ = ["gave_up", "lost", "not_rejoined", "reconnected"]


def _service(env: irc.Env) -> dict[str, Any]:
    return {"id": env.server, "type": "service", "name": env.server}


def _person(env: irc.Env) -> dict[str, Any]:
    return {"id": f"{env.nick}@{env.server}", "type": "person", "name": env.nick}


def _error(env: irc.Env, text: str, condition: str) -> irc.Activity:
    return {
        "context": "irc",
        "type": "error",
        "actor": _service(env),
        "target": _person(env),
        "object": {"type": "message", "content": text, "condition": condition},
        "error": text,
    }


def lost(env: irc.Env, reason: str) -> irc.Activity:
    """The connection is gone, and is being made again."""
    return _error(env, f"connection to {env.server} lost ({reason}); reconnecting", "reconnecting")


def gave_up(env: irc.Env, reason: str) -> str:
    """The text for a connection that could not be made again."""
    return f"connection to {env.server} lost; gave up reconnecting ({reason})"


def reconnected(env: irc.Env) -> irc.Activity:
    """The connection stands again, and the rooms are joined."""
    return {
        "context": "irc",
        "type": "connect",
        "actor": _person(env),
        "target": _service(env),
        "object": {"type": "connect", "status": "reconnected"},
    }


def not_rejoined(env: irc.Env, room: str, reason: str) -> irc.Activity:
    """A room that did not let us in again after the connection was lost."""
    activity = _error(env, f"could not join {room} again: {reason}", "not-rejoined")
    activity["actor"] = {"id": f"{room}@{env.server}", "type": "room", "name": room}
    return activity
