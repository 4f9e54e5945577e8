"""From an activity of the client to the command that goes on the wire. Pure."""

from __future__ import annotations

from typing import Any, Final

from sockethub.errors import PlatformError
from sockethub.platforms.irc.pending import Command
from sockethub_translators import irc
from sockethub_translators.errors import TranslationError, Unsupported

__all__ = ["command_of", "is_answer", "kind_of", "slash_command"]

# The residue is ours to read, never the client's to write: it can hold any line at all. The id becomes a label of our
# own making, and a time is not the client's to set.
_NOT_THE_CLIENTS: Final = frozenset({"id", "published", "irc:wire", "error"})
_SLASH: Final = {"/me ": "me", "/notice ": "notice"}


def kind_of(activity: irc.Activity) -> str:
    """The type of the object; ``""`` without one."""
    obj = activity.get("object")
    kind = obj.get("type") if isinstance(obj, dict) else None
    return kind if isinstance(kind, str) else ""


def command_of(activity: irc.Activity, env: irc.Env) -> Command:
    """The command that an activity asks for. Raises :class:`PlatformError` where it cannot be said in IRC."""
    verb = activity["type"]
    if verb == "update" and kind_of(activity) == "message":
        raise PlatformError("IRC has no way to edit a message", condition="unsupported")
    if verb in ("join", "leave"):
        _check_room(activity, env)
    own = {key: value for key, value in activity.items() if key not in _NOT_THE_CLIENTS}
    try:
        lines = irc.from_activity(own, env)
    except Unsupported as error:
        raise PlatformError(error.args[1], condition="unsupported") from None
    except TranslationError as error:
        raise PlatformError(f"{error.path}: {error.args[1]}", condition="invalid") from None
    if not lines:
        raise PlatformError(f"{verb} says nothing to an IRC server", condition="invalid")
    return Command.of(lines, env)


def _check_room(activity: irc.Activity, env: irc.Env) -> None:
    target: Any = activity.get("target")
    if not isinstance(target, dict) or target.get("type") == "service":
        return
    id_ = target.get("id")
    if not isinstance(id_, str):
        return
    name, _, _ = id_.rpartition("@") if "@" in id_ else (id_, "", "")
    if name and name != env.server and not env.isupport.is_channel(name):
        kinds = " or ".join(env.isupport.chantypes) or "#"
        raise PlatformError(
            f"{name!r} is no channel: names of channels begin with {kinds}", condition="bad-channel-name"
        )


def slash_command(activity: irc.Activity) -> irc.Activity:
    """``/me`` and ``/notice`` at the very beginning of a message, as the objects they stand for."""
    obj = activity.get("object")
    if activity["type"] != "send" or not isinstance(obj, dict) or obj.get("type") != "message":
        return activity
    content = obj.get("content")
    if not isinstance(content, str):
        return activity
    for prefix, kind in _SLASH.items():
        if content.startswith(prefix):
            return {**activity, "object": {**obj, "type": kind, "content": content[len(prefix) :]}}
    return activity


def is_answer(activity: irc.Activity, kind: str, command: Command, env: irc.Env) -> bool:
    """Whether an activity from the server is what a ``query`` for this kind of object asked for."""
    if kind == "history":
        if activity["type"] != "collection":
            return False
    elif activity["type"] not in ("query", "update") or kind_of(activity) != kind:
        return False
    about = (activity.get("actor"), activity.get("target"))
    names = {env.isupport.fold(entity["name"]) for entity in about if entity is not None}
    return not command.lines[0].params or not names.isdisjoint(command.targets)
