"""An XML element as a value: what stanzas are made of (RFC 6120 §8, §11).

::

    Element("{jabber:client}message", {"to": "a@b"}, (Element("{jabber:client}body", {}, ("hello",)),))

Names are in Clark notation, ``{namespace}local``; so are attributes with a prefix, while those without are plain.
Children are elements and texts in order; two texts never stand side by side, and none is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

__all__ = ["ILLEGAL", "MAX_DEPTH", "MAX_DIGITS", "XML_LANG", "Element", "Node", "element", "illegal", "whole"]

XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"

MAX_DEPTH: Final = 128
"""How deep elements may nest; real stanzas stay below twenty. It keeps every walk through one off the stack's end."""

MAX_DIGITS: Final = 15
"""Digits of a number that JavaScript holds exactly."""

ILLEGAL: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot carry, not even as a reference (§2.2)."""


def illegal(text: str) -> re.Match[str] | None:
    """The first character that XML cannot carry. What is printable can be carried; only the rest is searched."""
    return None if text.isprintable() else ILLEGAL.search(text)


class Element(NamedTuple):
    """One element. Nothing in it may be changed: make another.

    Equal are elements with the same name, attributes in any order, and children in the same order. Prefixes are
    not part of the value.
    """

    name: str
    attrs: Mapping[str, str]
    children: tuple[Node, ...] = ()

    @property
    def namespace(self) -> str:
        return self.name[1 : self.name.index("}")] if self.name[:1] == "{" else ""

    @property
    def local(self) -> str:
        return self.name[self.name.index("}") + 1 :] if self.name[:1] == "{" else self.name

    @property
    def text(self) -> str:
        """The texts directly inside, joined."""
        children = self.children
        if not children:
            return ""
        if len(children) == 1 and isinstance(children[0], str):
            return children[0]
        return "".join(child for child in children if isinstance(child, str))

    def elements(self) -> Iterator[Element]:
        """The child elements."""
        return (child for child in self.children if not isinstance(child, str))

    def find(self, name: str) -> Element | None:
        """The first child of this name."""
        for child in self.children:
            if child.__class__ is not str and child.name == name:  # type: ignore[union-attr]
                return child  # type: ignore[return-value]
        return None

    def find_all(self, name: str) -> list[Element]:
        return [child for child in self.children if not isinstance(child, str) and child.name == name]

    def text_of(self, name: str) -> str | None:
        """The text of the first child of this name; None without one."""
        found = self.find(name)
        return None if found is None else found.text


Node: TypeAlias = Element | str


def element(
    name: str, attrs: Mapping[str, str | None] | None = None, *children: Node | None, more: Iterable[Node] = ()
) -> Element:
    """An element; attributes and children that are None are left out, texts that meet are joined."""
    nodes: list[Node] = []
    for child in (*children, *more) if more else children:
        if child is None or child == "":
            continue
        if isinstance(child, str) and nodes and isinstance(nodes[-1], str):
            nodes[-1] += child
        else:
            nodes.append(child)
    given = {} if attrs is None else {key: value for key, value in attrs.items() if value is not None}
    return Element(name, given, tuple(nodes))


def whole(text: str | None, digits: int = MAX_DIGITS) -> int | None:
    """The whole number that ``text`` is, in at most so many digits of ASCII; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= digits else None
