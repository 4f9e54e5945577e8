"""Answers to PROPFIND and REPORT (RFC 4918 §13). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from sockethub.errors import PlatformError
from sockethub.web.xml import tree

RESPONSES: Final = 10_000
"""Of one answer that are read; more are for a narrower query."""

DAV: Final = "DAV:"


def tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"


@dataclass(frozen=True)
class Found:
    """One resource, and its properties that there are."""

    href: str
    properties: dict[str, Element]

    def text(self, name: str) -> str:
        """The text of a property; ``""`` without it."""
        found = self.properties.get(name)
        return (found.text or "").strip() if found is not None else ""

    def href_of(self, name: str) -> str:
        """The address that a property holds; ``""`` without it."""
        found = self.properties.get(name)
        inner = found.find(tag(DAV, "href")) if found is not None else None
        return (inner.text or "").strip() if inner is not None else ""

    def is_a(self, name: str) -> bool:
        """Whether it is of this resource type."""
        kinds = self.properties.get(tag(DAV, "resourcetype"))
        return kinds is not None and kinds.find(name) is not None

    @property
    def etag(self) -> str:
        return self.text(tag(DAV, "getetag"))


def read(body: bytes) -> list[Found]:
    """Raises :class:`~sockethub.errors.PlatformError`, condition ``bad-response`` or ``hostile``."""
    root = tree(body, "the answer")
    if root.tag != tag(DAV, "multistatus"):
        raise PlatformError("the answer is not WebDAV", condition="bad-response")
    found = root.findall(tag(DAV, "response"))
    if len(found) > RESPONSES:
        raise PlatformError(f"more than {RESPONSES} were found; ask for fewer", condition="too-large")
    return [each for response in found if (each := _found(response)) is not None]


def _found(response: Element) -> Found | None:
    href = response.findtext(tag(DAV, "href"), "").strip()
    return Found(href, dict(_properties(response))) if href else None


def _properties(response: Element) -> Iterator[tuple[str, Element]]:
    for propstat in response.findall(tag(DAV, "propstat")):
        status = propstat.findtext(tag(DAV, "status"), "").split()
        if len(status) > 1 and status[1].startswith("2"):
            for prop in propstat.findall(tag(DAV, "prop")):
                yield from ((each.tag, each) for each in prop)
