"""Registration as a pure machine: capabilities (CAP 302), SASL, nickname, until the server's welcome.

::

    state, lines = begin(plan)                      # send the lines
    state, lines, outcome = step(state, line)       # for each line received: send the lines; act on the outcome

After :class:`Registered` go on feeding it: it answers PING, follows CAP NEW and DEL (:class:`CapsChanged`), collects
005, and tells when the burst of greetings is over (:class:`Ready`). A :class:`Failed` is final.

Sources: IRCv3 ``capability-negotiation``, ``sasl-3.1`` and ``sasl-3.2``; RFC 2812 §3.1; modern.ircdocs.horse.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from .isupport import ISupport
from .line import Line, nick_of
from .sasl import Mechanism, SaslError

__all__ = [
    "WANTED",
    "CapsChanged",
    "Failed",
    "Outcome",
    "Plan",
    "Ready",
    "Registered",
    "State",
    "begin",
    "step",
    "underscores",
]

WANTED: Final = (
    "account-notify",
    "account-tag",
    "away-notify",
    "batch",
    "cap-notify",
    "chghost",
    "draft/chathistory",
    "draft/message-redaction",
    "draft/multiline",
    "draft/read-marker",
    "echo-message",
    "extended-join",
    "extended-monitor",
    "invite-notify",
    "labeled-response",
    "message-tags",
    "multi-prefix",
    "server-time",
    "setname",
    "standard-replies",
    "userhost-in-names",
)
"""The capabilities that translation makes use of."""

MAX_OFFERED: Final = 256
"""Capabilities remembered of an offer. Networks offer some 40; memory must not grow with what a server says."""
REQ_BYTES: Final = 400
"""Bytes of names in one CAP REQ: with the server's own source in the ACK it still fits a line of 512."""
SASL_CHUNK: Final = 400
"""Characters of base64 in one AUTHENTICATE (``sasl-3.1``)."""
MAX_CHALLENGE: Final = 20 * SASL_CHUNK
"""Characters of a challenge collected over several AUTHENTICATE lines."""
MAX_TOKEN: Final = 480
"""Bytes of a PING token that we can send back on a line."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to register as. ``alternatives`` are the nicknames to try, in order, when the first is not to be had.

    ``password`` is the server's (PASS). ``sasl`` lists mechanisms by preference; with ``sasl_required`` the login
    fails when none succeeds. Secrets do not show in the repr.
    """

    nick: str
    username: str = "sockethub"
    realname: str = ""
    password: str | None = field(default=None, repr=False)
    alternatives: tuple[str, ...] = ()
    wanted: tuple[str, ...] = WANTED
    sasl: tuple[Mechanism, ...] = ()
    sasl_required: bool = True


