"""Files that a message brings: ``attachment`` of ``{"type": "document", "url", "name"?, "mediaType"?, "size"?}``.

Two ways say it. XEP-0066 has the address alone, and every client knows it; XEP-0447 has the rest. What we write says
both where there is something to say, and what is read counts an address once.
"""

from __future__ import annotations

from typing import Any, Final

from . import ns
from .element import Element, element, whole
from .fields import items, number, optional_text, text

__all__ = ["NAMES", "read", "write"]

_OOB: Final = ns.tag(ns.OOB, "x")
_OOB_URL: Final = ns.tag(ns.OOB, "url")
_OOB_DESC: Final = ns.tag(ns.OOB, "desc")
_SHARING: Final = ns.tag(ns.SFS, "file-sharing")
NAMES: Final = frozenset({_OOB, _SHARING})
_SOURCES: Final = ns.tag(ns.SFS, "sources")
_METADATA: Final = "urn:xmpp:file:metadata:0"
_FILE: Final = ns.tag(_METADATA, "file")
_URL_DATA: Final = "{http://jabber.org/protocol/url-data}url-data"


def read(stanza: Element) -> list[dict[str, Any]]:
    """In the order of the stanza; what both ways say of one address is one file."""
    files: list[dict[str, Any]] = []
    alone: dict[tuple[str, str], dict[str, Any]] = {}
    for part in stanza.elements():
        if part.name not in (_SHARING, _OOB):
            continue
        found = _read_sharing(part) if part.name == _SHARING else _read_oob(part)
        if found is None:
            continue
        other = alone.pop((_OOB if part.name == _SHARING else _SHARING, found["url"]), None)
        if other is None:
            files.append(found)
            alone[part.name, found["url"]] = found
        elif part.name == _SHARING:
            other.update(found)
    return files


def _read_oob(part: Element) -> dict[str, Any] | None:
    url, name = part.text_of(_OOB_URL), part.text_of(_OOB_DESC)
    if not url:
        return None
    return {"type": "document", "url": url, **({"name": name} if name else {})}


def _read_sharing(part: Element) -> dict[str, Any] | None:
    file, sources = part.find(_FILE), part.find(_SOURCES)
    link = None if sources is None else sources.find(_URL_DATA)
    url = None if link is None else link.attrs.get("target")
    if file is None or not url:
        return None
    found: dict[str, Any] = {"type": "document", "url": url}
    for key, local in (("name", "name"), ("mediaType", "media-type")):
        value = file.text_of(ns.tag(_METADATA, local))
        if value:
            found[key] = value
    size = whole(file.text_of(ns.tag(_METADATA, "size")))
    if size is not None:
        found["size"] = size
    return found


def write(obj: dict[str, Any]) -> list[Element]:
    parts: list[Element] = []
    for index, file in enumerate(items(obj, "attachment", "$.object")):
        path = f"$.object.attachment[{index}]"
        url = text(file, "url", path)
        name = optional_text(file, "name", path)
        media_type = optional_text(file, "mediaType", path)
        size = number(file, "size", path)
        if media_type or size is not None:
            parts.append(_write_sharing(url, name, media_type, size))
        said = element(_OOB_DESC, None, name) if name else None
        parts.append(element(_OOB, None, element(_OOB_URL, None, url), said))
    return parts


def _write_sharing(url: str, name: str | None, media_type: str | None, size: int | None) -> Element:
    said = (("media-type", media_type), ("name", name), ("size", None if size is None else str(size)))
    about = [element(ns.tag(_METADATA, local), None, value) for local, value in said if value]
    source = element(_SOURCES, None, Element(_URL_DATA, {"target": url}))
    return element(_SHARING, None, element(_FILE, None, *about), source)
