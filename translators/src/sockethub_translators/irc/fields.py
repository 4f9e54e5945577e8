"""Reading the members of an activity on its way to a line: each failure names the place."""

from __future__ import annotations

import re
from typing import Any

from ..errors import TranslationError
from .entities import name_of
from .env import Activity, Env

__all__ = [
    "channel",
    "is_channel",
    "is_nick",
    "is_word",
    "message_id",
    "middle",
    "nickname",
    "object_of",
    "one_line",
    "text",
    "word",
]

_NOT_MIDDLE = re.compile("[\0\r\n \ud800-\udfff]")
_NOT_CHANNEL = re.compile("[\0\r\n\x07 ,]")
_NOT_NICK = re.compile("[\0\r\n !,@*?$]")


def is_channel(name: str, env: Env) -> bool:
    """Whether a name is one channel, and can stand as any parameter (RFC 2812 §1.3)."""
    return env.isupport.is_channel(name) and name[0] != ":" and not _NOT_CHANNEL.search(name)


def is_nick(name: str, env: Env) -> bool:
    """Whether a name is one nickname: nothing that a server would read as a channel, a list or a mask."""
    return bool(name) and name[0] != ":" and not env.isupport.is_channel(name) and not _NOT_NICK.search(name)


def is_word(value: str) -> bool:
    """Whether a value can stand as any parameter: not empty, no space or leading colon, nothing unencodable."""
    if not value or value[0] == ":":
        return False
    # What is printable has, of all that is searched for, at most a space.
    return " " not in value if value.isprintable() else not _NOT_MIDDLE.search(value)


def object_of(activity: Activity) -> dict[str, Any]:
    obj = activity.get("object")
    if obj is None:
        return {}
    if not isinstance(obj, dict):
        raise TranslationError("$.object", "not an object")
    return obj


def text(container: dict[str, Any], key: str, path: str, default: str | None = None) -> str:
    """A string that can be encoded; it may still contain line breaks."""
    value = container.get(key, default)
    if not isinstance(value, str):
        raise TranslationError(path, "missing" if value is None else "not a string")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise TranslationError(path, "a lone surrogate is no text") from None
    if "\0" in value:
        raise TranslationError(path, "IRC cannot carry U+0000")
    return value


def one_line(container: dict[str, Any], key: str, path: str, default: str | None = None) -> str:
    """A string without line breaks."""
    value = text(container, key, path, default)
    if "\n" in value or "\r" in value:
        raise TranslationError(path, "must be a single line")
    return value


def word(value: str, path: str) -> str:
    """A value that can stand as any parameter: not empty, no space, no leading colon."""
    if not is_word(value):
        raise TranslationError(path, "not a single word")
    return value


def middle(container: dict[str, Any], key: str, path: str) -> str:
    """A member that can stand as any parameter."""
    return word(text(container, key, path), path)


def message_id(container: Any, path: str) -> str:
    """The ``id`` of a message that is referred to."""
    if not isinstance(container, dict):
        raise TranslationError(path, "missing or not an object")
    return text(container, "id", f"{path}.id")


def channel(activity: Activity, env: Env) -> str:
    """The channel that the target is."""
    name = name_of(activity.get("target"), env, "$.target")
    if not is_channel(name, env):
        raise TranslationError("$.target.id", "not a channel of this server")
    return name if name.isascii() else word(name, "$.target.id")


def nickname(entity: Any, env: Env, path: str) -> str:
    """The nickname that a person is."""
    name = name_of(entity, env, path)
    if not is_nick(name, env):
        raise TranslationError(f"{path}.id", "not a nickname")
    return name if name.isascii() else word(name, f"{path}.id")
