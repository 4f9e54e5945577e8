"""Commands that are sent again while nobody knows what became of them: no answer takes back what another has said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sockethub.crypto import KeyRing, RootKey, Secret
from sockethub.errors import QueueError, QueueLost, QueueUnavailable
from sockethub.gateway.queueing import FOLLOWERS, Queueing
from sockethub.gateway.tasks import Tasks
from sockethub.jobs import Reply
from sockethub.operations.metrics import GatewayMetrics
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import DOUBTS, Session

KEYS = KeyRing(RootKey.new(0))
LOGIN = "a" * 64
METRICS = GatewayMetrics()

Step = tuple[str, str]
"""An id, and what the queue says of it, or that it is ``refused`` before; or ``work``: the worker replies to one."""


class House:
    """A session, and a queue that says what it is told to say."""

    def __init__(self) -> None:
        silent = cast(Any, SimpleNamespace(name="websocket"))
        self.session = Session(silent, "127.0.0.1", pending_limit=1_000, pending_bytes=1_000_000)
        self.binding = LoginBinding.make(
            KEYS, session="s", secret=Secret("x" * 32), platform="irc", login=LOGIN, actor={"id": "ann@irc"}, server=""
        )
        self.tasks = Tasks()
        self.queued: list[str] = []
        """Jobs."""
        self.told: dict[str, list[str]] = {}
        """Outcomes, by id, in the order they were told."""
        self.asked = 0
        self.connected: Callable[[], bool] = lambda: self.asked % 2 == 0
        queue = SimpleNamespace(time_limit_seconds=1.0, max_length=1_000, max_bytes=1_000_000)
        platform = SimpleNamespace(stateless=False, declared=SimpleNamespace(queue=queue, verbs={"send"}))
        platforms: Any = SimpleNamespace(get=lambda _: platform, known=lambda _: platform)
        logins: Any = SimpleNamespace(must_request=lambda _: False)
        nobody: Any = None
        self.queueing = Queueing("gw", platforms, cast(Any, self), nobody, logins, self.tasks, METRICS)

    def begin(self, message: Any, told: Callable[[QueueError | None], None], **limits: int) -> bool:
        """The queue, where Redis is connected."""
        if not self.connected():
            return False
        asyncio.get_running_loop().call_soon(told, self._taken(message))
        return True

    async def enqueue(self, message: Any, **limits: int) -> None:
        """The queue, where it is not: the message has its place, and is sent later."""
        error = self._taken(message)
        await asyncio.sleep(0)
        if error is not None:
            raise error

    def _taken(self, message: Any) -> QueueError | None:
        match self.says:
            case "lost":
                return QueueLost("Redis was lost")
            case "away":
                return QueueUnavailable("Redis is away")
        self.queued.append(message.message_id)
        return None

    def _answer(self, identifier: str) -> Callable[[Any], None]:
        def answer(told: Any = None) -> None:
            outcome = told.get("outcome", "error") if isinstance(told, dict) and "error" in told else "result"
            self.told.setdefault(identifier, []).append(outcome)

        return answer

    def _raw(self, identifier: str) -> dict[str, Any]:
        self.asked += 1
        return {"id": identifier, "type": "send", "context": "irc"}

    async def send(self, identifier: str, says: str) -> None:
        self.says = says
        raw = self._raw(identifier)
        self.queueing.submit(self.session, self.binding, raw, raw, self._answer(identifier), size=10)
        await asyncio.sleep(0)
        while len(self.tasks):  # noqa: ASYNC110 - it takes turns of the loop, and no time
            await asyncio.sleep(0)

    def refuse(self, identifier: str) -> None:
        answer = self._answer(identifier)
        if not self.queueing.refuse_again(self.session, self._raw(identifier), "too fast", answer, None):
            answer({"error": "too fast"})

    def work(self) -> None:
        if self.queued:
            pending = self.queueing._pending[self.queued.pop(0)]
            self.queueing._finish(pending, Reply("result"))

    async def end(self) -> None:
        """What waits still is not known to have been done."""
        await self.queueing.drain(0)


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["queued", "lost", "away", "refused"])),
        st.just(("", "work")),
    ),
    max_size=30,
)


def run(steps: list[Step]) -> House:
    async def live() -> House:
        house = House()
        for identifier, what in steps:
            match what:
                case "work":
                    house.work()
                case "refused":
                    house.refuse(identifier)
                case _:
                    await house.send(identifier, what)
        await house.end()
        return house

    return asyncio.run(live())


@given(steps)
@example([("a", "lost"), ("a", "away")])
@example([("a", "queued"), ("a", "refused"), ("", "work")])
@example([("a", "queued"), ("a", "away"), ("a", "away")])
@example([("a", "queued"), ("", "work"), ("a", "away")])
def test_who_was_told_that_it_may_have_been_done_is_not_told_that_it_was_not(steps: list[Step]) -> None:
    house = run(steps)
    for identifier, told in house.told.items():
        certain = [outcome for outcome in told if outcome != "error"]
        first = told.index(certain[0]) if certain else len(told)
        assert set(told[first:]) <= {"result", "unknown"}, (identifier, told)


@given(steps)
@example([("a", "queued")] + [("a", "away")] * (FOLLOWERS + 2) + [("a", "refused")])
def test_everything_is_answered_once(steps: list[Step]) -> None:
    house = run(steps)
    assert sum(map(len, house.told.values())) == house.asked
    assert house.session.pending == {}


def test_what_is_refused_while_the_first_waits_has_its_answer() -> None:
    house = run([("a", "queued"), ("a", "refused"), ("a", "away"), ("b", "away"), ("", "work")])
    assert house.told == {"a": ["result", "result", "result"], "b": ["error"]}


def test_what_was_never_tried_is_an_error() -> None:
    assert run([("a", "away"), ("a", "refused"), ("b", "refused")]).told == {"a": ["error", "error"], "b": ["error"]}


@pytest.mark.parametrize("identifier", [None, "a"])
def test_doubts_are_bounded(identifier: str | None) -> None:
    session = House().session
    session.doubt(identifier)
    assert session.in_doubt(identifier) == (identifier is not None)
    for number in range(DOUBTS):
        session.doubt(str(number))
    assert not session.in_doubt(identifier)
    assert session.in_doubt(str(DOUBTS - 1))
    assert session.in_doubt("0")


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12))
@example([(False, False), (True, False)])
def test_no_command_overtakes_another(commands: list[tuple[bool, bool]]) -> None:
    """Whether Redis is connected as each comes, and whether the loop turns before the next one."""

    async def live() -> None:
        house = House()
        house.says = "queued"
        for connected, turns in commands:
            house.connected = lambda connected=connected: connected
            raw = house._raw("a")
            house.queueing.submit(house.session, house.binding, raw, raw, house._answer("a"), size=10)
            if turns:
                await asyncio.sleep(0)
        while len(house.tasks):  # noqa: ASYNC110 - it takes turns of the loop, and no time
            await asyncio.sleep(0)
        assert house.queued == list(house.queueing._pending)
        await house.end()

    asyncio.run(live())
