"""IRCv3 batches: what the lines between BATCH + and BATCH - mean together.

``chathistory`` becomes a ``collection``; ``draft/multiline`` one ``send``; ``labeled-response`` gives its label to
what it holds; ``netsplit``, ``netjoin`` and unknown types leave the activities apart and note the batch on each.
Sources: IRCv3 ``batch``, ``chathistory``, ``multiline``, ``labeled-response``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..entries import Entries
from .entities import named, person, service
from .env import Activity, Env
from .frame import keep, timestamp
from .line import Line

__all__ = ["Batch", "close_batch", "open_batch"]


@dataclass(frozen=True, slots=True)
class Batch:
    """An open batch. ``parent`` is the batch it stands in."""

    type: str
    params: tuple[str, ...] = ()
    parent: str | None = None
    label: str | None = None
    msgid: str | None = None
    time: str | None = None
    items: Entries[Activity] = field(default_factory=Entries)


def open_batch(line: Line) -> Batch:
    """From ``BATCH +ref type params…``."""
    tags = line.tags
    return Batch(
        type=line.params[1],
        params=line.params[2:],
        parent=tags.get("batch"),
        label=tags.get("label"),
        msgid=tags.get("msgid"),
        time=timestamp(tags["time"]) if "time" in tags else None,
    )


def close_batch(batch: Batch, env: Env) -> list[Activity]:
    """What the batch comes to."""
    return _CLOSE.get(batch.type, _apart)(batch, env)


def _apart(batch: Batch, env: Env) -> list[Activity]:
    about = {"type": batch.type, "params": list(batch.params)}
    return [keep(dict(item), batch=dict(about)) for item in batch.items]


def _labelled(batch: Batch, env: Env) -> list[Activity]:
    if not batch.label:
        return list(batch.items)
    return [{**item, "id": batch.label} for item in batch.items]


def _history(batch: Batch, env: Env) -> list[Activity]:
    about = named(batch.params[0], env) if batch.params and batch.params[0] else service(env)
    collection: Activity = {
        "context": "irc",
        "type": "collection",
        "actor": about,
        "target": person(env.nick, env),
        "summary": about["name"],
        "totalItems": len(batch.items),
        "items": list(batch.items),
    }
    if batch.label:
        collection["id"] = batch.label
    return [keep(collection, truncated=True)] if batch.items.truncated else [collection]


def _multiline(batch: Batch, env: Env) -> list[Activity]:
    """One message; its lines are joined by line breaks, except where the sender says a line goes on."""
    items = [item for item in batch.items if isinstance(item.get("object", {}).get("content"), str)]
    if not items:
        return list(batch.items)
    first = {key: value for key, value in items[0].items() if key not in ("irc:wire", "irc:concat")}
    content = ""
    for index, item in enumerate(items):
        if index and item.get("irc:concat") is not True:
            content += "\n"
        content += item["object"]["content"]
    first["object"] = {**first["object"], "content": content}
    if batch.msgid:
        first["object"]["id"] = batch.msgid
    if batch.label:
        first["id"] = batch.label
    if batch.time:
        first["published"] = batch.time
    return [keep(first, truncated=True)] if batch.items.truncated else [first]


_CLOSE: Final[Mapping[str, Callable[[Batch, Env], list[Activity]]]] = {
    "chathistory": _history,
    "draft/multiline": _multiline,
    "labeled-response": _labelled,
}
