"""P4: a client that comes back has seen everything, in order and once, or is told that it has not."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from sockethub.gateway.channel import Channel, Close, Connection, Keeping
from sockethub.sessions.log import SessionLog

FRAMES, CHARACTERS, OUTBOX = 6, 400, 1_200


class Resuming(RuleBasedStateMachine):
    """A session that is sent things; a client whose connections break at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.sent: list[int] = []
        self.seen: list[int] = []
        self.read: int = 0
        self.connection: Connection | None = None
        self.over = False

    @initialize()
    def connect(self) -> None:
        self.connection = self._connection()
        self.channel = Channel(self.connection)
        self.channel.keep(Keeping(60, FRAMES, CHARACTERS))

    def _connection(self) -> Connection:
        async def make() -> Connection:
            return Connection(OUTBOX)

        return self.loop.run_until_complete(make())

    @rule(size=st.integers(0, 150), ack=st.booleans())
    def something_happens(self, size: int, ack: bool) -> None:
        number = len(self.sent)
        self.sent.append(number)
        value = {"number": number, "text": "x" * size}
        if ack:
            self.channel.acknowledge(number, value)
        else:
            self.channel.deliver("message", value)

    @precondition(lambda self: self.connection is not None)
    @rule(count=st.integers(1, 4))
    def the_client_reads(self, count: int) -> None:
        assert self.connection is not None
        outbox = self.connection._outbox
        for _ in range(min(count, len(outbox))):
            frame = json.loads(self.loop.run_until_complete(outbox.take()))
            self._look_at(frame)

    def _look_at(self, frame: dict[str, Any]) -> None:
        self.seen.append(frame.get("data", frame.get("ack"))["number"])
        assert frame["offset"] == self.read + 1
        self.read = frame["offset"]

    @precondition(lambda self: self.connection is not None)
    @rule()
    def the_connection_breaks(self) -> None:
        """What was queued for it, or under way on the wire, is lost."""
        assert self.connection is not None
        assert self.channel.detach(self.connection)
        self.connection = None

    @precondition(lambda self: not self.over)
    @rule()
    def the_client_comes_back(self) -> None:
        """Also while its old connection still seems to be there."""
        missed = self.channel.missed(self.read)
        if missed is None:
            self.over = True
            return
        before, self.connection = self.connection, self._connection()
        self.channel.attach(self.connection, self.read)
        if before is not None:
            assert before.closing.result()[0] in (Close.RESUMED, Close.TOO_SLOW)
            assert not self.channel.detach(before)

    def teardown(self) -> None:
        # Whatever was seen is what happened, from the beginning, without a gap.
        assert self.seen == self.sent[: len(self.seen)]
        if not self.over and hasattr(self, "channel"):
            missed = self.channel.missed(self.read)
            if missed is not None:
                rest = [json.loads(text) for text in missed]
                numbers = [frame.get("data", frame.get("ack"))["number"] for frame in rest]
                assert self.seen + numbers == self.sent
        self.loop.close()


TestResuming = Resuming.TestCase


def test_an_offset_that_never_was_is_not_recovered() -> None:
    log = SessionLog(frames=3, characters=100)
    log.add("a")
    assert log.since(2) is None
    assert log.since(-1) is None
    assert log.since(1) == []
    assert log.since(0) == ["a"]


def test_a_frame_that_is_larger_than_everything_is_not_kept() -> None:
    log = SessionLog(frames=3, characters=4)
    assert [log.add("ab"), log.add("abcdef")] == [1, 2]
    assert (log.since(1), log.since(2)) == (None, [])
