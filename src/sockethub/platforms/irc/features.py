"""What a server offers, as the features that clients know; and the activity that tells them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sockethub.worker.capabilities import Feature, capabilities
from sockethub.worker.interface import Activity
from sockethub_translators import irc

__all__ = ["described"]

ALWAYS: Final = (
    *(Feature.ATTENDANCE, Feature.INVITE, Feature.MODERATE, Feature.NICK, Feature.PRESENCE, Feature.PROFILE),
    *(Feature.ROOM_LIST, Feature.TOPIC),
)
"""What every server does (RFC 2812)."""

_BY_CAPABILITY: Final = {
    "chathistory": Feature.HISTORY,
    "draft/chathistory": Feature.HISTORY,
    "draft/message-redaction": Feature.DELETE,
    "draft/multiline": Feature.MULTILINE,
    "draft/read-marker": Feature.MARKER,
}
_BY_TAG: Final = {"typing": Feature.TYPING, "draft/react": Feature.REACTION, "draft/reply": Feature.REPLY}


def _passes(tag: str, denied: str) -> bool:
    """Whether a server passes a client's tag on (ISUPPORT CLIENTTAGDENY, IRCv3 ``message-tags``)."""
    words = denied.split(",")
    return f"-{tag}" in words if "*" in words else tag not in words


def _features(env: irc.Env) -> Iterator[Feature]:
    yield from ALWAYS
    yield from (feature for name, feature in _BY_CAPABILITY.items() if name in env.caps)
    if "message-tags" in env.caps:
        denied = env.isupport.tokens.get("CLIENTTAGDENY", "")
        yield from (feature for tag, feature in _BY_TAG.items() if _passes(tag, denied))
    if "MONITOR" in env.isupport.tokens:
        yield Feature.WATCH


def described(env: irc.Env) -> Activity:
    """The activity that tells what the login can do."""
    me = {"id": f"{env.nick}@{env.server}", "type": "person", "name": env.nick}
    server = {"id": env.server, "type": "service", "name": env.server}
    return capabilities("irc", me, server, _features(env))
