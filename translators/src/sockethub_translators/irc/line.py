"""One IRC line as a value, and the codec between it and bytes.

Sources: RFC 1459 §2.3 and RFC 2812 §2.3 (message format), IRCv3 ``message-tags`` (tags, escaping, sizes).

Text is decoded as UTF-8 with ``surrogateescape``, so bytes that are not UTF-8 survive a round trip through
:class:`Line`; :func:`encode` writes them back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..errors import EncodeError, ParseError

__all__ = [
    "MAX_BODY",
    "MAX_BODY_IN",
    "MAX_CLIENT_TAG_DATA",
    "MAX_TAGS",
    "Line",
    "decode",
    "encode",
    "nick_of",
    "split_source",
]

MAX_BODY: Final = 512
"""Bytes of a line without its tags, CRLF included (RFC 1459 §2.3). ISUPPORT ``LINELEN`` may raise it."""
MAX_BODY_IN: Final = 16_384
"""What :func:`decode` accepts: generous, since ``LINELEN`` is the server's to choose, but bounded."""
MAX_TAGS: Final = 8191
"""Bytes of the tag section a peer may send, ``@`` and the closing space included (``message-tags``)."""
MAX_CLIENT_TAG_DATA: Final = 4094
"""Bytes of tag data a client may send, between ``@`` and the space (``message-tags``)."""

# Commands whose last parameter at this position is text: written with a colon even where the grammar does not need it,
# because that is what every client and server writes and what old parsers rely on.
_TEXT_AT: Final[Mapping[str, int]] = {
    "AWAY": 1,
    "ERROR": 1,
    "KICK": 3,
    "KILL": 2,
    "NOTICE": 2,
    "PART": 2,
    "PRIVMSG": 2,
    "QUIT": 1,
    "REDACT": 3,
    "SETNAME": 1,
    "TOPIC": 2,
    "USER": 4,
    "WALLOPS": 1,
}

_UNESCAPE: Final = {":": ";", "s": " ", "r": "\r", "n": "\n"}
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
_BAD_KEY = re.compile("[\0\r\n; =]")

