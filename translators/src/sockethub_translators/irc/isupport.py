"""What a server says of itself in 005 RPL_ISUPPORT, as an immutable view, and the case mapping it declares.

Source: https://modern.ircdocs.horse/#rplisupport-parameters and draft-hardy-irc-isupport.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from .line import MAX_BODY, MAX_BODY_IN

__all__ = ["ISupport", "casefold"]

MAX_TOKENS: Final = 256
"""Distinct tokens kept. Networks send some 60; more is noise, and memory must not grow with what a server says."""

_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_FOLD: Final = {
    "ascii": str.maketrans(_UPPER, _LOWER),
    "rfc1459-strict": str.maketrans(_UPPER + "[]\\", _LOWER + "{}|"),
    "rfc1459": str.maketrans(_UPPER + "[]\\^", _LOWER + "{}|~"),
}
_HEX = re.compile(r"\\x([0-9A-Fa-f]{2})")
_PREFIX = re.compile(r"\(([^()]*)\)(.*)")


def casefold(text: str, mapping: str = "rfc1459") -> str:
    """The form of a nickname or channel in which two names are the same iff they are equal.

    ``mapping`` is CASEMAPPING: ``ascii``, ``rfc1459`` (the default of the protocol) or ``rfc1459-strict``; any other
    (such as ``rfc7613``) folds as ASCII, which never unites two names that the server keeps apart.
    """
    return text.translate(_FOLD.get(mapping, _FOLD["ascii"]))


@dataclass(frozen=True, slots=True)
class ISupport:
    """The tokens, and the meaning of those that translation needs. Absent tokens have the protocol's defaults."""

    tokens: Mapping[str, str] = field(default_factory=dict, hash=False)
    casemapping: str = field(init=False, default="rfc1459", compare=False)
    chantypes: str = field(init=False, default="#&", compare=False)
    statusmsg: str = field(init=False, default="", compare=False)
    prefix_modes: str = field(init=False, default="ov", compare=False)
    prefix_chars: str = field(init=False, default="@+", compare=False)
    list_modes: str = field(init=False, default="beI", compare=False)
    always_modes: str = field(init=False, default="k", compare=False)
    set_modes: str = field(init=False, default="l", compare=False)
    linelen: int = field(init=False, default=MAX_BODY, compare=False)

    def __post_init__(self) -> None:
        tokens = self.tokens
        if not tokens:
            return
        put = object.__setattr__
        put(self, "casemapping", tokens.get("CASEMAPPING") or "rfc1459")
        put(self, "chantypes", tokens.get("CHANTYPES", "#&"))
        put(self, "statusmsg", tokens.get("STATUSMSG", ""))
        if match := _PREFIX.fullmatch(tokens.get("PREFIX", "(ov)@+")):
            pairs = list(zip(match[1], match[2], strict=False))
            put(self, "prefix_modes", "".join(mode for mode, _ in pairs))
            put(self, "prefix_chars", "".join(char for _, char in pairs))
        elif tokens["PREFIX"] == "":
            put(self, "prefix_modes", "")
            put(self, "prefix_chars", "")
        classes = (tokens.get("CHANMODES", "beI,k,l") + ",,,").split(",")
        put(self, "list_modes", classes[0])
        put(self, "always_modes", classes[1])
        put(self, "set_modes", classes[2])
        put(self, "linelen", min(max(self.number("LINELEN") or MAX_BODY, MAX_BODY), MAX_BODY_IN))

    def update(self, params: Iterable[str]) -> ISupport:
        """The view after one 005; ``params`` are its tokens, without the nick and the closing text.

        ``-KEY`` takes a token back. Tokens beyond :data:`MAX_TOKENS` are ignored.
        """
        tokens = dict(self.tokens)
        for param in params:
            key, _, value = param.partition("=")
            if key.startswith("-"):
                tokens.pop(key[1:], None)
            elif key and (key in tokens or len(tokens) < MAX_TOKENS):
                tokens[key] = _HEX.sub(lambda match: chr(int(match[1], 16)), value)
        return ISupport(tokens)

    def number(self, key: str) -> int | None:
        """A token's value as a number of at least 1; None when absent, empty or no number."""
        value = self.tokens.get(key, "")
        return (int(value) or None) if value.isascii() and value.isdigit() and len(value) <= 9 else None

    @property
    def network(self) -> str | None:
        return self.tokens.get("NETWORK") or None

    @property
    def nicklen(self) -> int | None:
        return self.number("NICKLEN")

    @property
    def utf8only(self) -> bool:
        return "UTF8ONLY" in self.tokens

    @property
    def targmax(self) -> Mapping[str, int | None]:
        """How many targets each command takes; None for no limit. A command that is absent takes one."""
        out: dict[str, int | None] = {}
        for item in self.tokens.get("TARGMAX", "").split(","):
            command, _, count = item.partition(":")
            if command:
                out[command.upper()] = int(count) if count.isascii() and count.isdigit() and len(count) <= 9 else None
        return out

    def fold(self, name: str) -> str:
        """:func:`casefold` by this server's CASEMAPPING."""
        return casefold(name, self.casemapping)

    def is_channel(self, name: str) -> bool:
        return name[:1] in self.chantypes if name else False

    def strip_status(self, target: str) -> tuple[str, str]:
        """Split a STATUSMSG target such as ``@#room`` into prefix characters and the rest."""
        rest = target.lstrip(self.statusmsg) if self.statusmsg else target
        return (target[: len(target) - len(rest)], rest) if self.is_channel(rest) else ("", target)
