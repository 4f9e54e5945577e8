"""Every figure there is, what it aims at, and what it stands beside. Pure but for printing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.load import Latency

TIMES: Final = "\N{MULTIPLICATION SIGN}"
Run = dict[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """``aim`` is what is to be reached: at most, or with ``more`` at least. ``floor``: figures of the same run, the
    sum of which it stands on."""

    key: str
    text: str
    unit: str
    aim: float | None = None
    floor: tuple[str, ...] = ()
    more: bool = False

    def met(self, value: float) -> bool | None:
        if self.aim is None:
            return None
        return value >= self.aim if self.more else value <= self.aim

    def ratio(self, value: float, floor: float) -> float:
        """How many times the floor it takes, whichever way is better."""
        return floor / value if self.more else value / floor


def _latency(key: str, text: str, *floor: str, aims: tuple[float | None, float | None] = (None, None)) -> Iterable[Row]:
    for name, aim in zip(("p50", "p99"), aims, strict=True):
        yield Row(f"{key}.{name}", f"{text}, {name}", "ms", aim, tuple(f"{each}.{name}" for each in floor))


def _transport(key: str, name: str, aims: tuple[float, float], rates: tuple[float, float, float]) -> Iterable[Row]:
    yield from _latency(f"echo.{key}", f"echo, {name}", "floor.path", aims=aims)
    yield Row(f"echo.{key}.idle", f"echo after 1.5 s idle, {name}, p50", "ms", 3, ("floor.path.p50",))
    for clients, aim in zip((1, 10, 50), rates, strict=True):
        text = f"{name}, {clients} {'client' if clients == 1 else 'clients'} {TIMES} 10 outstanding"
        yield Row(f"rate.{key}.{clients}", text, "/s", aim, (f"floor.rate.{clients}",), more=True)


def _translation(key: str, text: str) -> Iterable[Row]:
    yield Row(f"translate.{key}.in", f"{text}: decode, translate", TIMES, 3)
    yield Row(f"translate.{key}.out", f"{text}: translate, encode", TIMES, 3)


ROWS: Final = (
    *_transport("socketio", "Socket.IO", (1.0, 3.0), (3_500, 6_000, 6_000)),
    *_transport("plain", "plain WebSocket", (0.7, 2.0), (6_000, 10_000, 10_000)),
    Row(
        "irc.ack.p50",
        "IRC `send` until confirmed by the server, p50",
        "ms",
        1.5,
        ("floor.path.p50", "floor.irc.ack.p50"),
    ),
    Row("irc.rate", "IRC `send`, 10 outstanding", "/s", 2_000, ("floor.irc.rate",), more=True),
    *_latency("irc.across", "IRC, browser → ircd → browser", "floor.path", "floor.irc.across", aims=(1.5, 5.0)),
    *_latency("xmpp.across", "XMPP, browser → Prosody → browser", "floor.path", "floor.xmpp.across", aims=(20, 40)),
    Row("irc.connect.one", "connect to a local ircd, one, p50", "ms", 25, ("floor.irc.connect.one",)),
    Row("irc.connect.many", "connect to a local ircd, 20 at once, p50", "ms", 150, ("floor.irc.connect.many",)),
    Row("xmpp.connect.one", "connect to Prosody, one, p50", "ms", 150, ("floor.xmpp.connect.one",)),
    Row("xmpp.connect.many", "connect to Prosody, 10 at once, p50", "ms", 600, ("floor.xmpp.connect.many",)),
    Row("memory.irc.pss", "an IRC login, PSS", "MiB", 4),
    Row("memory.irc.private", "an IRC login, private", "MiB"),
    Row("memory.xmpp.pss", "an XMPP login, PSS", "MiB", 7),
    Row("memory.xmpp.private", "an XMPP login, private", "MiB"),
    Row("memory.gateway", "gateway after load, RSS", "MiB", 120),
    Row("memory.redis", "Redis, gained by 25 echoes for each call", "MiB", 0.5),
    Row("memory.client", "an idle client's connection, in the gateway", "KiB", 40),
    Row("idle.busy", "200 idle IRC logins, of a core", "%", 1),
    Row("idle.connections", "connections to Redis of each login", "", 2),
    *_translation("irc", "a PRIVMSG"),
    *_translation("log", "a log of a busy channel"),
    *_translation("xmpp", "a message of a room"),
)

FLOORS: Final = (
    *_latency("floor.ws", "a bare Hypercorn echo"),
    *_latency("floor.hop", "a bare hop over a Redis stream"),
    *_latency("floor.path", "two hops and an echo, their sum"),
    *(
        Row(f"floor.rate.{clients}", f"a bare Hypercorn, {clients} {TIMES} 10 outstanding", "/s")
        for clients in (1, 10, 50)
    ),
    Row("floor.irc.ack.p50", "ngIRCd, bare sockets: PRIVMSG and a PING after it, p50", "ms"),
    Row("floor.irc.rate", "the same, 10 outstanding", "/s"),
    *_latency("floor.irc.across", "ngIRCd, from a bare socket to another"),
    Row("floor.irc.connect.one", "ngIRCd, a bare socket until welcome, p50", "ms"),
    Row("floor.irc.connect.many", "the same, 20 at once, p50", "ms"),
    *_latency("floor.xmpp.across", "Prosody, room message from a bare socket to another"),
    Row("floor.xmpp.connect.one", "Prosody, a bare socket until bound, p50", "ms"),
    Row("floor.xmpp.connect.many", "the same, 10 at once, p50", "ms"),
)

BY_KEY: Final = {row.key: row for row in (*ROWS, *FLOORS)}


class Figures:
    """Those of one run, printed as they come."""

    def __init__(self) -> None:
        self.run: Run = {}

    def add(self, key: str, value: float) -> None:
        row = BY_KEY[key]
        self.run[key] = value
        print(f"{row.text:<72}{shown(value):>10} {row.unit}", flush=True)

    def latency(self, key: str, found: Latency) -> None:
        self.add(f"{key}.p50", found.p50)
        self.add(f"{key}.p99", found.p99)


@dataclass(frozen=True, slots=True)
class Merged:
    """One figure of several runs."""

    middle: float
    low: float
    high: float


def merged(runs: Iterable[Run]) -> dict[str, Merged]:
    """Medians with ranges; a figure that a run lacks does not count there."""
    values: dict[str, list[float]] = {}
    for run in runs:
        for key, value in run.items():
            values.setdefault(key, []).append(value)
    return {key: Merged(median(found), min(found), max(found)) for key, found in values.items()}


def shown(value: float) -> str:
    """With three digits that say something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
