"""One connection to one server, from dialling to its end: lines in, activities out; commands out, outcomes in.

Every decision about the protocol is made by pure machines (the translator's negotiation, follower and aggregator; our
correlator, rooms and bucket); here they meet the socket and the clock.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import anyio

from sockethub.errors import NotConnected, PlatformError
from sockethub.platforms.irc import ctcp, features, nickserv, sts
from sockethub.platforms.irc.connection import Connection, open_connection
from sockethub.platforms.irc.dial import Dialler
from sockethub.platforms.irc.hooks import ConnectionLost, Hooks, TlsWanted
from sockethub.platforms.irc.login import Login, offers_sasl
from sockethub.platforms.irc.options import Options
from sockethub.platforms.irc.pending import Answered, Command, Correlator, Pending
from sockethub.platforms.irc.refusals import connect_error, is_refusal, refused, registration_error
from sockethub.platforms.irc.rooms import Rooms
from sockethub.platforms.irc.throttle import Bucket
from sockethub.worker.interface import Journal, unjournalled
from sockethub_translators import irc, times
from sockethub_translators.errors import EncodeError, ParseError
from sockethub_translators.irc import aggregate, negotiation

__all__ = ["Session"]

CAP_SECONDS: Final = 5.0
"""How long a server may take to say what it can, before we take it that it does not know CAP."""
READY_SECONDS: Final = 5.0
"""How long the greetings may take after the welcome; they normally come in the same packet."""
NICKSERV_SECONDS: Final = 5.0
"""How long NickServ may take; services are on a server of their own."""
QUIT_SECONDS: Final = 2.0
"""How long a server may take to close after QUIT."""
MAX_REASON: Final = 200
"""Characters of a reason for leaving; servers cut it at some 300 bytes."""
MAX_PROBE: Final = 256
"""Lines looked at for the answer to CAP LS; an honest one has a handful."""

LABELS: Final = frozenset({"labeled-response", "batch"})
# Lines that are machinery, or say at every connection what nobody reads.
_SILENT: Final = frozenset(
    {"PING", "PONG", "CAP", "AUTHENTICATE", "ACK", "002", "003", "004", "422"} | {str(n) for n in range(900, 909)}
)
_END: Final = irc.Line("PONG")
"""Fed to the aggregator where an answer has ended; it gives out what was due, and this line itself as the last."""
# What comes back of our own acts: the acknowledgement has told it already.
_ECHOED: Final = frozenset(
    {"AWAY", "INVITE", "JOIN", "KICK", "MODE", "NICK", "PART", "SETNAME", "TOPIC", "305", "306", "341"}
)


@dataclass(slots=True)
class _Waiting:
    """For the outcome; and, where an answer is ``wanted``, for that: some servers send long lists later (``late``)."""

    future: asyncio.Future[None]
    wanted: Callable[[irc.Activity], bool] | None = None
    result: irc.Activity | None = None
    late: bool = False

    def take(self, activity: irc.Activity) -> None:
        if self.wanted is None or not self.wanted(activity):
            return
        self.result = activity
        if self.late:
            self.settle()

    def settle(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


class Session:
    """A connection. Make one, :meth:`open` it, :meth:`watch` it to its end."""

    def __init__(self, login: Login, options: Options, rooms: Rooms, hooks: Hooks) -> None:
        self.env = irc.Env(server=login.server, nick=login.nick, charset=options.charset)
        self.alive = False
        self.reason = "the server hung up"
        self._login = login
        self._options = options
        self._rooms = rooms
        self._hooks = hooks
        self._connection: Connection | None = None
        self._closed = anyio.Event()
        self._heard = time.monotonic()
        self._sign_of_life: anyio.Event | None = None
        self._quitting = False
        self._probe: list[irc.Line] | None = None
        self._state: negotiation.State | None = None
        self._milestone: asyncio.Future[None] | None = None
        self._aggregator = irc.Aggregator()
        # Tokens of one connection are not to be guessed by what another person sends.
        self._correlator = Correlator(secrets.token_hex(4) + ".")
        self._waiting: dict[str, _Waiting] = {}
        self._bucket = Bucket(options.flood_burst, options.flood_rate)
        self._ctcp = Bucket(ctcp.BURST, ctcp.RATE)
        self._identified: asyncio.Future[str | None] | None = None
        self._turn = anyio.Lock(fast_acquire=True)

    # --- Opening ------------------------------------------------------------------------------------------------------

    async def open(self, dialler: Dialler, nick: str) -> None:
        """Connect and register as ``nick``.

        Raises :class:`PlatformError`, or :class:`TlsWanted`, and leaves nothing open then.
        """
        server, port = self._login.server, self._login.port
        try:
            with anyio.fail_after(self._options.connect_seconds):
                self._connection = open_connection()
                self._connection.listen(self._on_lines, self._on_lost)
                await self._connection.connect(server, port, dialler)
                await self._register(nick)
        except TimeoutError:
            self.abort()
            raise connect_error(f"{server}:{port} does not answer as an IRC server", "timeout") from None
        except EncodeError as error:
            self.abort()
            raise connect_error(f"the credentials cannot be said in IRC ({error})", "bad-credentials") from None
        except BaseException:
            self.abort()
            raise

    async def _register(self, nick: str) -> None:
        without_sasl = self._login.may_use_pass and not await self._offers_sasl()
        what = self._options.password_without_sasl if without_sasl else "pass"
        if what == "refuse":
            raise connect_error("the server has no SASL, and passwords are not sent without it here", "sasl-failed")
        plan = self._login.plan(self._options, nick, use_pass=without_sasl)
        if what == "nickserv":
            plan = replace(plan, password=None)
        self._state, lines = negotiation.begin(plan)
        self.env = replace(self.env, nick=nick)
        registered = self._next_milestone()
        self._send(*lines)
        await registered
        if not self._state.ready:
            ready = self._next_milestone()
            with anyio.move_on_after(READY_SECONDS):
                await ready
        self._milestone = None
        if what == "nickserv":
            await self._identify()

    async def _identify(self) -> None:
        """Tell NickServ the password, and wait for what it says, or the server (900)."""
        service = self._options.nickserv
        self._identified = asyncio.get_running_loop().create_future()
        self._send(*nickserv.identify(service, self._login.account, self._login.password or ""))
        try:
            with anyio.fail_after(NICKSERV_SECONDS):
                refusal = await self._identified
        except TimeoutError:
            refusal = f"{service} does not answer"
        finally:
            self._identified = None
        if refusal is not None:
            raise connect_error(f"authentication failed ({refusal})", "wrong-password")

    async def _offers_sasl(self) -> bool:
        """Ask before the password goes anywhere: it is for SASL alone where there is SASL."""
        self._probe = []
        answered = self._next_milestone()
        self._send(irc.Line("CAP", ("LS", "302")))
        with anyio.move_on_after(CAP_SECONDS):
            await answered
        lines, self._probe = self._probe, None
        self._heed_sts(sts.port_in(lines))
        return offers_sasl(lines) is True

    def _heed_sts(self, port: int | None) -> None:
        """Where the server wants TLS and has none of it now, nothing more is said in the clear."""
        if port is not None and self._options.sts and not self._login.secure:
            raise TlsWanted(port)

    def _next_milestone(self) -> asyncio.Future[None]:
        self._milestone = asyncio.get_running_loop().create_future()
        if self._closed.is_set():
            self._milestone.set_exception(self._ended_early())
        return self._milestone

    def _reach(self, error: Exception | None = None) -> None:
        milestone = self._milestone
        if milestone is None or milestone.done():
            return
        if error is None:
            milestone.set_result(None)
        else:
            milestone.set_exception(error)

    def _ended_early(self) -> PlatformError:
        return connect_error(f"the server closed the connection ({self.reason})", "connection-closed")

    # --- Lines in -----------------------------------------------------------------------------------------------------

    def _on_lines(self, lines: list[irc.Line | ParseError]) -> None:
        self._heard = time.monotonic()
        if self._sign_of_life is not None:
            self._sign_of_life.set()
        now = times.write(datetime.now(UTC))
        for line in lines:
            if isinstance(line, ParseError):
                self._hooks.log.debug("irc.line_unreadable", reason=str(line))
            elif self._probe is not None:
                self._on_probe(self._probe, line)
            elif self._state is not None:
                self._on_line(self._state, line, now)

    def _on_probe(self, probe: list[irc.Line], line: irc.Line) -> None:
        if line.command == "PING":
            self._send(irc.Line("PONG", line.params[-1:]))
            return
        if len(probe) < MAX_PROBE:
            probe.append(line)
        if line.command == "ERROR" and line.params:
            self.reason = line.params[-1]
        if offers_sasl(probe) is not None:
            self._reach()

    def _on_line(self, state: negotiation.State, line: irc.Line, now: str) -> None:
        self._state, replies, outcome = negotiation.step(state, line)
        if not self.alive and self._milestone is not None:
            try:
                self._heed_sts(sts.offered_port(self._state.offered.get("sts")))
            except TlsWanted as wanted:
                self._reach(wanted)
                return
        if self._identified is not None and not self._identified.done():
            verdict = nickserv.verdict(line, self.env, self._options.nickserv)
            if verdict is not None:
                self._identified.set_result(verdict or None)
        self._send(*replies)
        if outcome is not None:
            self._on_outcome(outcome)
        if not self.alive:
            return
        before = self.env
        answered = self._correlator.feed(line, before)
        line = answered.line or line
        self.env = irc.follow(before, line)
        if self._rooms.follow(line, before):
            self._hooks.rooms_changed()
        if answered.line is not None and line.command not in _SILENT:
            self._translate(answered, line, replace(self.env, now=now))
        if self.env.nick != before.nick:
            self._hooks.renamed()
        if answered.done is not None:
            # A topic waits for its setter; now it is known that none comes.
            self._aggregator, due = aggregate.feed(self._aggregator, _END, self.env)
            for activity in due[:-1]:
                self._give_out(activity, self.env, None)
            self._finish(answered.done)
        if line.command == "ERROR":
            self.abort()

    def _on_outcome(self, outcome: negotiation.Outcome) -> None:
        assert self._state is not None
        match outcome:
            case negotiation.Registered(nick):
                self.alive = True
                self.env = replace(self.env, nick=nick, isupport=self._state.isupport)
                self._take_caps(self._state)
                self._reach()
            case negotiation.Ready():
                self._reach()
            case negotiation.CapsChanged():
                self._take_caps(self._state)
                self._hooks.emit(features.described(self.env))
            case negotiation.Failed(_, text, _):
                self.reason = text or self.reason
                self._reach(registration_error(outcome))

    def _take_caps(self, state: negotiation.State) -> None:
        limits = state.offered.get("draft/multiline") if "draft/multiline" in state.caps else None
        multiline = None if limits is None else irc.multiline_limits(limits)
        self.env = replace(self.env, caps=state.caps, multiline=multiline)

    @property
    def sts_seconds(self) -> int | None:
        """How long the server wants TLS to be remembered, which only counts over TLS."""
        return sts.seconds(self._state.offered.get("sts")) if self._state is not None and self._login.secure else None

    def _translate(self, answered: Answered, line: irc.Line, env: irc.Env) -> None:
        owner = answered.owner
        if self._quitting or (owner is not None and (is_refusal(line) or _is_echo(line, env, owner))):
            return
        self._aggregator, activities = aggregate.feed(self._aggregator, line, env)
        waiting = None if owner is None else self._waiting.get(owner.token)
        for activity in activities:
            self._give_out(activity, env, waiting)

    def _give_out(self, activity: irc.Activity, env: irc.Env, waiting: _Waiting | None) -> None:
        if activity["type"] == "irc:raw" and not self._options.raw_events:
            return
        # A message of ours comes back to us only where we are whom it is for; what it tells is its id.
        if activity.get("irc:echo") and env.isupport.fold(activity["target"]["name"]) != env.isupport.fold(env.nick):
            if waiting is not None and waiting.wanted is None and waiting.result is None:
                waiting.result = irc.strip(activity)
            return
        self._answer_ctcp(activity, env)
        activity = irc.strip(activity)
        for each in self._waiting.values() if waiting is None else (waiting,):
            each.take(activity)
        self._hooks.emit(activity)

    def _answer_ctcp(self, activity: irc.Activity, env: irc.Env) -> None:
        lines = ctcp.answer(activity, env, self._options.ctcp_version)
        now = time.monotonic()
        if lines and not self._ctcp.wait(now):
            self._ctcp = self._ctcp.take(now)
            self._send(*lines)

    def _on_lost(self, exc: Exception | None) -> None:
        self.alive = False
        if self._closed.is_set():
            return
        if isinstance(exc, OSError):
            self.reason = exc.strerror or str(exc)
        elif exc is not None:  # A bug in what handles lines: asyncio has logged it and closed the connection.
            self._hooks.log.warning("irc.line_not_handled", error=type(exc).__name__)
            self.reason = "an error of this service"
        self._closed.set()
        if self._sign_of_life is not None:
            self._sign_of_life.set()
        self._reach(self._ended_early())
        for waiting in self._waiting.values():
            if not waiting.future.done():
                waiting.future.set_exception(ConnectionLost(self.reason))
        self._aggregator, activities = aggregate.flush(self._aggregator, self.env)
        for activity in () if self._quitting else activities:
            self._give_out(activity, self.env, None)

    # --- Commands out -------------------------------------------------------------------------------------------------

    async def perform(
        self,
        command: Command,
        wanted: Callable[[irc.Activity], bool] | None = None,
        *,
        journal: Journal = unjournalled,
    ) -> irc.Activity | None:
        """Write a command and wait for its outcome; the activity that answers it, if ``wanted`` describes one.

        ``journal`` is awaited right before its first line is written. Raises :class:`PlatformError` when the server
        refuses, :class:`NotConnected` when nothing was written, and :class:`ConnectionLost` when it was, but its
        outcome is not known.
        """
        self._check_pace(len(command.lines))
        async with self._turn:
            if not self.alive:
                raise NotConnected(f"not connected to {self.env.server}")
            pending = self._correlator.expect(command, labels=self.env.caps >= LABELS)
            waiting = _Waiting(asyncio.get_running_loop().create_future(), wanted)
            self._waiting[pending.token] = waiting
            try:
                await self._write(pending, journal)
            except BaseException:
                self._drop(pending)
                raise
        try:
            with anyio.fail_after(self._options.reply_seconds):
                await waiting.future
        except TimeoutError:
            if waiting.late:
                return None
            raise ConnectionLost("the server did not answer in time", still_connected=True) from None
        finally:
            self._drop(pending)
        self._judge(pending)
        return waiting.result

    def _check_pace(self, lines: int) -> None:
        wait = self._bucket.wait(time.monotonic(), lines)
        if wait > self._options.flood_wait_seconds:
            raise PlatformError(
                f"too much at once: at the pace of this server it would take {wait:.0f} s", condition="too-fast"
            )

    async def _write(self, pending: Pending, journal: Journal) -> None:
        lines = pending.wire()
        if not self._bucket.wait(time.monotonic(), len(pending.command.lines)):
            for _ in pending.command.lines:
                self._bucket = self._bucket.take(time.monotonic())
            await self._begin(journal)
            self._send(*lines)
            return
        for line in lines:
            if line.command != "PING":
                wait = self._bucket.wait(time.monotonic())
                self._bucket = self._bucket.take(time.monotonic())
                if wait:
                    await anyio.sleep(wait)
            if line is lines[0]:
                await self._begin(journal)
            if not self.alive:  # The connection was lost between two lines.
                return
            self._send(line)

    async def _begin(self, journal: Journal) -> None:
        """Journal that a command is about to be written; it may be too late for it."""
        if self.alive:
            await journal()
        if not self.alive:
            raise NotConnected(f"connection lost before it was sent ({self.reason})")

    def _judge(self, pending: Pending) -> None:
        if pending.refusal is None:
            return
        command = pending.command
        first = command.lines[0].params[0] if command.lines[0].params else ""
        room = self.env.isupport.strip_status(first)[1]
        is_room = self.env.isupport.is_channel(room)
        inside = is_room and self._rooms.inside(room, self.env.isupport.fold)
        raise refused(pending.refusal, self.env, command.name, room if is_room else None, inside=inside)

    def _finish(self, pending: Pending) -> None:
        waiting = self._waiting.get(pending.token)
        if waiting is None:
            return
        if waiting.wanted is not None and waiting.result is None and pending.refusal is None:
            waiting.late = True
        else:
            waiting.settle()

    def _drop(self, pending: Pending) -> None:
        self._correlator.forget(pending)
        waiting = self._waiting.pop(pending.token, None)
        if waiting is not None and waiting.future.done() and not waiting.future.cancelled():
            waiting.future.exception()  # Looked at, or asyncio would complain of it.

    def _send(self, *lines: irc.Line) -> None:
        if lines and self._connection is not None:
            self._connection.send(*lines)

    # --- The end ------------------------------------------------------------------------------------------------------

    async def watch(self) -> str:
        """Wait for the end, asking the server for a sign of life when it is silent; return why it ended."""
        while not self._closed.is_set():
            silent = time.monotonic() - self._heard
            with anyio.move_on_after(max(0.0, self._options.keepalive_seconds - silent)):
                await self._closed.wait()
            if time.monotonic() - self._heard >= self._options.keepalive_seconds:
                await self._ask_for_life()
        return self.reason

    async def _ask_for_life(self) -> None:
        """PING, and wait for anything at all."""
        self._sign_of_life = anyio.Event()
        self._send(irc.Line("PING", ("alive",)))
        with anyio.move_on_after(self._options.keepalive_timeout_seconds) as waited:
            await self._sign_of_life.wait()
        self._sign_of_life = None
        if waited.cancelled_caught and not self._closed.is_set():
            self.reason = "the server fell silent"
            self.abort()
            await self._closed.wait()

    async def quit(self, reason: str) -> None:
        """Leave politely: QUIT, and let the server close."""
        if self.alive:
            self._quitting = True
            text = " ".join(reason.replace("\0", "").split())[:MAX_REASON]
            self._send(irc.Line("QUIT", (text,) if text else ()))
            with anyio.move_on_after(QUIT_SECONDS):
                await self._closed.wait()
        self.abort()

    def abort(self) -> None:
        """Hang up."""
        self.alive = False
        if self._connection is not None:
            self._connection.disconnect()


def _is_echo(line: irc.Line, env: irc.Env, owner: Pending) -> bool:
    """Whether a line is our own act coming back, which the outcome of the command tells already."""
    if line.command not in _ECHOED:
        return False
    if line.command.isdigit():
        return True
    nicks = {env.isupport.fold(env.nick), *owner.command.targets}
    return line.source is not None and env.isupport.fold(irc.nick_of(line.source)) in nicks
