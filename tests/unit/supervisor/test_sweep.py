"""Logins that nobody runs: by whom they are looked for, and who hears of it. Taking over is tested with processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import anyio
import anyio.lowlevel
import pytest
import redis

from sockethub.placement import Machine
from sockethub.supervisor import sweep as module
from sockethub.supervisor.notices import Listeners
from sockethub.supervisor.roster import Entry
from sockethub.supervisor.sweep import Sweep

pytestmark = pytest.mark.anyio

ME = Machine("me", frozenset({"irc"}), {}, 1.0, 10)
SECONDS = 0.1


class Stage:
    """One machine's sweep, on doubles. ``chosen`` is where each login is to run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, turns: bool, chosen: str) -> None:
        self.roster = SimpleNamespace(turn=AsyncMock(return_value=turns), orphans=AsyncMock(return_value={}))
        self.placing = SimpleNamespace(
            chosen=AsyncMock(return_value=chosen), have_look=AsyncMock(), here=lambda request: True
        )
        self.taken: list[str] = []
        self.looks = 0
        self._changed = anyio.Event()
        monkeypatch.setattr(module, "drop_dead_gateways", self._listeners)
        monkeypatch.setattr(module, "RedisClock", lambda _: SimpleNamespace(was_set=AsyncMock(return_value=False)))
        doubles: Any = SimpleNamespace(mend=AsyncMock(), calm=True, began=lambda: None)
        self.sweep = Sweep(
            cast(Any, None),
            cast(Any, None),
            cast(Any, self.roster),
            cast(Any, self.placing),
            doubles,
            doubles,
            logins={},
            me=lambda: ME,
            take=lambda request: self.taken.append(request.login),
            seconds=SECONDS,
        )

    async def _listeners(self, _: Any, logins: Sequence[str]) -> dict[str, Listeners]:
        self.looks += 1
        self._changed.set()
        self._changed = anyio.Event()
        return dict.fromkeys(logins, Listeners(frozenset({"gateway"}), frozenset()))

    async def looked(self, more: int = 1) -> None:
        """Wait for so many looks, and what they lead to."""
        until = self.looks + more
        with anyio.fail_after(10):
            while self.looks < until:
                await self._changed.wait()
        await anyio.lowlevel.checkpoint()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.sweep.run)
            yield
            tasks.cancel_scope.cancel()


LEFT = {"login": Entry("irc")}


async def test_whose_turn_it_is_not_does_not_read_the_roster(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, turns=False, chosen="me")
    async with stage.running():
        await stage.looked(3)
        assert not stage.roster.orphans.called
        stage.roster.orphans.return_value = LEFT
        stage.sweep.look()
        await stage.looked()
        assert stage.taken == ["login"]
        assert not stage.placing.have_look.called


async def test_who_finds_another_machines_login_has_that_look(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, turns=True, chosen="other")
    stage.roster.orphans.return_value = LEFT
    async with stage.running():
        await stage.looked()
        stage.placing.have_look.assert_awaited_once_with("other")
        assert stage.taken == []


async def test_who_was_told_tells_nobody_and_takes_what_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on looking although it is not its turn: whose the login is may be gone."""
    stage = Stage(monkeypatch, turns=False, chosen="other")
    stage.roster.orphans.return_value = LEFT
    stage.sweep.look()
    async with stage.running():
        with anyio.fail_after(10):
            while not stage.taken:
                await stage.looked()
    assert set(stage.taken) == {"login"}
    assert not stage.placing.have_look.called


async def test_who_alone_has_heard_of_it_tells_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, turns=False, chosen="other")
    stage.roster.orphans.return_value = LEFT
    stage.sweep.look(tell_others=True)
    async with stage.running():
        await stage.looked(2)
    stage.placing.have_look.assert_awaited_once_with("other")


async def test_what_is_said_while_nobody_reads_the_roster_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may come at any step of a look: here as the machine asks whether it has the turn."""
    stage = Stage(monkeypatch, turns=False, chosen="other")
    stage.roster.orphans.return_value = LEFT

    async def asked(_: float) -> bool:
        if not stage.roster.orphans.called:
            stage.sweep.look(tell_others=True)
        return False

    stage.roster.turn.side_effect = asked
    async with stage.running():
        await stage.looked(2)
    stage.placing.have_look.assert_awaited_once_with("other")


async def test_what_could_not_be_looked_for_is_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, turns=False, chosen="other")
    stage.roster.orphans.side_effect = [redis.ConnectionError("away"), LEFT, LEFT, LEFT]
    stage.sweep.look(tell_others=True)
    async with stage.running():
        await stage.looked()
    stage.placing.have_look.assert_awaited_once_with("other")


async def test_what_this_machine_may_never_take_has_it_read_the_roster_in_its_turn_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(monkeypatch, turns=False, chosen="other")
    stage.placing.here = lambda request: False
    stage.roster.orphans.return_value = LEFT
    stage.sweep.look()
    async with stage.running():
        await stage.looked(4)
    stage.roster.orphans.assert_awaited_once()
