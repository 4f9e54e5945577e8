"""The patience with which a connection is made again."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.errors import PlatformError
from sockethub.worker.reconnecting import Patience, Reconnecting

QUICK = Patience(first=0.001, longest=0.002, seconds=5)


class Service:
    """Connections that end, and attempts that fail, as a test has it."""

    def __init__(self, *attempts: PlatformError | None, patience: Patience = QUICK) -> None:
        self.said: list[str] = []
        self._attempts = list(attempts)
        self.ended = anyio.Event()
        self.condition = ""
        self.reconnecting = Reconnecting(
            patience,
            frozenset({"banned"}),
            watch=self._watch,
            again=self._again,
            interrupted=lambda reason: self.said.append(f"interrupted: {reason}"),
            over=lambda reason: self.said.append(f"over: {reason}"),
        )

    async def _watch(self) -> tuple[str, str]:
        await self.ended.wait()
        self.ended = anyio.Event()
        return "cut", self.condition

    async def _again(self) -> None:
        outcome = self._attempts.pop(0)
        if outcome is not None:
            self.said.append(f"failed: {outcome}")
            raise outcome
        self.said.append("again")


@pytest.mark.anyio
async def test_it_is_made_again_until_it_stands() -> None:
    service = Service(PlatformError("refused"), PlatformError("refused"), None)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(service.reconnecting.run)
        service.ended.set()
        with anyio.fail_after(5):
            while "again" not in service.said:
                await service.reconnecting.hurry(0.01)
        assert service.said == ["interrupted: cut", "failed: refused", "failed: refused", "again"]
        assert service.reconnecting.running
        service.reconnecting.cancel()
    assert not service.reconnecting.running


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("condition", "attempts", "said"),
    [
        ("banned", [], ["over: cut"]),
        (
            "",
            [PlatformError("no", condition="banned")],
            ["interrupted: cut", "failed: no", "over: no"],
        ),
    ],
)
async def test_what_would_end_the_same_way_is_not_tried(
    condition: str, attempts: list[PlatformError], said: list[str]
) -> None:
    service = Service(*attempts)
    service.condition = condition
    service.ended.set()
    with anyio.fail_after(5):
        await service.reconnecting.run()
    assert service.said == said
    assert not service.reconnecting.running


@pytest.mark.anyio
async def test_it_is_given_up_when_the_time_is_over() -> None:
    service = Service(PlatformError("refused"), patience=Patience(0.001, 0.001, 0))
    service.ended.set()
    with anyio.fail_after(5):
        await service.reconnecting.run()
    assert service.said[-1] == "over: refused"


@pytest.mark.anyio
async def test_who_leaves_while_it_ends_hears_no_more() -> None:
    service = Service()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(service.reconnecting.run)
        await anyio.wait_all_tasks_blocked()
        service.ended.set()
        service.reconnecting.cancel()
    assert service.said == []


@given(st.integers(0, 1_000), st.floats(0.5, 1))
def test_pauses_grow_to_the_longest(attempts: int, jitter: float) -> None:
    patience = Patience(1, 30, 300)
    pause = patience.pause(attempts, jitter)
    assert 0.5 <= pause <= 30
    assert patience.pause(attempts + 1, jitter) >= pause
