"""A feed as a value: what all formats have in common. Text is plain unless its name says HTML; URLs are absolute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Author:
    name: str = ""
    url: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """Something attached. ``size`` is in bytes, ``seconds`` how long it plays; 0 where nobody says."""

    url: str
    type: str = ""
    title: str = ""
    size: int = 0
    seconds: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One post. ``content`` is sanitised HTML where ``html`` says so; ``brief`` is a summary beside it, plain."""

    id: str = ""
    url: str = ""
    title: str = ""
    content: str = ""
    html: bool = False
    brief: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[Author, ...] = ()
    categories: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    image: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    title: str = ""
    description: str = ""
    link: str = ""
    image: str = ""
    language: str = ""
    authors: tuple[Author, ...] = ()
    categories: tuple[str, ...] = ()
    updated: datetime | None = None
    entries: tuple[Entry, ...] = ()
