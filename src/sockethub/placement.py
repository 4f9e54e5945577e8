"""Which machine runs a login: one function that every supervisor computes alike, so that none has to be asked. Pure.

A login *needs* labels (no machine without them runs it) or *prefers* them (machines with more of these come first).
Among those that are as near, machines share by weighted rendezvous hashing (Thaler and Ravishankar 1998; weights:
Schindelhauer and Schomaker 2005): each login has, with each machine, a score that depends on these two alone, and goes
where it is highest. So shares are as the weights, and a machine that comes or goes moves no login but its own.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Protocol

__all__ = ["Machine", "Rule", "Wishes", "place", "server_of", "why_nowhere", "wishes_for"]

Labels = Mapping[str, str]


class Rule(Protocol):
    """As declared in ``platforms.<id>.placement``."""

    @property
    def server(self) -> str: ...
    @property
    def needs(self) -> Labels: ...
    @property
    def prefers(self) -> Labels: ...


@dataclass(frozen=True, slots=True)
class Wishes:
    """Labels of machines that a login needs, and those that it prefers."""

    needs: Labels = field(default_factory=dict)
    prefers: Labels = field(default_factory=dict)

    def encode(self) -> str:
        """As it travels; empty where there are none."""
        if not (self.needs or self.prefers):
            return ""
        return json.dumps([dict(self.needs), dict(self.prefers)], separators=(",", ":"), sort_keys=True)

    @classmethod
    def decode(cls, text: str) -> Wishes:
        """Raises ValueError."""
        if not text:
            return cls()
        needs, prefers = json.loads(text)
        if not isinstance(needs, dict) or not isinstance(prefers, dict):
            raise ValueError("not the labels that a login wishes for")
        return cls(needs, prefers)


@dataclass(frozen=True, slots=True)
class Machine:
    """A supervisor as others know it. ``room`` is how many more logins it may run; 0 also when it takes none."""

    id: str
    platforms: frozenset[str]
    labels: Labels = field(default_factory=dict)
    weight: int = 1
    room: int = 0

    def encode(self) -> str:
        """As JSON."""
        return json.dumps([sorted(self.platforms), dict(self.labels), self.weight, self.room], separators=(",", ":"))

    @classmethod
    def decode(cls, machine: str, text: bytes) -> Machine:
        """Raises ValueError."""
        platforms, labels, weight, room = json.loads(text)
        return cls(machine, frozenset(platforms), labels, int(weight), int(room))


def server_of(credentials: Mapping[str, Any]) -> str:
    """What rules match: the ``server`` that credentials name, else the domain of their ``userAddress``; lower case."""
    server, address = credentials.get("server"), credentials.get("userAddress")
    if isinstance(server, str) and server:
        return server.lower()
    return address.partition("/")[0].rpartition("@")[2].lower() if isinstance(address, str) else ""


def wishes_for(rules: Iterable[Rule], credentials: Mapping[str, Any]) -> Wishes:
    """Those of the first rule whose pattern the server matches; none where none does."""
    server = server_of(credentials)
    for rule in rules:
        if fnmatchcase(server, rule.server.lower()):
            return Wishes(rule.needs, rule.prefers)
    return Wishes()


def place(login: str, platform: str, wishes: Wishes, machines: Iterable[Machine]) -> str | None:
    """The id of the machine that is to run ``login``; None when none may."""
    able = [each for each in machines if each.room > 0 and _may(each, platform, wishes)]
    if not able:
        return None
    nearest = max(_agreeing(each.labels, wishes.prefers) for each in able)
    near = (each for each in able if _agreeing(each.labels, wishes.prefers) == nearest)
    return max(near, key=lambda each: (_score(login, each), each.id)).id


def why_nowhere(platform: str, wishes: Wishes, machines: Sequence[Machine]) -> tuple[str, str]:
    """Why none of ``machines`` may run a login: in one word, and what to tell its user."""
    if not any(platform in each.platforms for each in machines):
        return "unknown-platform", f"platform {platform} is not declared on any machine that is there"
    if not any(_may(each, platform, wishes) for each in machines):
        labels = ", ".join(f"{name}: {value}" for name, value in sorted(wishes.needs.items()))
        return "labels", f"no machine that is there has the labels that this login needs ({labels})"
    return "full", "all machines that may run this login run as many as they may; try again later"


def without(machines: Iterable[Machine], tried: Collection[str]) -> list[Machine]:
    """Those that are not ``tried`` yet."""
    return [each for each in machines if each.id not in tried]


def _may(machine: Machine, platform: str, wishes: Wishes) -> bool:
    return platform in machine.platforms and _agreeing(machine.labels, wishes.needs) == len(wishes.needs)


def _agreeing(labels: Labels, wanted: Labels) -> int:
    return sum(labels.get(name) == value for name, value in wanted.items())


def _score(login: str, machine: Machine) -> float:
    digest = hashlib.blake2b(f"{login}\0{machine.id}".encode(), digest_size=8).digest()
    share = (int.from_bytes(digest) + 0.5) / 2**64
    # Near 1, share may round to 1 and its logarithm to 0: the best score there is.
    return machine.weight / -math.log(share) if share < 1 else math.inf
