"""Requests for logins, and which machine is to take each (:mod:`sockethub.placement`).

Whoever reads a request decides; where it is not itself, it enters the login into the roster, so that it cannot be lost,
and puts the request into the other's inbox. Who cannot take it after all passes it on, to one that was not ``tried``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sockethub.placement import Wishes, place, why_nowhere, without
from sockethub.supervisor.leases import Leases
from sockethub.supervisor.machines import Machines
from sockethub.supervisor.notices import Notices
from sockethub.supervisor.roster import Entry, Roster

__all__ = ["LOGIN", "LOOK", "Placing", "Request"]

LOGIN: Final = b"login"
"""The kind of a word that has a machine run a login."""

LOOK: Final = b"look"
"""The kind of a word that has a machine look for what nobody runs."""


@dataclass(frozen=True, slots=True)
class Request:
    """``login`` is to run; ``gateway`` asked for it, and these machines cannot take it."""

    login: str
    platform: str
    gateway: str = ""
    wishes: str = ""
    tried: tuple[str, ...] = ()

    @classmethod
    def parse(cls, fields: Mapping[bytes, bytes]) -> Request:
        """Raises KeyError and ValueError."""
        login, platform, gateway = (fields[name].decode() for name in (b"login", b"platform", b"gateway"))
        wishes = fields.get(b"wishes", b"").decode()
        Wishes.decode(wishes)
        return cls(login, platform, gateway, wishes, tuple(json.loads(fields.get(b"tried", b"[]"))))

    def to_fields(self) -> dict[bytes, bytes]:
        """As a word for another machine."""
        return {
            b"kind": LOGIN,
            b"login": self.login.encode(),
            b"platform": self.platform.encode(),
            b"gateway": self.gateway.encode(),
            b"wishes": self.wishes.encode(),
            b"tried": json.dumps(self.tried).encode(),
        }


class Placing:
    """What one supervisor decides. Raises ``redis.RedisError``."""

    def __init__(self, machines: Machines, roster: Roster, leases: Leases, notices: Notices) -> None:
        self._machines = machines
        self._roster = roster
        self._leases = leases
        self._notices = notices

    def here(self, request: Request) -> bool:
        """Whether this machine may take it."""
        return place(request.login, request.platform, Wishes.decode(request.wishes), [self._machines.me]) is not None

    async def chosen(self, request: Request) -> str | None:
        """The machine that is to take it, by its id."""
        machines = without(await self._machines.all(), request.tried)
        return place(request.login, request.platform, Wishes.decode(request.wishes), machines)

    def tried_here(self, request: Request) -> Request:
        """The same, for anybody but this machine."""
        return replace(request, tried=(*request.tried, self._machines.me.id))

    async def pass_on(self, request: Request, machine: str) -> None:
        await self._roster.enter(request.login, Entry(request.platform, request.wishes))
        await self._machines.tell(machine, request.to_fields())

    async def refuse(self, request: Request) -> str:
        """Nobody may take it: tell, and have nobody look for it. Why, in one word."""
        reason, text = why_nowhere(request.platform, Wishes.decode(request.wishes), await self._machines.all())
        if request.tried and await self._leases.acquire(request.login) is not None:  # passed on, and so entered
            await self._roster.strike(request.login)
            await self._leases.release(request.login)
        await self._notices.tell(request.login, "failed", text, also=request.gateway)
        return reason

    async def have_look(self, machine: str) -> None:
        """Something was left, for ``machine`` to find."""
        await self._machines.tell(machine, {b"kind": LOOK})

    def forget(self) -> None:
        """What is known of the others has changed."""
        self._machines.forget()
