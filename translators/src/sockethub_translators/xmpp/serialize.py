"""Elements to XML that says the same, and nothing else.

The same element always gives the same bytes: namespaces are declared where they change, attributes stand in order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from xml.parsers import expat

from ..errors import EncodeError
from . import ns
from .element import MAX_DEPTH, Element, illegal

__all__ = ["check", "encode"]

_XML: Final = "http://www.w3.org/XML/1998/namespace"
_RESERVED: Final = frozenset({_XML, "http://www.w3.org/2000/xmlns/"})

_NOT_NAME: Final = re.compile(r"[\0-,/:-@\[-^`{-\x7f\ud800-\udfff]")
"""ASCII that no name without a prefix has. About the rest the editions of XML differ, and the parser decides."""

_IN_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_SPECIAL: Final = re.compile('[&<>"\t\n\r]')


def _is_name(local: str) -> bool:
    if not local or _NOT_NAME.search(local):
        return False
    try:
        expat.ParserCreate().Parse(f"<{local}/>", True)
    except expat.ExpatError:
        return False
    return True


@lru_cache(maxsize=2048)
def _split(name: str) -> tuple[str, str]:
    """Namespace and local name, both fit to be written."""
    namespace, local = "", name
    if name[:1] == "{":
        namespace, brace, local = name[1:].rpartition("}")
        if not brace or not namespace or "}" in namespace:
            raise EncodeError(f"{name!r:.80} is not a name in Clark notation")
    if not _is_name(local):
        raise EncodeError(f"{local!r:.80} is not an XML name")
    if illegal(namespace) or namespace in _RESERVED - {_XML}:
        raise EncodeError(f"{namespace!r:.80} is not a namespace")
    return namespace, local


def _text(value: str) -> str:
    if illegal(value):
        raise EncodeError("a character that XML cannot carry")
    return value.translate(_IN_TEXT) if _SPECIAL.search(value) else value


def _attribute(value: str) -> str:
    if illegal(value):
        raise EncodeError("a character that XML cannot carry")
    return value.translate(_IN_ATTRIBUTE) if _SPECIAL.search(value) else value


def encode(element: Element, *, xmlns: str = ns.CLIENT) -> bytes:
    """The element as XML in UTF-8; raises :class:`EncodeError`.

    ``xmlns`` is the default namespace of where it will stand, by default a client's stream; the empty string declares
    every namespace, for XML that stands alone.
    """
    parts: list[str] = []
    _write(element, xmlns, parts, 0)
    return "".join(parts).encode()


def check(element: Element) -> None:
    """Raise :class:`EncodeError` if the element cannot be written."""
    _write(element, "", [], 0)


def _write(element: Element, inherited: str, parts: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise EncodeError(f"elements nested more than {MAX_DEPTH} deep")
    namespace, local = _split(element.name)
    if namespace == _XML:
        raise EncodeError("an element in the namespace of xml:")
    parts.append("<" + local)
    if namespace != inherited:
        parts.append(f' xmlns="{_attribute(namespace)}"')
    if element.attrs:
        _write_attributes(element.attrs, parts)
    if not element.children:
        parts.append("/>")
        return
    parts.append(">")
    for child in element.children:
        if isinstance(child, str):
            parts.append(_text(child))
        else:
            _write(child, namespace, parts, depth + 1)
    parts.append(f"</{local}>")


def _write_attributes(attrs: Mapping[str, str], parts: list[str]) -> None:
    named = []
    for name, value in attrs.items():
        namespace, local = ("", name) if name in _PLAIN else _split(name)
        if not namespace and local == "xmlns":
            raise EncodeError("xmlns is a declaration, not an attribute")
        named.append((namespace, local, value))
    named.sort()
    for number, (namespace, local, value) in enumerate(named):
        prefix = ""
        if namespace == _XML:
            prefix = "xml:"
        elif namespace:
            prefix = f"ns{number}:"
            parts.append(f' xmlns:ns{number}="{_attribute(namespace)}"')
        parts.append(f' {prefix}{local}="{_attribute(value)}"')


_PLAIN: Final = frozenset({"from", "to", "id", "type", "node", "jid", "var", "name"})
"""Attributes known to be names."""
