"""Between elements and those of :mod:`xml.etree.ElementTree`, which XMPP libraries such as slixmpp hold."""

from __future__ import annotations

from xml.etree.ElementTree import Element as Etree

from ..errors import ParseError
from .element import MAX_DEPTH, Element, element

__all__ = ["from_etree", "to_etree"]


def from_etree(tree: Etree, depth: int = 0) -> Element:
    """An element of a tree; raises :class:`ParseError` for one nested too deeply, or with comments in it."""
    if depth > MAX_DEPTH:
        raise ParseError(f"elements nested more than {MAX_DEPTH} deep")
    if not isinstance(tree.tag, str):
        raise ParseError("a comment or processing instruction in a stream (RFC 6120 §11.1)")
    if not len(tree):
        return Element(tree.tag, tree.attrib, (tree.text,) if tree.text else ())
    nodes: list[Element | str | None] = [tree.text]
    for child in tree:
        nodes += (from_etree(child, depth + 1), child.tail)
    return element(tree.tag, tree.attrib, *nodes)


def to_etree(node: Element) -> Etree:
    """A tree of an element."""
    tree = Etree(node.name, dict(node.attrs))
    last: Etree | None = None
    for child in node.children:
        if not isinstance(child, str):
            last = to_etree(child)
            tree.append(last)
        elif last is None:
            tree.text = child
        else:
            last.tail = child
    return tree
