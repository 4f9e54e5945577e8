"""Slots of a Redis Cluster: which one a command is of, who has them, and what a server says that has not. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from redis.crc import key_slot

from sockethub.jobs.commands import Word
from sockethub.redis_url import Address

__all__ = ["Redirect", "SlotMap", "redirect_of", "slot_of"]

_SCRIPTS: Final = frozenset({"EVAL", "EVALSHA"})
_STREAMS: Final = frozenset({"XREAD", "XREADGROUP"})
_OF_KEYS: Final = frozenset({"XINFO", "XGROUP"})
"""Their key comes behind the name of what is to be done."""

_KEYLESS: Final = frozenset(
    {
        "ACL",
        "ASKING",
        "CLUSTER",
        "EXEC",
        "INFO",
        "LATENCY",
        "MEMORY",
        "MULTI",
        "PING",
        "ROLE",
        "SCRIPT",
        "SLOWLOG",
        "TIME",
    }
)


def slot_of(command: Sequence[Any]) -> int | None:
    """The slot of a command's first key; None where it has none, and any server will do."""
    name, _, rest = str(command[0]).upper().partition(" ")
    at = 1
    if name in _KEYLESS:
        return None
    if name in _SCRIPTS:
        if not int(command[2]):
            return None
        at = 3
    elif name in _STREAMS:
        at = next(index for index, word in enumerate(command) if word in ("STREAMS", b"STREAMS")) + 1
    elif name in _OF_KEYS and not rest:
        at = 2
    return key_slot(_encoded(command[at])) if len(command) > at else None


def _encoded(word: Word) -> bytes:
    return word if isinstance(word, bytes) else str(word).encode()


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a command is to go instead.

    ``moved``: all of its slot, from now on; ``ask``: this one, for its keys are there already; ``later``: its keys are
    at two servers at present.
    """

    kind: Literal["moved", "ask", "later"]
    slot: int = -1
    address: Address = ("", 0)


def redirect_of(text: str, asked: Address) -> Redirect:
    """What an error of ``MOVED``, ``ASK`` or ``TRYAGAIN`` says, of the server at ``asked``."""
    kind, *words = text.split()
    if kind == "TRYAGAIN" or len(words) < 2:
        return Redirect("later")
    slot, where = words[0], words[1]
    host, _, port = where.rpartition(":")
    return Redirect("moved" if kind == "MOVED" else "ask", int(slot), (host or asked[0], int(port)))


@dataclass(frozen=True, slots=True)
class SlotMap:
    """Who has which slots, by ranges: thousands of workers have one each. ``servers`` are all, replicas among them."""

    firsts: tuple[int, ...] = ()
    lasts: tuple[int, ...] = ()
    owners: tuple[Address, ...] = ()
    servers: frozenset[Address] = frozenset()

    @classmethod
    def read(cls, rows: Iterable[Sequence[Any]], asked: Address) -> SlotMap:
        """From what the server at ``asked`` answers to ``CLUSTER SLOTS``.

        Raises TypeError, ValueError and LookupError when it makes no sense.
        """
        ranges = sorted((int(row[0]), int(row[1]), [_where(server, asked) for server in row[2:]]) for row in rows)
        return cls(
            tuple(first for first, _, _ in ranges),
            tuple(last for _, last, _ in ranges),
            tuple(servers[0] for _, _, servers in ranges),
            frozenset(server for _, _, servers in ranges for server in servers),
        )

    @property
    def masters(self) -> frozenset[Address]:
        return frozenset(self.owners)

    def owner(self, slot: int) -> Address | None:
        """Who has it; None where nobody does."""
        at = bisect_right(self.firsts, slot) - 1
        return self.owners[at] if at >= 0 and slot <= self.lasts[at] else None


def _where(server: Sequence[Any], asked: Address) -> Address:
    host = server[0].decode() if server[0] else ""
    # Nothing: the one that was asked; "?": it has a name, and does not know it.
    return (host if host not in ("", "?") else asked[0]), int(server[1])
