"""XML to elements: one stanza, or a stream as it arrives (RFC 6120 §4, §11).

What XMPP forbids is refused: document types, entities of their own, processing instructions, comments (§11.1), and any
encoding but UTF-8 (§11.6). What a peer could use against us is bounded: the bytes, depth and attributes of a stanza.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final
from xml.parsers import expat

from ..errors import ParseError
from . import ns
from .element import MAX_DEPTH, Element, Node

__all__ = ["MAX_ATTRIBUTES", "MAX_STANZA", "Builder", "decode"]

MAX_STANZA: Final = 1_048_576
"""Bytes of one stanza: twice what servers let pass between them by default (Prosody 512 KiB)."""
MAX_ATTRIBUTES: Final = 256
"""Attributes of one element; real ones have a dozen."""

_OPEN: Final = f"<stream xmlns='{ns.CLIENT}' xmlns:stream='{ns.STREAM}'>".encode()
_CLOSE: Final = b"</stream>"


@lru_cache(maxsize=2048)
def _clark(name: str) -> str:
    return "{" + name if "}" in name else name


_new: Final = tuple.__new__
"""Makes an element of its three members a third faster than its own class does."""


class Builder:
    """Handlers for expat that build elements below the root. Names come with ``}`` between namespace and local name."""

    def __init__(self) -> None:
        self.parser = parser = expat.ParserCreate("utf-8", "}")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = _no_doctype
        parser.ProcessingInstructionHandler = _no_instruction
        parser.CommentHandler = _no_comment
        self.root: Element | None = None
        self.done: list[Element] = []
        self.started = 0
        self._open: list[tuple[str, dict[str, str], list[Node]]] = []

    @property
    def depth(self) -> int:
        """How many elements are open, the root among them."""
        return len(self._open)

    def promptly(self) -> None:
        """Read what is complete now, not with the next packet: for a reader that hands over whole tags."""
        if hasattr(self.parser, "SetReparseDeferralEnabled"):
            self.parser.SetReparseDeferralEnabled(False)

    def close(self) -> None:
        """Let go of the parser, whose handlers hold this: a cycle for each stanza would keep the collector busy."""
        del self.parser

    def _start(self, name: str, attrs: dict[str, str]) -> None:
        if len(attrs) > MAX_ATTRIBUTES:
            raise ParseError(f"more than {MAX_ATTRIBUTES} attributes on one element")
        for key in attrs:
            if "}" in key:
                attrs = {_clark(key): value for key, value in attrs.items()}
                break
        above = len(self._open)
        if above == 0:
            self.root = Element(_clark(name), attrs)
        elif above == 1:
            self.started = self.parser.CurrentByteIndex
        elif above > MAX_DEPTH:
            raise ParseError(f"elements nested more than {MAX_DEPTH} deep")
        self._open.append((_clark(name), attrs, []))

    def _end(self, _name: str) -> None:
        name, attrs, children = self._open.pop()
        above = len(self._open)
        if above == 0:
            return
        element = _new(Element, (name, attrs, tuple(children)))
        if above > 1:
            self._open[-1][2].append(element)
            return
        if self.parser.CurrentByteIndex - self.started > MAX_STANZA:
            raise ParseError(f"a stanza of more than {MAX_STANZA} bytes")
        self.done.append(element)

    def _text(self, text: str) -> None:
        if len(self._open) == 1:
            if text.strip(" \t\r\n"):
                raise ParseError("text between stanzas")
            return
        children = self._open[-1][2]
        if children and isinstance(children[-1], str):
            children[-1] += text
        else:
            children.append(text)

    def parse(self, data: bytes, final: bool = False) -> None:
        """Take bytes in; raises :class:`ParseError`."""
        try:
            self.parser.Parse(data, final)
        except expat.ExpatError as error:
            raise ParseError(f"not well-formed XML: {expat.ErrorString(error.code)}") from None


def _forbidden(what: str) -> Any:
    def refuse(*_: Any) -> None:
        raise ParseError(f"{what} in a stream (RFC 6120 §11.1)")

    return refuse


_no_doctype: Final = _forbidden("a document type")
_no_instruction: Final = _forbidden("a processing instruction")
_no_comment: Final = _forbidden("a comment")


def decode(xml: str | bytes) -> Element:
    """The stanza that ``xml`` is, and nothing beside it; raises :class:`ParseError`.

    As inside a stream, names without a namespace are in ``jabber:client``, and ``stream:`` is known.
    """
    if isinstance(xml, str):
        try:
            xml = xml.encode()
        except UnicodeEncodeError:
            raise ParseError("a lone surrogate") from None
    if len(xml) > MAX_STANZA:
        raise ParseError(f"a stanza of more than {MAX_STANZA} bytes")
    builder = Builder()
    # Whoever closes the stream in between leaves our own end as junk after the document, which is an error.
    try:
        builder.parse(_OPEN + xml + _CLOSE, True)
    finally:
        builder.close()
    if len(builder.done) != 1:
        raise ParseError("not one whole stanza")
    return builder.done[0]
