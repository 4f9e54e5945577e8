"""What the client does, without doing it: no socket, clock, timer or randomness in here.

Each input returns the effects that the shell (:mod:`sockethub.client.client`) is to have. Times are seconds on any
clock that does not jump. ``clients/javascript/core.js`` is the same in another language.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from sockethub.client.logins import Logins

RESEND_WITHIN: Final = 240.0
"""A command that was written so long ago is not written again: the gateway remembers answers for 300 s."""
SILENCE: Final = 30.0
"""A connection on which nothing was heard for so long is asked for a sign of life …"""
PATIENCE: Final = 15.0
"""… and given up when none comes; also how long opening one may take."""
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
CROWDED: Final = 1013
"""Close code: too many connections from this address."""
CROWDED_PAUSE: Final = 5.0
UNAUTHENTICATED: Final = 4001
EXPIRED: Final = 4003
FINAL: Final = {
    1003: "the gateway takes text frames only",
    1009: "a frame was longer than the gateway takes",
    UNAUTHENTICATED: "authentication failed",
    4009: "another connection has resumed the session",
}
"""Close codes after which coming back by itself would do no good (docs/reference/websocket.md)."""

TOKEN_WITHIN: Final = 60.0
"""How long the application may take to give a token."""
RENEW_BEFORE: Final = 60.0
"""A newer token is asked for so long before the one in use expires, or when a quarter of its time is left …"""
RENEW_PAUSE: Final = 1.0
"""… and not more often than this."""

QUEUE: Final = 256
"""The gateway takes as many commands that await their reply (``gateway.pending_commands``)."""
RATE: Final = 90
"""The gateway's own limit is 100 events in a second (``gateway.rate``)."""

Kind: TypeAlias = Literal["result", "error", "unknown", "unsent"]
Tokens: TypeAlias = Literal["none", "same", "fresh"]
State: TypeAlias = Literal["connecting", "ready", "waiting", "closed"]
Frame: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What the core may be told."""

    resume: bool = True
    """Whether the session is kept for a client that loses its connection."""
    remember: bool = True
    """Whether credentials, ``connect`` and ``join`` are held in memory, to be said again where resuming fails."""
    queue: int = QUEUE
    """How many commands may await their answer, offline ones included."""
    rate: int = RATE
    """Events in a second at most."""
    token: Tokens = "none"
    """Whether the gateway is shown a token: none, one that is always the same, or a fresh one when asked for."""


@dataclass(frozen=True, slots=True)
class AskToken:
    """Ask the application for a token; then :meth:`Core.token` or :meth:`Core.tokenless`."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open a socket; then :meth:`Core.opened` or :meth:`Core.lost`."""


@dataclass(frozen=True, slots=True)
class Send:
    """Write a frame."""

    frame: Frame = field(repr=False)


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the socket; :meth:`Core.lost` is not called for it any more."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Settle:
    """A command has its answer: the acknowledgement, or a text."""

    key: int
    kind: Kind
    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Emit:
    """Tell the application."""

    event: str
    detail: Any = field(repr=False)


Effect: TypeAlias = AskToken | Open | Send | Drop | Settle | Emit


@dataclass(slots=True, eq=False)
class _Command:
    event: str
    data: Any = field(repr=False)
    key: int | None = None
    """None of what is said again by the client itself."""
    deadline: float = math.inf
    written_at: float | None = None
    current: bool = False
    """Whether it was written on the present connection."""
    first: int | None = None
    last: int | None = None
    """The ids of the frames it was first and last written in."""


