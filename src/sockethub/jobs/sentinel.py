"""Redis Sentinel: which server is the master now, asked before each connection; who is at another one leaves it.

All sentinels are asked, and the one with the highest ``config-epoch`` is believed: one that was cut off, with the old
master perhaps, names the old one (https://redis.io/docs/latest/develop/reference/sentinel-clients/). What it names must
then say by ``ROLE`` that it is a master.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Final, Protocol
from weakref import WeakSet

from sockethub.jobs.commands import auth
from sockethub.jobs.once import once
from sockethub.redis_url import Address, Sentinels, sentinels_of

__all__ = ["Follower", "Master", "NoMaster", "master_of", "watch"]

LOOK_SECONDS: Final = 0.5
"""Between two looks of a gateway or a supervisor: what is written to a master after another was promoted is lost."""


class NoMaster(ConnectionError):
    """The sentinels name none at present, or none answers."""


class Follower(Protocol):
    """A connection to the master."""

    def leave(self, master: Address) -> None:
        """Close, unless this is where it leads."""


class Master:
    """Where the master is, as this process has found it last."""

    def __init__(self, sentinels: Sentinels) -> None:
        self._sentinels = sentinels
        self._address: Address | None = None
        self._followers: WeakSet[Follower] = WeakSet()

    def follow(self, follower: Follower) -> None:
        """Have ``follower`` leave a server that is the master no more."""
        self._followers.add(follower)

    async def find(self) -> Address:
        """Ask. Raises :class:`NoMaster`."""
        answers = await asyncio.gather(*(_answer(self._sentinels, each) for each in self._sentinels.addresses))
        address = newest([answer for answer in answers if answer is not None], self._sentinels)
        if address != self._address:
            self._address = address
            for follower in list(self._followers):
                follower.leave(address)
        return address


@cache
def master_of(sentinels: Sentinels) -> Master:
    """The one of this process: all its connections share what one of them finds."""
    return Master(sentinels)


async def watch(url: str, moved: Callable[[Address], None] | None = None) -> None:
    """Look for another master, for ever: this process's connections move there, and ``moved`` is told where it is.

    Returns at once when ``url`` names no sentinels.
    """
    sentinels = sentinels_of(url)
    if sentinels is None:
        return
    known: Address | None = None
    while True:
        with suppress(NoMaster):  # who has something to do there says so
            address = await master_of(sentinels).find()
            if moved is not None and known is not None and address != known:
                moved(address)
            known = address
        await asyncio.sleep(LOOK_SECONDS)


def newest(answers: list[tuple[int, Address | None]], sentinels: Sentinels) -> Address:
    """The address of the highest epoch. Raises :class:`NoMaster`."""
    if not answers:
        raise NoMaster("no sentinel answers")
    address = max(answers, key=lambda answer: (answer[1] is not None, answer[0]))[1]
    if address is None:
        raise NoMaster(f"the sentinels know no master {sentinels.master!r}, or do not let us ask")
    if address[1] not in sentinels.ports:
        raise NoMaster(f"the master is at port {address[1]}: say so in `redis.url` (…&ports={address[1]})")
    return address


async def _answer(sentinels: Sentinels, address: Address) -> tuple[int, Address | None] | None:
    """What one sentinel says: its epoch, and where the master is; None when it is silent."""
    commands = [
        *auth(sentinels.username, None if sentinels.password is None else sentinels.password.reveal()),
        ("SENTINEL", "MASTER", sentinels.master),
        ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", sentinels.master),
    ]
    answers = await once(address, commands, tls=sentinels.tls)
    if answers is None:
        return None
    *_, described, where = answers
    if not isinstance(described, list) or not isinstance(where, list):
        return 0, None
    fields = dict(zip(described[::2], described[1::2], strict=False))
    return int(fields.get(b"config-epoch", 0)), (where[0].decode(), int(where[1]))
