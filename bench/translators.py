"""What translation costs, as a ratio to what reading the wire alone costs with the nearest parser.

IRC beside irctokens' tokenising, XMPP beside ElementTree's parsing. Each figure is the median of
so many rounds over the same input, floor and step in turn, so that whatever else the machine does befalls both. Single
thread, garbage collection as in service.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeVar
from xml.etree import ElementTree

import irctokens

from sockethub_translators import irc, xmpp

T = TypeVar("T")

IN = "in: decode, to_activity"
OUT = "out: from_activity, encode"

TARGET = 3.0
"""Either way, at most so many times the floor."""

BATCH = 2_000
"""Calls in one round for a single message."""

TOGETHER = 100
"""Lines of a log that are measured at once: activities are translated soon after they were made, when they are in the
processor's caches. Tens of thousands are not, and to fetch them takes a third of the time."""

MIX = {
    ":alice!~al@user/alice PRIVMSG #room :hello world, how is everyone today": 50,
    ":bob!bob@10.0.0.7 PRIVMSG me :a word in private": 6,
    "@time=2026-11-23T12:00:00.000Z;msgid=abc123;account=alice :alice!~al@user/alice PRIVMSG #room :tagged": 12,
    ":alice!~al@user/alice PRIVMSG #room :\x01ACTION waves\x01": 3,
    ":services.example NOTICE me :This nickname is registered": 3,
    ":carol!~c@host.example JOIN #room carol :Carol Real": 6,
    ":carol!~c@host.example PART #room :bye": 3,
    ":dave!~d@host.example QUIT :Ping timeout: 240 seconds": 4,
    ":dave!~d@host.example NICK dave2": 2,
    ":op!~o@host.example MODE #room +o carol": 2,
    ":op!~o@host.example TOPIC #room :a new topic": 1,
    ":irc.example 353 me = #room :@op +carol dave erin frank grace heidi": 2,
    ":irc.example 366 me #room :End of /NAMES list.": 1,
    ":irc.example 352 me #room ~c host.example irc.example carol H@ :0 Carol Real": 3,
    ":irc.example 404 me #room :Cannot send to channel": 1,
    ":irc.example 999 me something :nobody knows": 1,
}
"""Lines of a busy channel, and how often each comes among a hundred."""


@dataclass(frozen=True)
class Step:
    """One thing to measure, done once by ``run``."""

    name: str
    run: Callable[[], object]


def time_of(run: Callable[[], object], calls: int) -> float:
    """Microseconds for one call."""
    started = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - started) / calls * 1e6


def compare(
    title: str, batches: Callable[[], Iterable[Sequence[Step]]], *, rounds: int, calls: int, per: int = 1
) -> dict[str, float]:
    """Measure and print; returns the ratio of each step to the first. ``per``: messages in all batches."""
    measured: dict[str, list[float]] = {}
    for _ in range(rounds):
        taken: dict[str, float] = defaultdict(float)
        for steps in batches():
            for step in steps:
                taken[step.name] += time_of(step.run, calls) / per
        for name, value in taken.items():
            measured.setdefault(name, []).append(value)
    medians = {name: median(values) for name, values in measured.items()}
    print(f"\n{title}")
    floor = next(iter(medians.values()))
    ratios = {name: value / floor for name, value in medians.items()}
    for name, value in medians.items():
        print(f"  {name:<28} {value:8.2f} us   {ratios[name]:5.2f} x   {1e6 / value:>10,.0f}/s")
    return ratios


def each(run: Callable[[T], object], items: Iterable[T]) -> None:
    """Do it with every item and keep nothing."""
    deque(map(run, items), maxlen=0)


ISUPPORT = irc.ISupport().update(["CHANTYPES=#&", "PREFIX=(qaohv)~&@%+", "STATUSMSG=@+", "CHANMODES=beI,k,l,imnpst"])


