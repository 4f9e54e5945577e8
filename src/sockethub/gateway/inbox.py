"""This gateway's inbox in Redis: replies, notices of supervisors, events of workers on other machines."""

from __future__ import annotations

import structlog

from sockethub import redis_keys
from sockethub.activity.platforms import Platforms
from sockethub.crypto import KeyRing, unseal
from sockethub.errors import CryptoError
from sockethub.gateway.router import Router
from sockethub.ipc import inbox_binding
from sockethub.jobs import RedisLink, read_inbox
from sockethub.jobs.inbox import Entry


class Inbox:
    """Reads for ever. An entry that makes no sense is logged and dropped."""

    def __init__(self, link: RedisLink, gateway: str, platforms: Platforms, keys: KeyRing, router: Router) -> None:
        self._link = link
        self._stream = redis_keys.inbox(gateway)
        self._platforms = platforms
        self._keys = keys
        self._router = router
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        async for batch in read_inbox(self._link, self._stream):
            for entry in batch:
                try:
                    self._take(entry)
                except (KeyError, ValueError, CryptoError) as error:
                    self._log.error("an entry of the inbox makes no sense", error=type(error).__name__)

    def _take(self, entry: Entry) -> None:
        fields = entry.fields
        kind, login = fields[b"kind"], fields[b"login"].decode()
        if kind == b"reply":
            self._router.reply(fields[b"session"].decode(), login, fields[b"job"].decode(), fields[b"data"])
        elif kind == b"login":
            self._router.notice(login, fields[b"state"].decode(), fields[b"text"].decode())
        elif kind == b"event":
            self._event(login, fields)
        else:
            raise ValueError("unknown kind")

    def _event(self, login: str, fields: dict[bytes, bytes]) -> None:
        platform, record = fields[b"platform"].decode(), fields[b"id"].decode()
        if platform not in self._platforms:
            raise ValueError("unknown platform")
        binding = inbox_binding(login, record)
        self._router.event(login, unseal(self._keys.login_key(platform, login), fields[b"data"], binding))