@dataclass(frozen=True, slots=True)
class Registered:
    """001: the login stands, under this nickname."""

    nick: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The greetings are over (376 or 422): 005 is complete."""


@dataclass(frozen=True, slots=True)
class CapsChanged:
    """Capabilities came or went after registration."""

    caps: frozenset[str]


Reason: TypeAlias = Literal["nick", "password", "banned", "sasl", "closed"]


@dataclass(frozen=True, slots=True)
class Failed:
    """No login. ``text`` is for people and says what the server said; ``numeric`` its command, if any."""

    reason: Reason
    text: str
    numeric: str | None = None


Outcome: TypeAlias = Registered | Ready | CapsChanged | Failed
Phase: TypeAlias = Literal["caps", "sasl", "welcome", "registered", "failed"]


@dataclass(frozen=True, slots=True)
class State:
    """Where the negotiation stands. ``nick`` is the one last asked for, then the one we have."""

    plan: Plan
    nick: str
    phase: Phase = "caps"
    offered: Mapping[str, str] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    caps: frozenset[str] = frozenset()
    alternatives: tuple[str, ...] = ()
    mechanisms: tuple[Mechanism, ...] = ()
    challenge: str = ""
    account: str | None = None
    authenticated: bool = False
    isupport: ISupport = field(default_factory=ISupport)
    ready: bool = False


Step: TypeAlias = tuple[State, list[Line], Outcome | None]


def begin(plan: Plan) -> tuple[State, list[Line]]:
    """The first lines. All are sent at once: a server that knows CAP waits for its end, another just goes on."""
    lines = [Line("CAP", ("LS", "302"))]
    if plan.password is not None:
        lines.append(Line("PASS", (plan.password,)))
    lines += [Line("NICK", (plan.nick,)), Line("USER", (plan.username, "0", "*", plan.realname or plan.nick))]
    return State(plan, plan.nick, alternatives=plan.alternatives), lines


def step(state: State, line: Line) -> Step:
    """What one line received changes, what to send, and what it means for the login."""
    handler = _HANDLERS.get(line.command)
    if handler is None or state.phase == "failed":
        return state, [], None
    return handler(state, line)


def underscores(nick: str, count: int = 3) -> tuple[str, ...]:
    """Alternatives in the usual manner: ``nick_``, ``nick__``…"""
    return tuple(nick + "_" * n for n in range(1, count + 1))


def _text(line: Line) -> str:
    return line.params[-1] if line.params else line.command


def _fail(state: State, reason: Reason, text: str, numeric: str | None = None) -> Step:
    lines = [] if reason == "closed" else [Line("QUIT")]
    return replace(state, phase="failed"), lines, Failed(reason, text, numeric)


# --- Capabilities -----------------------------------------------------------------------------------------------------


def _cap(state: State, line: Line) -> Step:
    if len(line.params) < 3:
        return state, [], None
    handler = _CAP_HANDLERS.get(line.params[1].upper())
    if handler is None:
        return state, [], None
    names = [name for name in line.params[-1].split(" ") if name]
    return handler(state, names, len(line.params) > 3 and line.params[2] == "*")


def _cap_ls(state: State, names: list[str], more: bool) -> Step:
    state = _offer(state, names)
    if more or state.phase != "caps":
        return state, [], None
    return _request(state)


def _cap_new(state: State, names: list[str], more: bool) -> Step:
    new = frozenset(name.partition("=")[0] for name in names)
    return _request(_offer(state, names), new)


def _cap_del(state: State, names: list[str], more: bool) -> Step:
    gone = frozenset(names)
    offered = {key: value for key, value in state.offered.items() if key not in gone}
    lost = state.caps & gone
    state = replace(state, offered=offered, caps=state.caps - gone, pending=state.pending - gone)
    if lost and state.phase == "registered":
        return state, [], CapsChanged(state.caps)
    return _when_requested(state, [])


def _cap_ack(state: State, names: list[str], more: bool) -> Step:
    on = frozenset(name for name in names if not name.startswith("-"))
    off = frozenset(name[1:] for name in names if name.startswith("-"))
    # Only what we asked for counts: a server may not switch on what we do not understand.
    caps = (state.caps | (on & state.pending)) - off
    changed = caps != state.caps
    state = replace(state, caps=caps, pending=state.pending - on - off)
    if state.phase == "registered":
        return state, [], CapsChanged(caps) if changed else None
    return _when_requested(state, [])


def _cap_nak(state: State, names: list[str], more: bool) -> Step:
    refused = state.pending & frozenset(names)
    if len(refused) > 1:  # One of them is at fault: ask for each by itself.
        return state, [Line("CAP", ("REQ", name)) for name in sorted(refused)], None
    return _when_requested(replace(state, pending=state.pending - refused), [])


def _offer(state: State, names: Iterable[str]) -> State:
    offered = dict(state.offered)
    for name in names:
        key, _, value = name.partition("=")
        if key in offered or len(offered) < MAX_OFFERED:
            offered[key] = value
    return replace(state, offered=offered)


def _request(state: State, among: frozenset[str] | None = None) -> Step:
    wanted = [*state.plan.wanted, "sasl"] if state.plan.sasl and state.phase == "caps" else list(state.plan.wanted)
    names = [name for name in wanted if name in state.offered and name not in state.caps | state.pending]
    if among is not None:
        names = [name for name in names if name in among]
    state = replace(state, pending=state.pending | frozenset(names))
    return _when_requested(state, [Line("CAP", ("REQ", chunk)) for chunk in _chunked(names)])


def _chunked(names: list[str]) -> list[str]:
    chunks: list[str] = []
    for name in names:
        if chunks and len(chunks[-1]) + 1 + len(name) <= REQ_BYTES:
            chunks[-1] += " " + name
        else:
            chunks.append(name)
    return chunks


def _when_requested(state: State, lines: list[Line]) -> Step:
    """Once every request is answered: authenticate, or end the negotiation."""
    if state.pending or state.phase != "caps":
        return state, lines, None
    if not state.plan.sasl:
        return _end(state, lines)
    offered = state.offered.get("sasl", "")
    known = offered.upper().split(",") if offered else []
    mechanisms = tuple(each for each in state.plan.sasl if not known or each.name in known)
    if "sasl" not in state.caps or not mechanisms:
        return _no_sasl(state, lines, "the server offers no way to authenticate that we have")
    state = replace(state, phase="sasl", mechanisms=mechanisms)
    return state, [*lines, Line("AUTHENTICATE", (mechanisms[0].name,))], None


def _end(state: State, lines: list[Line]) -> Step:
    return replace(state, phase="welcome"), [*lines, Line("CAP", ("END",))], None


# --- SASL -------------------------------------------------------------------------------------------------------------


def _no_sasl(state: State, lines: list[Line], text: str, numeric: str | None = None) -> Step:
    if state.plan.sasl_required:
        return _fail(state, "sasl", text, numeric)
    return _end(replace(state, mechanisms=(), challenge=""), lines)


def _authenticate(state: State, line: Line) -> Step:
    if state.phase != "sasl" or not line.params or not state.mechanisms:
        return state, [], None
    part = line.params[0]
    challenge = state.challenge + ("" if part == "+" else part)
    if len(challenge) > MAX_CHALLENGE:
        return _give_up(state, "a challenge without end")
    if len(part) == SASL_CHUNK:
        return replace(state, challenge=challenge), [], None
    try:
        mechanism, response = state.mechanisms[0].respond(base64.b64decode(challenge, validate=True))
    except (binascii.Error, ValueError) as error:
        return _give_up(state, str(error) if isinstance(error, SaslError) else "a challenge that is not base64")
    state = replace(state, challenge="", mechanisms=(mechanism, *state.mechanisms[1:]))
    return state, _authenticate_lines(response), None


def _authenticate_lines(response: bytes) -> list[Line]:
    text = base64.b64encode(response).decode()
    chunks = [text[start : start + SASL_CHUNK] for start in range(0, len(text), SASL_CHUNK)]
    if len(text) % SASL_CHUNK == 0:  # A last chunk shorter than the limit marks the end, "+" if it is empty.
        chunks.append("+")
    return [Line("AUTHENTICATE", (chunk,)) for chunk in chunks]


def _give_up(state: State, text: str) -> Step:
    """Abort the exchange; the server answers 906, but nothing more is to be expected of this mechanism."""
    if state.plan.sasl_required:
        return _fail(state, "sasl", text)
    state, lines, outcome = _no_sasl(state, [Line("AUTHENTICATE", ("*",))], text)
    return state, lines, outcome


def _logged_in(state: State, line: Line) -> Step:
    return replace(state, account=line.params[2] if len(line.params) > 2 else None), [], None


def _logged_out(state: State, line: Line) -> Step:
    return replace(state, account=None), [], None


def _sasl_success(state: State, line: Line) -> Step:
    if state.phase != "sasl":
        return state, [], None
    if not state.mechanisms[0].finished:
        return _give_up(state, "the server claims success without proving that it knows the password")
    return _end(replace(state, authenticated=True, mechanisms=()), [])


def _sasl_failure(state: State, line: Line) -> Step:
    if state.phase != "sasl":
        return state, [], None
    rest = state.mechanisms[1:]
    if rest and line.command in ("904", "908"):
        state = replace(state, mechanisms=rest, challenge="")
        return state, [Line("AUTHENTICATE", (rest[0].name,))], None
    return _no_sasl(state, [], _text(line), line.command)


def _sasl_mechanisms(state: State, line: Line) -> Step:
    """908: the mechanisms there are. 904 follows and decides; here the list only narrows what is left to try."""
    if state.phase != "sasl" or len(line.params) < 2:
        return state, [], None
    known = line.params[1].upper().split(",")
    first, *rest = state.mechanisms
    return replace(state, mechanisms=(first, *(each for each in rest if each.name in known))), [], None


# --- Registration -----------------------------------------------------------------------------------------------------


def _welcome(state: State, line: Line) -> Step:
    if state.phase == "registered" or not line.params:
        return state, [], None
    if state.plan.sasl and state.plan.sasl_required and not state.authenticated:
        return _fail(state, "sasl", "the server let us in without authentication")
    state = replace(state, phase="registered", nick=line.params[0], mechanisms=())
    return state, [], Registered(state.nick)


def _bad_nick(state: State, line: Line) -> Step:
    if state.phase == "registered":
        return state, [], None
    if not state.alternatives:
        return _fail(state, "nick", f"{state.nick}: {_text(line)}", line.command)
    nick, *rest = state.alternatives
    return replace(state, nick=nick, alternatives=tuple(rest)), [Line("NICK", (nick,))], None


def _refused(reason: Reason) -> Callable[[State, Line], Step]:
    def handle(state: State, line: Line) -> Step:
        if state.phase == "registered":
            return state, [], None
        return _fail(state, reason, _text(line), line.command)

    return handle


def _error(state: State, line: Line) -> Step:
    return _fail(state, "closed", _text(line), "ERROR")


def _ping(state: State, line: Line) -> Step:
    token = line.params[-1:]
    if sum(len(part.encode("utf-8", "surrogateescape")) for part in token) > MAX_TOKEN:
        return state, [], None
    return state, [Line("PONG", token)], None


def _isupport(state: State, line: Line) -> Step:
    return replace(state, isupport=state.isupport.update(line.params[1:-1])), [], None


def _end_of_burst(state: State, line: Line) -> Step:
    if state.ready or state.phase != "registered":
        return state, [], None
    return replace(state, ready=True), [], Ready()


def _nick(state: State, line: Line) -> Step:
    if line.source and line.params and nick_of(line.source) == state.nick and state.phase == "registered":
        return replace(state, nick=line.params[0]), [], None
    return state, [], None


_CAP_HANDLERS: Final[Mapping[str, Callable[[State, list[str], bool], Step]]] = {
    "LS": _cap_ls,
    "ACK": _cap_ack,
    "NAK": _cap_nak,
    "NEW": _cap_new,
    "DEL": _cap_del,
}
_HANDLERS: Final[Mapping[str, Callable[[State, Line], Step]]] = {
    "AUTHENTICATE": _authenticate,
    "CAP": _cap,
    "ERROR": _error,
    "NICK": _nick,
    "PING": _ping,
    "001": _welcome,
    "005": _isupport,
    "376": _end_of_burst,
    "422": _end_of_burst,
    "432": _bad_nick,
    "433": _bad_nick,
    "436": _bad_nick,
    "437": _bad_nick,
    "464": _refused("password"),
    "465": _refused("banned"),
    "900": _logged_in,
    "901": _logged_out,
    "902": _sasl_failure,
    "903": _sasl_success,
    "904": _sasl_failure,
    "905": _sasl_failure,
    "906": _sasl_failure,
    "907": _sasl_failure,
    "908": _sasl_mechanisms,
}