def message(title: str, floor: Step, protocol: Any, wire: bytes | str, env: Any, rounds: int) -> dict[str, float]:
    """One message, step by step; both protocols have the same names."""
    one = protocol.decode(wire)
    (activity,) = protocol.to_activity(one, env)
    said = protocol.strip(activity)
    steps = (
        floor,
        Step("decode", lambda: protocol.decode(wire)),
        Step("to_activity", lambda: protocol.to_activity(one, env)),
        Step(IN, lambda: protocol.to_activity(protocol.decode(wire), env)),
        Step("from_activity", lambda: protocol.from_activity(said, env)),
        Step("encode", lambda: protocol.encode(one)),
        Step(OUT, lambda: [protocol.encode(each) for each in protocol.from_activity(said, env)]),
        Step("from_activity with residue", lambda: protocol.from_activity(activity, env)),
    )
    return compare(title, lambda: [steps], rounds=rounds, calls=BATCH)


def irc_message(rounds: int) -> dict[str, float]:
    """One PRIVMSG."""
    env = irc.Env(server="irc.example", nick="me", isupport=ISUPPORT)
    text = next(iter(MIX))
    floor = Step("irctokens.tokenise", lambda: irctokens.tokenise(text))
    return message("IRC: one PRIVMSG", floor, irc, text.encode() + b"\r\n", env, rounds)


def xmpp_message(rounds: int) -> dict[str, float]:
    """One message of a room."""
    text = (
        "<message xmlns='jabber:client' type='groupchat' id='m1' from='a@muc.example/alice' to='me@own.example/home'>"
        "<body>hello world, how is everyone today</body><stanza-id xmlns='urn:xmpp:sid:0' id='s1' by='a@muc.example'/>"
        "</message>"
    )
    floor = Step("ElementTree.fromstring", lambda: ElementTree.fromstring(text))
    return message("XMPP: one message of a room", floor, xmpp, text, xmpp.Env("me@own.example/home"), rounds)


def irc_log(count: int, rounds: int) -> dict[str, float]:
    """A log of a busy channel: both ways, and aggregated."""
    env = irc.Env(server="irc.example", nick="me", isupport=ISUPPORT)
    texts = random.Random(1).choices(list(MIX), weights=list(MIX.values()), k=count)

    def steps(texts: list[str]) -> list[Step]:
        wires = [text.encode() + b"\r\n" for text in texts]
        translated = [irc.to_activity(irc.decode(wire), env) for wire in wires]

        def aggregated() -> None:
            state = irc.Aggregator()
            for wire in wires:
                state, _ = irc.aggregate.feed(state, irc.decode(wire), env)

        def back(activities: list[irc.Activity]) -> None:
            for line in irc.from_activity(activities, env):
                irc.encode(line)

        return [
            Step("irctokens.tokenise", lambda: each(irctokens.tokenise, texts)),
            Step("decode", lambda: each(irc.decode, wires)),
            Step(IN, lambda: each(lambda wire: irc.to_activity(irc.decode(wire), env), wires)),
            Step(OUT, lambda: each(back, translated)),
            Step("in, aggregated", aggregated),
        ]

    def batches() -> Iterator[list[Step]]:
        for start in range(0, count, TOGETHER):
            yield steps(texts[start : start + TOGETHER])

    return compare(f"IRC: a log of {count:,} lines, per line", batches, rounds=rounds, calls=1, per=count)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench translators", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="lines of the log")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    measured = {
        "IRC message": irc_message(options.rounds * 5),
        "XMPP message": xmpp_message(options.rounds * 5),
        "IRC log": irc_log(options.count, options.rounds),
    }
    missed = [
        f"{title} {way.partition(':')[0]}"
        for title, ratios in measured.items()
        for way in (IN, OUT)
        if ratios[way] > TARGET
    ]
    print(f"\nAt most {TARGET:g} x either way: {'missed by ' + ', '.join(missed) if missed else 'met'}")
