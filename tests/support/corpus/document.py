"""One document of the corpus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Document:
    """``title`` and ``items`` are what must be answered: members of each post's ``object``, None for what is absent.

    ``{base}`` in a URL is where the server is.
    """

    name: str
    body: bytes
    title: str
    items: list[dict[str, Any]] = field(default_factory=list)
    content_type: str = "application/xml"
    feed: dict[str, Any] = field(default_factory=dict)
    """Members of the ``actor`` of its posts."""
