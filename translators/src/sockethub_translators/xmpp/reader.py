"""A stream as it arrives, in whatever pieces, to its stanzas (RFC 6120 §4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ..errors import ParseError
from .element import Element
from .parse import MAX_STANZA, Builder

__all__ = ["Event", "StanzaReader", "StreamEnd", "StreamStart"]


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
        # Expat reads an unfinished tag again from its beginning, so it gets whole ones only.
        events: list[Event] = []
        pieces = data.split(b">") if self._size + len(data) > MAX_STANZA else data.rsplit(b">", 1)
        for number, piece in enumerate(pieces, 1):
            self._held.append(piece)
            self._size += len(piece)
            if self._size > MAX_STANZA:
                events.append(ParseError(f"a stanza of more than {MAX_STANZA} bytes"))
                self._over = True
            elif number < len(pieces):
                self._over = self._take(b"".join(self._held) + b">", events)
                self._held.clear()
                self._size = 0
            if self._over:
                break
        return events

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
