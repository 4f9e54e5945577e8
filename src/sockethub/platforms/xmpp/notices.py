"""What the platform itself has to tell the client, as canonical activities. Pure."""

from __future__ import annotations

from typing import Any

from sockethub_translators import xmpp

__all__ = ["gave_up", "lost", "not_rejoined", "reconnected"]


def _domain(env: xmpp.Env) -> str:
    return env.bare.partition("@")[2]


def _person(env: xmpp.Env) -> dict[str, Any]:
    return {"id": env.bare, "type": "person"}


def _service(env: xmpp.Env) -> dict[str, Any]:
    return {"id": _domain(env), "type": "service"}


def _error(env: xmpp.Env, actor: dict[str, Any], text: str, condition: str) -> xmpp.Activity:
    return {
        "context": "xmpp",
        "type": "error",
        "actor": actor,
        "target": _person(env),
        "object": {"type": "message", "content": text, "condition": condition},
        "error": text,
    }


def lost(env: xmpp.Env, reason: str) -> xmpp.Activity:
    """The connection is gone, and is being made again."""
    text = f"connection to {_domain(env)} lost ({reason}); reconnecting"
    return _error(env, _service(env), text, "reconnecting")


def gave_up(env: xmpp.Env, reason: str) -> str:
    """The text for a connection that could not, or must not, be made again."""
    return f"connection to {_domain(env)} lost; gave up reconnecting ({reason})"


def reconnected(env: xmpp.Env, *, resumed: bool) -> xmpp.Activity:
    """The connection stands again: resumed, so that nothing was missed, or made anew, and the rooms joined."""
    return {
        "context": "xmpp",
        "type": "connect",
        "actor": _person(env),
        "target": _service(env),
        "object": {"type": "connect", "status": "resumed" if resumed else "reconnected"},
    }


def not_rejoined(env: xmpp.Env, room: str, reason: str) -> xmpp.Activity:
    """A room that did not let us in again after the connection was lost."""
    return _error(env, {"id": room, "type": "room"}, f"could not join {room} again: {reason}", "not-rejoined")
