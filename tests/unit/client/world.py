"""A gateway, a network and a clock, as far as the core of the client can tell.

tests/unit/javascript/gateway.mjs is the same in another language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sockethub.client.core import AskToken, Core, Drop, Effect, Emit, Frame, Open, Options, Send, Settle

REGISTRY = {"fingerprint": "f", "contexts": {"as": "as", "sockethub": "sh"}, "platforms": []}
TIME = 60.0


@dataclass
class Session:
    """What the gateway knows of one; ``token`` once it can be resumed."""

    token: str | None = None
    log: list[Frame] = field(default_factory=list)
    owed: list[Frame] = field(default_factory=list)

    def number(self, frame: Frame) -> Frame:
        self.log.append({**frame, "offset": len(self.log) + 1})
        return self.log[-1]


@dataclass
class Wire:
    """A connection, and what is under way on it."""

    session: Session = field(default_factory=Session)
    user: str | None = None
    up: list[Frame] = field(default_factory=list)
    down: list[Frame] = field(default_factory=list)


class Gateway:
    """Sessions that can be resumed, and a record of what was done, which outlives them."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.logins: list[str] = []
        self.kept: Session | None = None
        self.refuse_credentials = False
        self.keeps = True
        self.asks = False
        self.expires: int | None = None
        self.stopping = False
        self._begun = 0
        self._record: dict[str, Any] = {}

    def take(self, wire: Wire, frame: Frame) -> None:
        if frame["event"] == "authenticate":
            wire.user = frame["data"]["token"]
            wire.down.append({"id": frame["id"], "ack": {"user": "u", "expires": self.expires}})
            return
        assert wire.user is not None or not self.asks, "the first frame says who this is"
        if self.stopping and frame["event"] in ("message", "credentials"):
            refused = {**frame["data"], "error": "restarting", "retry": True}
            wire.session.owed.append({"id": frame["id"], "ack": refused})
        elif frame["event"] == "end":
            self.kept = None
        elif frame["event"] in ("session", "resume", "schemas"):
            ack, missed = self._own(wire, frame)
            wire.down += [{"id": frame["id"], "ack": ack}, *missed]
        else:
            wire.session.owed.append({"id": frame["id"], "ack": self._perform(frame["event"], frame["data"])})

    def _own(self, wire: Wire, frame: Frame) -> tuple[Any, list[Frame]]:
        data = frame.get("data")
        if frame["event"] == "schemas":
            return ({"fingerprint": "f", "unchanged": True} if data == "f" else REGISTRY), []
        if not self.keeps:
            return {"error": "unknown event"}, []
        if frame["event"] == "session":
            self._begun += 1
            self.kept = wire.session
            self.kept.token = f"token {self._begun}"
            return {"session": "s", "token": self.kept.token, "offset": 0, "seconds": 60}, []
        if self.kept is None or data["token"] != self.kept.token or data["offset"] > len(self.kept.log):
            return {"recovered": False, "reason": "unknown"}, []
        wire.session = self.kept
        return {"recovered": True, "offset": len(self.kept.log)}, self.kept.log[data["offset"] :]

    def _perform(self, event: str, data: Any) -> Any:
        if event == "credentials":
            self.logins.append("credentials")
            return {**data, "error": "expired"} if self.refuse_credentials else None
        if data["type"] != "send":
            self.logins.append(data["type"])
            return data
        if data.get("refuse"):
            return {**data, "error": "no"}
        if data["id"] not in self._record:
            self.done.append(data["id"])
            self._record[data["id"]] = data
        return self._record[data["id"]]


