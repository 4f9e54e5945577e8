"""This gateway's inbox in Redis: replies, notices of supervisors, events of workers on other machines, orders."""

from __future__ import annotations

from typing import Final

import structlog

from sockethub import redis_keys
from sockethub.activity.platforms import Platforms
from sockethub.crypto import KeyRing, unseal
from sockethub.errors import CryptoError
from sockethub.gateway.router import Router
from sockethub.gateway.tasks import Tasks
from sockethub.ipc import inbox_binding
from sockethub.jobs import RedisLink, read_inbox
from sockethub.jobs.inbox import Entry
from sockethub.notices import Notice
from sockethub.operations.orders import Orders

LATEST: Final = 10_000
"""Logins of which the latest event is remembered: more than a gateway has that had to say one again lately."""

KINDS: Final = frozenset({"reply", "login", "event", "order"})


class Inbox:
    """Reads for ever. An entry that makes no sense is logged and dropped: every worker may write here."""

    def __init__(
        self,
        link: RedisLink,
        gateway: str,
        platforms: Platforms,
        keys: KeyRing,
        router: Router,
        orders: Orders,
        tasks: Tasks,
    ) -> None:
        self._link = link
        self._gateway = gateway
        self._stream = redis_keys.inbox(gateway)
        self._platforms = platforms
        self._keys = keys
        self._router = router
        self._orders = orders
        self._tasks = tasks
        self._latest: dict[str, str] = {}
        """The latest event by login. A worker that does not know whether it was put here puts it here again, and
        nothing else meanwhile."""
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        async for batch in read_inbox(self._link, self._stream):
            for entry in batch:
                try:
                    self._take(entry)
                except (KeyError, ValueError, CryptoError) as error:
                    self._refuse("an entry of the inbox makes no sense", entry, error)
                except Exception as error:  # noqa: BLE001 - a bug of ours; no single entry may end the service of all
                    self._refuse("an entry of the inbox was not taken", entry, error)

    def _refuse(self, event: str, entry: Entry, error: Exception) -> None:
        kind = entry.fields.get(b"kind", b"").decode(errors="replace")
        self._log.error(event, kind=kind if kind in KINDS else "unknown", error=type(error).__name__)

    def _take(self, entry: Entry) -> None:
        fields = entry.fields
        kind = fields[b"kind"]
        if kind == b"order":
            self._tasks.start(self._orders.take(fields))
            return
        login = fields[b"login"].decode()
        if kind == b"reply":
            self._router.reply(fields[b"session"].decode(), login, fields[b"job"].decode(), fields[b"data"])
        elif kind == b"login":
            notice = Notice.unseal(self._keys, fields[b"data"], login=login, gateway=self._gateway)
            self._router.notice(login, notice.state, notice.text)
        elif kind == b"event":
            self._event(login, fields)
        else:
            raise ValueError("unknown kind")

    def _event(self, login: str, fields: dict[bytes, bytes]) -> None:
        platform, record = fields[b"platform"].decode(), fields[b"id"].decode()
        if platform not in self._platforms:
            raise ValueError("unknown platform")
        if self._latest.get(login) == record:
            return
        plaintext = unseal(self._keys.login_key(platform, login), fields[b"data"], inbox_binding(login, record))
        self._latest.pop(login, None)
        self._latest[login] = record
        if len(self._latest) > LATEST:
            del self._latest[next(iter(self._latest))]
        self._router.event(platform, login, plaintext)
