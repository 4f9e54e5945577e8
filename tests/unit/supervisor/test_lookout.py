"""Who hangs is seen without asking, and nobody is blamed for a machine that did not run."""

from __future__ import annotations

import math
import time

import anyio
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sockethub.supervisor import lookout
from sockethub.supervisor.lookout import LOOK_SECONDS, PATIENCE_SECONDS, hangs, look_after

pytestmark = pytest.mark.anyio

TIMES = st.floats(0, 1e9)
SHORT = 0.02


@pytest.mark.parametrize(
    ("due", "stopped_at", "hung"),
    [
        (math.inf, None, False),
        (100.0, None, False),
        (100.0 - PATIENCE_SECONDS, None, False),
        (100.0 - PATIENCE_SECONDS - 0.1, None, True),
        (math.inf, 100.0, False),
        (math.inf, 100.0 - PATIENCE_SECONDS - 0.1, True),
        (100.0 - PATIENCE_SECONDS - 0.1, 100.0, True),
        (math.nan, None, False),
        (math.nan, 0.0, False),
    ],
    ids=["waits", "runs", "late", "too late", "just stopped", "stopped", "too late and stopped", "nonsense", "as bad"],
)
def test_who_hangs(due: float, stopped_at: float | None, hung: bool) -> None:
    assert hangs(due, stopped_at, 100.0) is hung


@given(TIMES, TIMES, st.floats(0, 100))
@example(0.0, 0.0, PATIENCE_SECONDS)
def test_it_is_told_in_time_and_stays_told(due: float, now: float, later: float) -> None:
    if hangs(due, None, now):
        assert now >= due
        assert hangs(due, None, now + later)
        assert hangs(math.inf, due, now), "stopped for as long is as bad"


def test_within_six_seconds() -> None:
    assert LOOK_SECONDS + PATIENCE_SECONDS <= 6


class One:
    """A worker that is looked at."""

    def __init__(self, due: float, stopped_at: float | None = None) -> None:
        self.due = due
        self.stopped_at = stopped_at
        self.ended = anyio.Event()

    def hang(self) -> None:
        self.ended.set()


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "LOOK_SECONDS", SHORT)
    monkeypatch.setattr(lookout, "LATE_SECONDS", 5 * SHORT)
    monkeypatch.setattr(lookout, "PATIENCE_SECONDS", 10 * SHORT)


@pytest.mark.usefixtures("brief")
async def test_those_that_hang_are_ended_and_no_others() -> None:
    now = time.monotonic()
    hung, stopped, well, waiting = One(now), One(math.inf, now), One(math.inf), One(now + 60)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look_after, lambda: [hung, waiting, stopped, well])
        with anyio.fail_after(5):
            await hung.ended.wait()
            await stopped.ended.wait()
        tasks.cancel_scope.cancel()
    assert not well.ended.is_set()
    assert not waiting.ended.is_set()
    assert time.monotonic() - now >= 10 * SHORT


@pytest.mark.usefixtures("brief")
async def test_who_did_not_run_itself_blames_nobody() -> None:
    """A machine that was stopped as a whole: its workers have their patience once more, and no longer."""
    one = One(time.monotonic())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look_after, lambda: [one])
        await anyio.wait_all_tasks_blocked()
        time.sleep(20 * SHORT)  # noqa: ASYNC251 - the loop does not run: that is the point
        awake = time.monotonic()
        await anyio.sleep(2 * SHORT)
        assert not one.ended.is_set()
        with anyio.fail_after(5):
            await one.ended.wait()
        assert time.monotonic() - awake >= 10 * SHORT
        tasks.cancel_scope.cancel()