class World:
    """Everything, one step at a time."""

    def __init__(self, options: Options | None = None) -> None:
        self.now = 0.0
        self.gateway = Gateway()
        self.wire: Wire | None = None
        self.opening = False
        self.asked = 0
        self.wants_token = False
        self.settled: dict[int, list[Settle]] = {}
        self.emitted: list[Emit] = []
        self.submitted: list[Any] = []
        self.said: list[int] = []
        self.core = Core(options or Options())
        self._perform(self.core.start(self.now))

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case AskToken():
                    self.wants_token = True
                case Open():
                    self.opening = True
                case Send(frame):
                    assert self.wire is not None
                    self.wire.up.append(frame)
                case Drop():
                    self.wire, self.opening = None, False
                case Emit():
                    self.emitted.append(effect)
                case Settle(key):
                    self.settled.setdefault(key, []).append(effect)

    def submit(self, event: str, data: Any, within: float = TIME) -> int:
        self.submitted.append(data)
        key = len(self.submitted)
        self._perform(self.core.submit(key, event, data, self.now, self.now + within))
        return key

    def token(self) -> None:
        """The application gives the token that it was asked for."""
        if self.wants_token:
            self.wants_token = False
            self.asked += 1
            self._perform(self.core.token(f"token {self.asked}", self.now))

    def tokenless(self) -> None:
        self.wants_token = False
        self._perform(self.core.tokenless("away", self.now, 0.5))

    def open(self) -> None:
        if self.opening:
            self.opening = False
            self.wire = Wire()
            self._perform(self.core.opened(self.now))

    def up(self) -> None:
        """A frame arrives at the gateway."""
        if self.wire is not None and self.wire.up:
            self.gateway.take(self.wire, self.wire.up.pop(0))

    def down(self) -> None:
        """A frame arrives at the client."""
        if self.wire is not None and self.wire.down:
            self.hear(self.wire.down.pop(0))

    def hear(self, frame: Frame) -> None:
        self._perform(self.core.received(frame, self.now))

    def answer(self) -> None:
        """An answer that is owed is given."""
        session = self.wire.session if self.wire is not None else self.gateway.kept
        if session is not None and session.owed:
            self._tell(session, session.owed.pop(0))

    def speak(self) -> None:
        """Somebody says something."""
        if self.wire is not None and self.wire.session.token is not None:
            self.said.append(len(self.said))
            self._tell(self.wire.session, {"event": "message", "data": {"number": self.said[-1]}})

    def _tell(self, session: Session, frame: Frame) -> None:
        numbered = session.number(frame)
        if self.wire is not None:
            self.wire.down.append(numbered)

    def cut(self, code: int = 1006, random: float = 0.5) -> None:
        """What is under way is lost, both ways."""
        if self.wire is not None or self.opening:
            self.wire, self.opening = None, False
            self._perform(self.core.lost(code, "", self.now, random))

    def restart(self) -> None:
        """The gateway is another one, which knows what was done."""
        self.gateway.kept = None
        self.gateway.stopping = False
        self.cut()

    def drain(self) -> None:
        """The gateway is about to restart."""
        self.gateway.stopping = True

    def stop(self) -> None:
        self._perform(self.core.stop())

    def fail_again(self) -> None:
        """Comes back at once, in vain."""
        self._perform(self.core.hurry(self.now))
        self.cut()

    def skip(self, seconds: float) -> None:
        """Time passes, and is noticed."""
        self.now += seconds
        if self.now >= self.core.wake_at:
            self._perform(self.core.tick(self.now, 0.5))

    def settle(self) -> None:
        """Until nothing is under way any more."""
        if self.gateway.stopping:
            self.restart()
        for _ in range(500):
            self.token()
            self.open()
            while self.wire is not None and (self.wire.up or self.wire.down or self.wire.session.owed):
                self.up()
                self.answer()
                self.down()
            if self.core.state == "ready" and self.core.pending == 0:
                return
            self.skip(0.25)
        raise AssertionError(f"not settled: {self.core.state}, {self.core.pending} pending")

    def kind(self, key: int) -> str:
        """How a command ended; it has ended once."""
        (settled,) = self.settled[key]
        return settled.kind

    def told(self, event: str) -> list[Any]:
        return [emitted.detail for emitted in self.emitted if emitted.event == event]
