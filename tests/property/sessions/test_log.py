"""A client that drops and returns has seen what happened, in order and once, or is told that it has not."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sockethub.sessions.log import SessionLog

FRAMES: Final = 4
CHARACTERS: Final = 12


class Client(RuleBasedStateMachine):
    """A session's log beside all that was ever sent, and a client whose connection comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.happened: list[str] = []
        self.seen: list[str] = []
        self.attached = True

    @initialize(after=st.integers(0, 3))
    def begin(self, after: int) -> None:
        self.log = SessionLog(frames=FRAMES, characters=CHARACTERS, after=after)
        self.after = after

    def recoverable(self, count: int) -> bool:
        """Whether the newest ``count`` frames are within both bounds."""
        newest = self.happened[len(self.happened) - count :]
        return count <= FRAMES and sum(map(len, newest)) <= CHARACTERS

    @rule(
        texts=st.lists(st.text("ab", min_size=1, max_size=CHARACTERS + 1) | st.sampled_from("ab"), max_size=FRAMES + 1)
    )
    def events(self, texts: list[str]) -> None:
        for text in texts:
            self.happened.append(text)
            assert self.log.add(text) == self.after + len(self.happened)
            if self.attached:
                self.seen.append(text)

    @precondition(lambda self: self.attached)
    @rule(lost=st.integers(0, 3))
    def drop(self, lost: int) -> None:
        """The connection is cut with up to ``lost`` frames on their way."""
        self.attached = False
        self.seen = self.seen[: max(0, len(self.seen) - lost)]

    @precondition(lambda self: not self.attached)
    @rule()
    def resume(self) -> None:
        missing = len(self.happened) - len(self.seen)
        missed = self.log.since(self.after + len(self.seen))
        assert (missed is not None) == self.recoverable(missing)
        if missed is None:
            self.begin(0)
            self.happened, self.seen = [], []
        else:
            self.seen += missed
        self.attached = True

    @rule(ahead=st.integers(1, 5))
    def ask_for_the_future(self, ahead: int) -> None:
        assert self.log.since(self.log.last + ahead) is None

    @rule(behind=st.integers(1, 5))
    def ask_for_what_was_before(self, behind: int) -> None:
        assert self.log.since(self.after - behind) is None

    @invariant()
    def nothing_is_missing_while_attached(self) -> None:
        if self.attached:
            assert self.seen == self.happened


TestClient = Client.TestCase
