"""XML that may be hostile: vetted by expat itself, and read into a tree. Pure.

Expat lets a document of a few megabytes of entities grow by their square, and trees go as deep as they like. Nothing
that is read here has a use for entities of its own, so whatever declares any is refused before one is expanded.
"""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from sockethub.errors import PlatformError

DEPTH: Final = 128
"""Levels of elements; Atom with XHTML inside has some twenty."""

ELEMENTS: Final = 100_000
"""Of a whole document: thousands of entries of a feed, or of a calendar."""

ATTRIBUTES: Final = 64
"""Of one element."""


def vet(text: str, what: str) -> None:
    """Raises :class:`~sockethub.errors.PlatformError` (``hostile``), naming it ``what``; ExpatError for no XML."""
    _Reader(what, encoding="utf-8").parse(text.encode("utf-8", "replace"))


def tree(data: bytes, what: str) -> Element:
    """The root element; names are ``{namespace}local``.

    Raises :class:`~sockethub.errors.PlatformError`, condition ``hostile`` or ``bad-response``.
    """
    builder = TreeBuilder()
    try:
        _Reader(what, builder).parse(data)
    except (expat.ExpatError, LookupError, ValueError):  # of encodings that are none
        raise PlatformError(f"{what} is not well-formed XML", condition="bad-response") from None
    return builder.close()


class _Reader:
    def __init__(self, what: str, builder: TreeBuilder | None = None, encoding: str | None = None) -> None:
        self._what = what
        self._depth = 0
        self._elements = 0
        self._builder = builder
        self._parser = expat.ParserCreate(encoding, None if builder is None else "}")
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._entity
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        if builder is not None:
            self._parser.buffer_text = True
            self._parser.CharacterDataHandler = builder.data

    def parse(self, text: bytes) -> None:
        self._parser.Parse(text, True)

    def _doctype(self, _name: str, _system: str | None, _public: str | None, _subset: bool) -> None:
        raise self._hostile("declares a document type of its own")

    def _entity(self, *_: object) -> None:
        raise self._hostile("declares entities")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > DEPTH:
            raise self._hostile(f"is nested deeper than {DEPTH} levels")
        if self._elements > ELEMENTS:
            raise self._hostile(f"has more than {ELEMENTS} elements")
        if len(attributes) > ATTRIBUTES:
            raise self._hostile(f"has an element with more than {ATTRIBUTES} attributes")
        if self._builder is not None:
            self._builder.start(_named(name), {_named(key): value for key, value in attributes.items()})

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._builder is not None:
            self._builder.end(_named(name))

    def _hostile(self, why: str) -> PlatformError:
        return hostile(self._what, why)


def hostile(what: str, why: str) -> PlatformError:
    return PlatformError(f"{what} {why}; it is not read", condition="hostile")


def _named(name: str) -> str:
    return f"{{{name}" if "}" in name else name
