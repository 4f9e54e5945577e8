"""Finds logins that ought to run and that nobody runs, and drops the sessions of gateways that are gone.

Every machine looks after its own logins. Those of all stand in the roster, which the machines read in turn: what Redis
has to do for it does not grow with their number. Who finds a login that is another machine's has that one look.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final

import anyio
import redis
import redis.asyncio
import structlog

from sockethub.placement import Machine
from sockethub.supervisor.keeper import LoginKeeper
from sockethub.supervisor.leases import Leases
from sockethub.supervisor.notices import Listeners, drop_dead_gateways
from sockethub.supervisor.outage import RENEWAL_SECONDS, Outage, RedisClock
from sockethub.supervisor.placing import Placing, Request
from sockethub.supervisor.redis_users import RedisUsers
from sockethub.supervisor.roster import Entry, Roster

__all__ = ["Sweep"]

SWEEP_SECONDS: Final = 5.0
"""At most, between two looks of one machine at its own logins, and of anybody at the roster."""

TURN_SHARE: Final = 0.4
"""Of that, for which the roster is not read again: a machine that is alone has its turn each time it looks."""


class Sweep:
    """Of one machine. ``take`` begins to run a login that nobody runs."""

    def __init__(
        self,
        client: redis.asyncio.Redis,
        leases: Leases,
        roster: Roster,
        placing: Placing,
        users: RedisUsers,
        outage: Outage,
        *,
        logins: Mapping[str, LoginKeeper],
        me: Callable[[], Machine],
        take: Callable[[Request], None],
        seconds: float,
    ) -> None:
        self._client = client
        self._leases = leases
        self._roster = roster
        self._placing = placing
        self._users = users
        self._outage = outage
        self._logins = logins
        self._me = me
        self._take = take
        self._seconds = min(SWEEP_SECONDS, seconds)
        self._wake = anyio.Event()
        self._due = False
        """There is something to find, whoever's turn it is."""
        self._tell_others = False
        """What is found is to be found by those whose it is."""
        self._left: dict[Request, float] = {}
        """Logins that nobody ran at the last look, and since when."""
        self._log = structlog.get_logger(__name__).bind(supervisor=me().id)

    def look(self, *, tell_others: bool = False) -> None:
        """There is something to find. With ``tell_others`` this machine alone has heard of it."""
        self._due = True
        self._tell_others |= tell_others
        self._wake.set()

    async def run(self) -> None:
        """For ever."""
        clock = RedisClock(self._client)
        while True:
            with anyio.move_on_after(self._seconds * random.uniform(0.5, 1.0)):
                await self._wake.wait()
            self._wake = anyio.Event()
            try:
                if await clock.was_set():
                    self._log.warning("the clock of Redis was set; nothing is swept before all is renewed")
                    await anyio.sleep(RENEWAL_SECONDS)
                    continue
                await self._users.mend()
                gone = await self._look()
            except redis.RedisError as error:
                self._log.warning("not swept", error=type(error).__name__)
                self._outage.began()
                continue
            for login, keeper in list(self._logins.items()):
                if login in gone:
                    await keeper.forget(gone[login])

    async def _look(self) -> dict[str, frozenset[str]]:
        """The gateways that are gone, for each login that is looked at."""
        # What nobody takes whose it is, this machine takes in time, if it may.
        if not self._due and not any(map(self._placing.here, self._left)):
            if not await self._roster.turn(self._seconds * TURN_SHARE):
                return _gone(await drop_dead_gateways(self._client, sorted(self._logins)))
            self._tell_others = True
        # What is said from now on may be of what was read already.
        tell_others, self._due, self._tell_others = self._tell_others, False, False
        try:
            return await self._search(tell_others=tell_others)
        except redis.RedisError:
            self._due, self._tell_others = True, self._tell_others or tell_others
            raise

    async def _search(self, *, tell_others: bool) -> dict[str, frozenset[str]]:
        """As :meth:`_look`, at all logins that ought to run."""
        orphans = await self._roster.orphans(self._logins)
        listeners = await drop_dead_gateways(self._client, sorted({*self._logins, *orphans}))
        left = {login: entry for login, entry in orphans.items() if listeners[login].alive}
        for login in orphans.keys() - left.keys():
            await self._clear(login)
        for request in await self._to_take(left, tell_others=tell_others):
            self._log.warning("taking over a login", login=request.login, platform=request.platform)
            self._take(request)
        return _gone(listeners)

    async def _to_take(self, left: Mapping[str, Entry], *, tell_others: bool) -> list[Request]:
        """Those of the logins that nobody runs which are this machine's, or that nobody has taken for some time:
        another machine, whose they are, may be gone, or believe that they are somebody else's."""
        now, others, mine, me = anyio.current_time(), set[str](), list[Request](), self._me().id
        requests = [Request(login, entry.platform, wishes=entry.wishes) for login, entry in left.items()]
        self._left = {request: self._left.get(request, now) for request in requests}
        for request in requests:
            chosen = await self._placing.chosen(request)
            if chosen is not None and chosen != me:
                others.add(chosen)
            takes = chosen == me or now - self._left[request] >= self._seconds
            if takes and self._outage.calm and request.login not in self._logins and len(mine) < self._me().room:
                mine += [request] if self._placing.here(request) else []
        if tell_others:
            for other in others:
                await self._placing.have_look(other)
        return mine

    async def _clear(self, login: str) -> None:
        """Nobody runs it and nobody listens; unless somebody asked for it this moment."""
        if login not in self._logins and await self._leases.acquire(login) is not None:
            await self._roster.strike(login)
            await self._leases.release(login)


def _gone(listeners: Mapping[str, Listeners]) -> dict[str, frozenset[str]]:
    return {login: each.gone for login, each in listeners.items()}