_SECRET: Final = frozenset({"AUTHENTICATE", "OPER", "PASS"})


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Line:
    """One message of the protocol: ``@tags :source COMMAND params``.

    ``command`` is upper case; ``tags`` values are unescaped and an absent value is ``""``. Bytes that were not UTF-8
    appear as lone surrogates U+DC80..U+DCFF. The repr hides what PASS, OPER and AUTHENTICATE carry.

    ``_body`` is no part of the value: the text that :func:`prove` found it to be, so that it is written once.
    """

    command: str
    params: tuple[str, ...]
    source: str | None
    tags: Mapping[str, str] = field(hash=False)
    _body: str | None = field(init=False, compare=False)

    def __init__(
        self,
        command: str,
        params: tuple[str, ...] = (),
        source: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        # What a frozen dataclass does takes twice as long: it looks each slot up by its name.
        _set_command(self, command)
        _set_params(self, params)
        _set_source(self, source)
        _set_tags(self, {} if tags is None else tags)
        _set_body(self, None)

    def __repr__(self) -> str:
        params = "(...)" if self.command in _SECRET else repr(self.params)
        return f"Line({self.command!r}, {params}, source={self.source!r}, tags={dict(self.tags)!r})"


_set_command, _set_params, _set_source, _set_tags, _set_body = (
    Line.__dict__[slot].__set__ for slot in ("command", "params", "source", "tags", "_body")
)


def decode(line: bytes | bytearray | str) -> Line:
    """Read one line, with or without its line ending.

    Raises :class:`ParseError` when there is no command, when NUL, CR or LF stand inside, or when a size limit is
    passed. Runs of spaces separate as one; of duplicate tags the last wins; ``k`` and ``k=`` are the same.
    """
    if isinstance(line, str):
        text = line if line.isascii() else _well_formed(line)
    else:
        text = line.decode("utf-8", "surrogateescape")
    text = text.rstrip("\r\n")
    if has_breaks(text):
        raise ParseError("NUL, CR or LF inside a line")
    rest = text.lstrip(" ")
    tags: Mapping[str, str] = {}
    if rest.startswith("@"):
        raw, _, rest = rest.partition(" ")
        if _size(raw) + 1 > MAX_TAGS:
            raise ParseError(f"tags of more than {MAX_TAGS} bytes")
        tags = _parse_tags(raw)
        rest = rest.lstrip(" ")
    if _size(rest) + 2 > MAX_BODY_IN:
        raise ParseError(f"a line of more than {MAX_BODY_IN} bytes")
    source = None
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
        if not source:
            raise ParseError("an empty source")
        rest = rest.lstrip(" ")
    head, colon, trailing = rest.partition(" :")
    words = head.split(" ")
    if "" in words:
        words = [word for word in words if word]
    command = words.pop(0) if words else ""
    if not (command.isalnum() and command.isascii()):
        raise ParseError("no command")
    if colon:
        words.append(trailing)
    return Line(command.upper(), tuple(words), source, tags)


def encode(line: Line, *, max_body: int = MAX_BODY, max_tags: int = MAX_TAGS) -> bytes:
    """Write exactly one line, CRLF included.

    Raises :class:`EncodeError` for whatever would not be read back as this one line: CR, LF or NUL, a space or leading
    colon in a parameter that is not the last, an empty one, a bad command, source or tag key, text that is not
    encodable, more than ``max_body`` bytes (tags apart) or ``max_tags`` bytes of tags.
    """
    text = _body_of(line) if line._body is None else line._body
    body = text.encode() if text.isascii() else _to_bytes(text)
    if len(body) + 2 > max_body:
        raise EncodeError(f"{len(body) + 2} bytes; a line has at most {max_body}")
    if not line.tags:
        return body + b"\r\n"
    tags = _to_bytes(_format_tags(line.tags))
    if len(tags) > max_tags:
        raise EncodeError(f"{len(tags)} bytes of tags; at most {max_tags}")
    return tags + body + b"\r\n"


def prove(line: Line, max_body: int, max_tags: int) -> None:
    """Raise :class:`EncodeError` where :func:`encode` does. For a line just made, which nobody has seen yet."""
    body = _body_of(line)
    _set_body(line, body)
    if body.isascii() and len(body) + 2 <= max_body:
        if not line.tags:
            return
        tags = _format_tags(line.tags)
        if tags.isascii() and len(tags) <= max_tags:
            return
    encode(line, max_body=max_body, max_tags=max_tags)


def _body_of(line: Line) -> str:
    """The line without tags and ending. NUL, CR and LF are searched for in all of it at once."""
    command, params, source = line.command, line.params, line.source
    if command not in _TEXT_AT:
        if not (command.isalnum() and command.isascii()):
            raise EncodeError("a command is ASCII letters or digits")
        command = command.upper()
    if source is None:
        body, sound = command, True
    else:
        body, sound = f":{source} {command}", source != "" and " " not in source
    if params:
        for param in params[:-1]:
            if not param or param[0] == ":" or " " in param:
                sound = False
            body += " " + param
        last = params[-1]
        is_text = _TEXT_AT.get(command) == len(params) or not last or last[0] == ":" or " " in last
        body = f"{body} :{last}" if is_text else f"{body} {last}"
    if not sound or "\n" in body or "\r" in body or "\0" in body:
        raise EncodeError(_fault(line))
    return body


def _fault(line: Line) -> str:
    """Which part of the line cannot be written: the first."""
    if line.source is not None and not _is_word(line.source):
        return "a source is one word"
    if not all(_is_word(param) and param[0] != ":" for param in line.params[:-1]):
        return "only the last parameter may be empty, contain spaces or begin with a colon"
    return "NUL, CR or LF in the last parameter"


def _is_word(text: str) -> bool:
    return text != "" and " " not in text and not has_breaks(text)


def split_source(source: str) -> tuple[str, str | None, str | None]:
    """Split ``nick!user@host`` into its parts; an absent part is None."""
    rest, at, host = source.partition("@")
    nick, bang, user = rest.partition("!")
    return nick, user if bang else None, host if at else None


def nick_of(source: str) -> str:
    """The nickname (or server name) that a source begins with."""
    return source.partition("!")[0].partition("@")[0]


def has_breaks(text: str) -> bool:
    """Whether NUL, CR or LF stand in it: what no part of a line can have. Three searches are faster than a pattern."""
    return "\n" in text or "\r" in text or "\0" in text


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


def _well_formed(text: str) -> str:
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ParseError("a surrogate that stands for no byte") from None


def _to_bytes(text: str) -> bytes:
    if text.isascii():
        return text.encode()
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        pass
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise EncodeError("a surrogate that stands for no byte") from None
    if data.decode("utf-8", "surrogateescape") != text:
        # Escaped bytes that together form UTF-8 would be read back as another text.
        raise EncodeError("escaped bytes that form a character")
    return data


def _parse_tags(raw: str) -> dict[str, str]:
    tags = {}
    for item in raw[1:].split(";"):
        key, _, value = item.partition("=")
        if key:
            tags[key] = unescape(value) if "\\" in value else value
    return tags


def _format_tags(tags: Mapping[str, str]) -> str:
    items = []
    for key, value in tags.items():
        if not key.isalnum() and (not key or _BAD_KEY.search(key)):
            raise EncodeError("a tag key is not empty and has no space, ';' or '='")
        if not value.isalnum():
            if "\0" in value:
                raise EncodeError("NUL in a tag value")
            value = escape(value)
        items.append(f"{key}={value}" if value else key)
    return "@" + ";".join(items) + " "


def escape(value: str) -> str:
    """A tag value as it is written (IRCv3 ``message-tags``)."""
    value = value.replace("\\", "\\\\").replace(";", "\\:").replace(" ", "\\s")
    return value if value.isprintable() else value.replace("\r", "\\r").replace("\n", "\\n")


def unescape(value: str) -> str:
    """A tag value as it is meant: total; an unknown escape is the character itself, a last backslash is nothing."""
    return _ESCAPED.sub(lambda match: _UNESCAPE.get(match[1], match[1]), value)
