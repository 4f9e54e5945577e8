"""A stream as it arrives, in whatever pieces, to its stanzas (RFC 6120 §4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ..errors import ParseError
from .element import Element
from .parse import MAX_STANZA, Builder

__all__ = ["Event", "StanzaReader", "StreamEnd", "StreamStart"]

MAX_PIECE: Final = 65_536
"""Bytes read at once: an attribute full of ``>`` would have a parser read all of it again at every one."""


@dataclass(frozen=True, slots=True)
class StreamStart:
    """The stream's own element, without children: its attributes say who and which version (§4.7)."""

    root: Element


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """``</stream:stream>``."""


Event: TypeAlias = StreamStart | Element | StreamEnd | ParseError


@dataclass(slots=True)
class StanzaReader:
    """Bytes in, events out; however the bytes are cut, the events are the same.

    After an error there is no more to read: it is the last event, and what comes later is dropped. Holds at most
    one unfinished stanza, of twice :data:`~.parse.MAX_STANZA` bytes until somebody counts.
    """

    _builder: Builder = field(default_factory=Builder)
    _held: list[bytes] = field(default_factory=list)
    _size: int = 0
    _taken: int = 0
    _open: bool = False
    _over: bool = False

    def __post_init__(self) -> None:
        self._builder.promptly()

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes; return the stanzas they complete."""
        if self._over or not data:
            return []
        events: list[Event] = []
        for at in range(0, len(data), MAX_PIECE):
            self._over = self._feed(data[at : at + MAX_PIECE], events)
            if self._over:
                break
        return events

    def _feed(self, piece: bytes, events: list[Event]) -> bool:
        """Read one piece; True when there is no more to read."""
        # Expat reads an unfinished tag again from its beginning: it gets what may be whole ones, once for each piece.
        first, last = piece.find(b">"), piece.rfind(b">")
        if self._size + (first if first >= 0 else len(piece)) > MAX_STANZA:
            events.append(ParseError(f"a stanza of more than {MAX_STANZA} bytes"))
            return True
        over = False
        if last >= 0:
            over = self._take(b"".join(self._held) + piece[: last + 1], events)
            self._held.clear()
            self._size = 0
        rest = piece[last + 1 :]
        self._held.append(rest)
        self._size += len(rest)
        return over

    def _take(self, data: bytes, events: list[Event]) -> bool:
        """Parse whole tags; True when there is no more to read."""
        builder = self._builder
        failure: ParseError | None = None
        try:
            builder.parse(data)
        except ParseError as error:
            failure = error
        self._taken += len(data)
        if builder.root is not None and not self._open:
            self._open = True
            events.append(StreamStart(builder.root))
        events += builder.done
        builder.done = []
        begun = builder.started if builder.depth > 1 else self._taken - len(data)
        if failure is None and self._taken - begun > 2 * MAX_STANZA:
            failure = ParseError(f"a stanza of more than {MAX_STANZA} bytes")
        ended = self._open and builder.depth == 0
        if failure is not None:
            events.append(failure)
        elif ended:
            events.append(StreamEnd())
        return failure is not None or ended