class Core:
    """One session with a gateway, over one connection after the other."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._logins = Logins()
        # idle, waiting, asking, connecting, greeting, catching-up, replaying, ready, closed
        self._phase = "idle"
        self._due = math.inf  # of waiting, asking and connecting
        self._token: str | None = None  # from when it is given until it is shown
        self._renew_at = math.inf
        self._refused = False  # the gateway is about to restart, and has refused a command for that
        self._failures = 0
        self._retry_after: float | None = None
        self._heard = 0.0
        self._probed: float | None = None
        self._written: list[float] = []  # when frames were written, within the last second
        self._last_frame = 0
        self._asked: dict[Any, str | _Command] = {}  # by frame id
        self._commands: dict[int, _Command] = {}  # in the order they were submitted
        self._replays: list[_Command] = []
        self._begun = False
        self._session: dict[str, str] | None = None  # what it takes to resume
        self._offset = 0
        self._catch_up = 0
        self.registry: dict[str, Any] | None = None

    @property
    def state(self) -> State:
        match self._phase:
            case "waiting" | "ready" | "closed" as state:
                return state
            case _:
                return "connecting"

    @property
    def pending(self) -> int:
        """Commands without an answer."""
        return len(self._commands)

    @property
    def wake_at(self) -> float:
        """When :meth:`tick` is due; infinite when there is nothing to wait for."""
        times = [self._due, *(command.deadline for command in self._commands.values())]
        if self._is_open:
            times.append(self._heard + SILENCE if self._probed is None else self._probed + PATIENCE)
            times.append(self._renew_at)
        if len(self._written) >= self._options.rate:
            times.append(self._written[0] + 1.0)
        return min(times)

    @property
    def _is_open(self) -> bool:
        return self._phase in ("greeting", "catching-up", "replaying", "ready")

    # --- Inputs -------------------------------------------------------------------------------------------------------

    def start(self, now: float) -> list[Effect]:
        return self._connect(now)

    def submit(self, key: int, event: str, data: Any, now: float, deadline: float) -> list[Effect]:
        """A command; it is written now or once that is possible, and settled until ``deadline`` at the latest."""
        if self._phase == "closed":
            return [Settle(key, "unsent", "the client is closed")]
        if len(self._commands) >= self._options.queue:
            return [Settle(key, "unsent", "too many commands await their answer")]
        self._commands[key] = _Command(event, data, key, deadline)
        return self._flush(now)

    def token(self, value: str | None, now: float) -> list[Effect]:
        """The token that was asked for; None and an empty one say that there is none."""
        if self._phase == "asking":
            if not value:
                return self._close("there is no token to show")
            self._token = value
            return self._dial(now)
        return [self._ask("authenticate", {"token": value}, now)] if self._is_open and value else []

    def tokenless(self, reason: str, now: float, random: float) -> list[Effect]:
        """It could not be had; asked again after a pause, or when the one before has expired."""
        if self._phase == "asking":
            return self._wait(None, reason, now, random)
        return [Emit("error", {"summary": reason})] if self._is_open else []

    def opened(self, now: float) -> list[Effect]:
        """The socket is open."""
        if self._phase != "connecting":
            return []
        self._phase = "greeting"
        self._due = math.inf
        self._heard = now
        shown: list[Effect] = [] if self._token is None else [self._ask("authenticate", {"token": self._token}, now)]
        self._token = None
        if self._session is None:
            return shown + self._begin(now, "the session could not be resumed")
        return [*shown, self._ask("resume", {**self._session, "offset": self._offset}, now)]

    def received(self, frame: Frame, now: float) -> list[Effect]:
        """A frame came."""
        if not self._is_open:
            return []
        self._heard = now
        self._probed = None
        self._offset = frame.get("offset", self._offset)
        effects = self._event(frame) if "event" in frame else self._answer(frame, now)
        if self._phase == "catching-up" and self._offset >= self._catch_up:
            effects += self._recovered(now)
        return effects

    def lost(self, code: int, reason: str, now: float, random: float, *, final: bool = False) -> list[Effect]:
        """The socket is closed, or could not be opened. ``random`` is in [0, 1); ``final``: do not come back."""
        if self._phase != "connecting" and not self._is_open:
            return []
        self._asked = {id_: asker for id_, asker in self._asked.items() if not isinstance(asker, str)}
        self._probed = None
        self._written = []
        for command in self._unanswered():
            command.current = False
        self._token = None
        self._renew_at = math.inf
        self._refused = False
        if final or code in FINAL:
            return self._close(reason or FINAL.get(code, "refused"), code)
        if code == EXPIRED and self._options.token != "fresh":
            return self._close(reason or "the token has expired", code)
        return self._wait(code, reason or f"closed with code {code}", now, random)

    def tick(self, now: float, random: float) -> list[Effect]:
        """Time has passed."""
        self._written = [at for at in self._written if at > now - 1.0]
        late = [command for command in self._commands.values() if command.deadline <= now]
        effects: list[Effect] = [self._expire(command, "no answer came in time") for command in late]
        if self._phase == "waiting" and now >= self._due:
            effects += self._connect(now)
        elif self._phase == "asking" and now >= self._due:
            effects += self.tokenless("no token came in time", now, random)
        elif self._phase == "connecting" and now >= self._due:
            effects += self._drop(now, random)
        elif self._is_open:
            effects += self._watch(now, random)
        return effects + self._flush(now)

    def hurry(self, now: float) -> list[Effect]:
        """Do not wait any longer."""
        return self._connect(now) if self._phase == "waiting" else []

    def stop(self) -> list[Effect]:
        """The end: the session is over, and what has no answer is settled."""
        if self._phase == "closed":
            return []
        goodbye: list[Effect] = [Send({"event": "end"})] if self._is_open else []
        return [*goodbye, Drop(1000, ""), *self._close("the client is closed")]

    def forget(self) -> None:
        """Hold no credentials from now on."""
        self._logins.forget()

    # --- The connection -----------------------------------------------------------------------------------------------

    def _connect(self, now: float) -> list[Effect]:
        if self._options.token == "none":
            return self._dial(now)
        self._phase = "asking"
        self._due = now + TOKEN_WITHIN
        return [self._state(), AskToken()]

    def _dial(self, now: float) -> list[Effect]:
        told = self._phase == "asking"
        self._phase = "connecting"
        self._due = now + PATIENCE
        return [Open()] if told else [self._state(), Open()]

    def _wait(self, code: int | None, reason: str, now: float, random: float) -> list[Effect]:
        pause = self._pause(code, random)
        self._failures += 1
        self._retry_after = None
        self._phase = "waiting"
        self._due = now + pause
        return [self._state(reason=reason, retry_in=pause, **({} if code is None else {"code": code}))]

    def _watch(self, now: float, random: float) -> list[Effect]:
        """Whether the gateway is still there, and for how long it knows who this is."""
        if now >= self._renew_at:
            self._renew_at = math.inf
            return [AskToken()]
        if self._probed is not None:
            return self._drop(now, random) if now >= self._probed + PATIENCE else []
        if now < self._heard + SILENCE:
            return []
        self._probed = now
        return [self._ask("schemas", self._fingerprint, now)]

    def _drop(self, now: float, random: float) -> list[Effect]:
        return [Drop(4000, "silent for too long"), *self.lost(1006, "the gateway was silent for too long", now, random)]

    def _pause(self, code: int | None, random: float) -> float:
        if self._retry_after is not None:
            return self._retry_after  # at random already, by the gateway
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures, 16))
        pause = longest * random if self._failures == 0 else longest * (0.5 + random / 2)
        return pause + CROWDED_PAUSE if code == CROWDED else pause

    def _close(self, reason: str, code: int | None = None) -> list[Effect]:
        self._phase = "closed"
        self._token = None
        self._due = math.inf
        self._replays = []
        self._logins.forget()
        self._session = None
        settled = [self._expire(command, reason) for command in list(self._commands.values())]
        return [self._state(reason=reason, **({} if code is None else {"code": code})), *settled]

    def _state(self, **more: Any) -> Effect:
        return Emit("state", {"state": self.state, **more})

    # --- Coming back --------------------------------------------------------------------------------------------------

    def _begin(self, now: float, reason: str) -> list[Effect]:
        """A new session: everything is said again, then what has no answer."""
        effects: list[Effect] = [Emit("anew", {"reason": reason})] if self._begun else []
        self._begun = True
        self._session = None
        self._offset = 0
        # Answers to what was asked went to a session that is gone; who one is was asked by the connection.
        self._asked = {id_: asker for id_, asker in self._asked.items() if asker == "authenticate"}
        if self._options.resume:
            effects.append(self._ask("session", None, now))
        effects.append(self._ask("schemas", self._fingerprint, now))
        self._replays = [_Command(event, data) for event, data in self._logins.replays()]
        self._phase = "replaying"
        return effects + self._flush(now)

    def _resumed(self, ack: Mapping[str, Any], now: float) -> list[Effect]:
        if ack.get("recovered") is True:
            self._phase = "catching-up"
            self._catch_up = ack["offset"]
            return []
        return self._begin(now, str(ack.get("reason") or ack.get("error")))

    def _recovered(self, now: float) -> list[Effect]:
        """All that was missed is here; what it did not answer may not have arrived."""
        self._phase = "replaying"
        effects: list[Effect] = [self._ask("schemas", None, now)] if self.registry is None else []
        return effects + self._flush(now) + self._readiness()

    def _readiness(self) -> list[Effect]:
        if self._phase != "replaying" or self._replays or self.registry is None:
            return []
        self._phase = "ready"
        self._failures = 0
        return [self._state()]

    @property
    def _fingerprint(self) -> str | None:
        return None if self.registry is None else str(self.registry["fingerprint"])

    # --- Frames -------------------------------------------------------------------------------------------------------

    def _unanswered(self) -> Iterable[_Command]:
        return [*self._replays, *self._commands.values()]

    def _ask(self, own: str, data: Any, now: float) -> Send:
        return self._write(own, data, own, now)

    def _write(self, event: str, data: Any, asker: str | _Command, now: float) -> Send:
        self._last_frame += 1
        self._asked[self._last_frame] = asker
        self._written.append(now)
        return Send({"id": self._last_frame, "event": event, "data": data})

    def _flush(self, now: float) -> list[Effect]:
        """Write what may be written now: replays, then commands, in order."""
        effects: list[Effect] = []
        if self._phase not in ("replaying", "ready") or self._retry_after is not None or self._refused:
            return effects
        self._written = [at for at in self._written if at > now - 1.0]
        for command in self._unanswered():
            if command.current:
                continue
            if len(self._written) >= self._options.rate:
                break
            if command.key is not None and command.written_at is not None and now - command.written_at > RESEND_WITHIN:
                effects.append(self._expire(command, "the connection was lost for too long"))
                continue
            command.current = True
            command.written_at = now if command.written_at is None else command.written_at
            effects.append(self._write(command.event, command.data, command, now))
            command.last = self._last_frame
            command.first = command.first or self._last_frame
        return effects

    def _event(self, frame: Frame) -> list[Effect]:
        if frame["event"] == "closing":
            self._retry_after = float(frame["data"]["retryAfter"])
        return [Emit(frame["event"], frame["data"])]

    def _answer(self, frame: Frame, now: float) -> list[Effect]:
        asker = self._asked.pop(frame.get("id"), None)
        if asker is None:
            return [Emit("error", {"summary": frame["error"]})] if "error" in frame else []
        ack = frame.get("ack")
        if isinstance(asker, _Command):
            return self._settle(asker, frame["id"], ack)
        known = ack if isinstance(ack, dict) else {}
        match asker:
            case "resume":
                return self._resumed(known, now)
            case "session":
                if isinstance(known.get("token"), str):
                    self._session = {"session": known["session"], "token": known["token"]}
                return []
            case "authenticate":
                return self._authenticated(known, now)
            case _:
                if "platforms" in known:
                    self.registry = known
                return self._readiness()

    def _authenticated(self, ack: Mapping[str, Any], now: float) -> list[Effect]:
        """Until when the gateway knows who this is; it closes the connection when the token does not hold."""
        if "error" in ack:
            return [] if ack.get("retry") else [Emit("error", {"summary": ack["error"]})]
        left = ack.get("expires")
        if self._options.token == "fresh" and left is not None:
            self._renew_at = now + max(RENEW_PAUSE, left - min(RENEW_BEFORE, left / 4))
        return []

    # --- Commands -----------------------------------------------------------------------------------------------------

    def _settle(self, command: _Command, frame: Any, ack: Any) -> list[Effect]:
        kind = _kind(command.event, ack)
        if kind == "retry":
            return self._postpone(command, frame)
        if command.key is None:
            return self._replayed(command, kind, ack)
        # It was written again, and this is the answer to the time before: an error there says nothing of this time.
        if command.key not in self._commands or (kind != "result" and frame != command.last):
            return []
        del self._commands[command.key]
        if kind == "result" and self._options.remember and isinstance(command.data, Mapping):
            self._logins.granted(command.event, command.data)
        return [Settle(command.key, kind, ack)]

    def _postpone(self, command: _Command, frame: Any) -> list[Effect]:
        """The gateway is about to restart, and did nothing: the command is written on the next connection."""
        self._refused = self._refused or command.current
        if command.first == frame:
            command.first = command.written_at = None
        return []

    def _replayed(self, command: _Command, kind: Kind, ack: Any) -> list[Effect]:
        self._replays = [other for other in self._replays if other is not command]
        if kind == "error" and command.event == "credentials":
            self._logins.refused(command.data)
        if kind == "result":
            return self._readiness()
        return [Emit("refused", {"activity": ack, "error": ack.get("error")}), *self._readiness()]

    def _expire(self, command: _Command, why: str) -> Settle:
        assert command.key is not None
        del self._commands[command.key]
        return Settle(command.key, "unsent" if command.written_at is None else "unknown", why)


def _kind(event: str, ack: Any) -> Kind | Literal["retry"]:
    if isinstance(ack, Mapping) and ack.get("retry") is True and "error" in ack:
        return "retry"
    if event == "activity-object":
        return "error" if isinstance(ack, str) else "result"
    if not isinstance(ack, Mapping) or "error" not in ack:
        return "result"
    return "unknown" if ack.get("outcome") == "unknown" else "error"
