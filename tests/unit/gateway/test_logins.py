"""Credentials become logins; what is given and comes to nothing leaves nothing."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import anyio
import pytest

from sockethub.crypto import KeyRing, RootKey
from sockethub.errors import QueueUnavailable
from sockethub.gateway.logins import Logins
from sockethub.sessions.place import Place
from sockethub.sessions.session import Session
from sockethub.sessions.table import SessionTable

pytestmark = pytest.mark.anyio

DECLARED = SimpleNamespace(placement=())
IRC = cast(Any, SimpleNamespace(id="irc", stateless=False, secrets=("password",), declared=DECLARED))
GIVEN = {
    "type": "credentials",
    "context": "irc",
    "actor": {"id": "ann@irc.example", "type": "person"},
    "object": {"type": "credentials", "nick": "ann", "server": "irc.example", "password": "hush"},
}


class Stage:
    """Logins of one session, on doubles."""

    def __init__(self) -> None:
        self.places = [[Place("logins", "irc", "l1")], [Place("logins", "irc", "l1")]]
        self.limits = SimpleNamespace(log_in=AsyncMock(side_effect=self.places), logged_out=AsyncMock())
        self.store = SimpleNamespace(attach=AsyncMock(), release=AsyncMock(), record=AsyncMock())
        self.session = Session(cast(Any, SimpleNamespace()), "127.0.0.1", pending_limit=1, pending_bytes=1)
        table = SessionTable(per_address=1, per_user=1)
        self._logins = Logins(KeyRing(RootKey.new(0)), cast(Any, self.store), table, cast(Any, self.limits))

    async def give(self) -> None:
        await self._logins.credentials(self.session, IRC, GIVEN)

    @property
    def given_back(self) -> list[list[Place]]:
        return [call.args[0].places for call in self.limits.logged_out.call_args_list]


async def test_what_is_kept_is_not_given_back() -> None:
    stage = Stage()
    await stage.give()
    await stage.give()
    assert stage.given_back == []
    assert stage.limits.log_in.await_count == 1
    assert stage.store.record.await_count == 2


async def test_what_is_cancelled_is_given_back() -> None:
    stage, reached = Stage(), anyio.Event()

    async def record(*_: Any) -> None:
        reached.set()
        await anyio.sleep_forever()

    stage.store.record = AsyncMock(side_effect=record)
    giving = asyncio.ensure_future(stage.give())
    await reached.wait()
    giving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await giving
    assert stage.given_back == stage.places[:1]
    stage.store.release.assert_awaited_once()


async def test_what_failed_is_released_but_not_what_is_in_use() -> None:
    stage = Stage()
    await stage.give()
    stage.store.record = AsyncMock(side_effect=QueueUnavailable("away"))
    with pytest.raises(QueueUnavailable):
        await stage.give()
    assert stage.given_back == []
    stage.store.release.assert_not_called()


async def test_a_login_that_is_given_twice_at_once_takes_one_place() -> None:
    stage, both = Stage(), anyio.Event()

    async def record(*_: Any) -> None:
        if stage.store.record.await_count == 2:
            both.set()
        await both.wait()

    stage.store.record = AsyncMock(side_effect=record)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stage.give)
            tasks.start_soon(stage.give)
    (kept,) = stage.session.by_login.values()
    assert len(stage.given_back) == 1
    assert stage.given_back[0] is not kept.places
    stage.store.release.assert_not_called()
