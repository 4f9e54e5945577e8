"""One session with one server: stanzas in, activities out; commands out, outcomes in.

Every decision about the protocol is made by pure functions (the translator and its aggregator; our trust, outcomes,
rooms, answers); here they meet the stream and the clock. A session outlives its connection where the server lets it be
resumed (XEP-0198 §5): commands that were under way then go on.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import anyio

from sockethub.errors import NotConnected, PlatformError
from sockethub.platforms.xmpp import features, rooms
from sockethub.platforms.xmpp.answers import answer, capabilities
from sockethub.platforms.xmpp.commands import Command
from sockethub.platforms.xmpp.dial import Dialler
from sockethub.platforms.xmpp.login import Login
from sockethub.platforms.xmpp.occupants import Occupants
from sockethub.platforms.xmpp.options import Options
from sockethub.platforms.xmpp.outcomes import Awaited, awaited, judge
from sockethub.platforms.xmpp.references import References
from sockethub.platforms.xmpp.refusals import connect_error, refused
from sockethub.platforms.xmpp.stream import Hooks as StreamHooks
from sockethub.platforms.xmpp.stream import Stream
from sockethub.platforms.xmpp.trust import believed
from sockethub.worker.interface import Activity, Journal, Log, unjournalled
from sockethub_translators import times, xmpp
from sockethub_translators.errors import EncodeError
from sockethub_translators.xmpp import aggregate, disco, element, ns

__all__ = ["ConnectionLost", "Hooks", "Session"]

ID_BYTES: Final = 9
"""Randomness of an id: nobody may guess it and answer in another's place (RFC 6120 §8.1.3)."""

PING: Final = "{urn:xmpp:ping}ping"
CARBONS: Final = ns.tag(ns.CARBONS, "enable")
INSTANT: Final = element(ns.tag(ns.MUC_OWNER, "query"), None, element(ns.tag(ns.DATA, "x"), {"type": "submit"}))
"""A new room as the service would have it (XEP-0045 §10.1.2)."""


class ConnectionLost(Exception):
    """The session ended, or time ran out (``still_connected``), before the outcome was known."""

    def __init__(self, text: str, *, still_connected: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.still_connected = still_connected


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a session tells its platform."""

    emit: Callable[[Activity], None]
    thrown_out: Callable[[str], None]
    """Of a room, whose JID it is: by somebody, or because it is gone."""
    log: Log


@dataclass(slots=True)
class _Waiting:
    """For the outcome of a command."""

    awaited: Awaited
    future: asyncio.Future[xmpp.Element | None]
    quiet: bool = False
    """What answers it is not for the client."""
    asked_as: str | None = None
    """The id that the client gave its question; the answer has it too."""
    found: list[Activity] = field(default_factory=list)


class Session:
    """Make one, :meth:`open` it, :meth:`watch` it to its end; :meth:`open` it again where it is resumable."""

    def __init__(self, login: Login, options: Options, dialler: Dialler, hooks: Hooks) -> None:
        self.env = xmpp.Env(str(login.jid), nick=login.jid.local)
        self.found = features.Found()
        self._login = login
        self._options = options
        self._hooks = hooks
        self._stream = Stream(login, options, dialler, StreamHooks(self._on_stanza, self._on_handled, self._on_lost))
        self.occupants = Occupants()
        self.references = References()
        self._retelling: set[str] = set()
        """Rooms whose history the client has asked for when it entered."""
        self._lost = anyio.Event()
        self._aggregator = xmpp.Aggregator()
        self._waiting: dict[str, _Waiting] = {}
        self._barriers: dict[str, str] = {}
        self._caps = capabilities(options.software)

    # --- Opening ------------------------------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        return self._stream.alive

    @property
    def resumable(self) -> bool:
        return self._stream.resumable

    @property
    def reason(self) -> str:
        """Why the connection ended."""
        return self._stream.reason

    @property
    def condition(self) -> str:
        return self._stream.condition

    async def open(self) -> bool:
        """Connect; whether the session was resumed. Raises :class:`PlatformError` and leaves nothing open then."""
        self._lost = anyio.Event()
        domain = self._login.jid.domain
        try:
            with anyio.fail_after(self._options.connect_seconds):
                resumed = await self._stream.open()
        except TimeoutError:
            raise connect_error(f"{domain} does not answer as an XMPP server", "timeout") from None
        if resumed:
            self._stream.ask_handled()
            return True
        self._forget_all()
        self.env = xmpp.Env(str(self._stream.boundjid), nick=self._login.jid.local)
        self._aggregator = xmpp.Aggregator()
        self.occupants.forget()
        self._stream.begin()
        return False

    async def begin(self, presence: Activity | None) -> None:
        """What a session starts with: carbons, contacts, and that we are here."""
        # What a server says to this nobody needs to hear: there are carbons, or there are none.
        carbons = self.fresh_id()
        self._barriers[carbons] = ""
        self._write(element(ns.IQ, {"type": "set", "id": carbons}, element(CARBONS)))
        # Contacts before presence: a server tells of changes to those who have asked (RFC 6121 §2.1.6).
        self._write(element(ns.IQ, {"type": "get", "id": self.fresh_id()}, element(ns.tag(ns.ROSTER, "query"))))
        if presence is not None:
            (stanza,) = xmpp.from_activity(presence, self.env)
            self._write(self.dressed(stanza))

    async def discover(self) -> None:
        """Find out what the server offers, and tell the client."""
        domain = self._login.jid.domain
        for to in (domain, self.env.bare):
            await self._look_at(to, own=True)
        answered = await self._question(features.question(disco.ITEMS, domain, self.fresh_id()))
        for service in () if answered is None else features.items_of(answered):
            await self._look_at(service, own=False)
        if self.alive:
            self._hooks.emit(features.described(self.found, self.env))

    async def _look_at(self, to: str, *, own: bool) -> None:
        answered = await self._question(features.question(disco.INFO, to, self.fresh_id()))
        if answered is not None:
            self.found = features.found_in(self.found, answered, own=own)

    async def _question(self, stanza: xmpp.Element) -> xmpp.Element | None:
        """An IQ of our own; its answer, which the client does not hear of, or None when there is none."""
        try:
            waiting = await self._settled(stanza, quiet=True)
        except (NotConnected, ConnectionLost):
            return None
        return waiting.future.result()

    # --- Stanzas in ---------------------------------------------------------------------------------------------------

    def _on_stanza(self, stanza: xmpp.Element) -> None:
        now = datetime.now(UTC)
        reply = answer(stanza, self.env, self._options.software, now)
        if reply is not None:
            self._write(reply)
        before = self.env
        if not believed(stanza, before, [each.awaited for each in self._waiting.values()]):
            return
        self.env = rooms.follow(before, stanza)
        settled = [each for each in self._waiting.values() if judge(each.awaited, stanza, before) is not None]
        owner = settled[0] if settled else None
        self._translate(stanza, replace(before, now=times.write(now)), owner)
        for waiting in settled:
            self._settle(waiting, stanza, before)
        if self._barriers and stanza.name == ns.IQ:
            self._on_handled(self._barriers.pop(stanza.attrs.get("id", ""), ""))
        for room in before.rooms.keys() - self.env.rooms.keys():
            self.occupants.forget(room)
            if room in before.inside and (owner is None or owner.awaited.by != "exit"):
                self._hooks.thrown_out(room)

    def _translate(self, stanza: xmpp.Element, env: xmpp.Env, owner: _Waiting | None) -> None:
        refusal = stanza.attrs.get("type") == "error"
        if owner is not None and (owner.quiet or refusal):
            return
        if stanza.name == ns.IQ and stanza.attrs.get("id") in self._barriers:
            return
        self._aggregator, activities = aggregate.feed(self._aggregator, stanza, env)
        for activity in activities:
            self._give_out(activity, owner)

    def _give_out(self, activity: Activity, owner: _Waiting | None) -> None:
        kind = activity.get("object", {}).get("type")
        if kind == "acknowledgement" or (activity["type"] == "xmpp:raw" and not self._options.raw_events):
            return
        activity = xmpp.strip(activity)
        if self.references.told_before(activity) and activity["target"]["id"] not in self._retelling:
            return
        activity = self.references.follow(activity)
        self.occupants.follow(activity)
        if owner is not None:
            if owner.awaited.by == "answer":
                activity.pop("id", None)
                activity.update({} if owner.asked_as is None else {"id": owner.asked_as})
            owner.found.append(activity)
        self._hooks.emit(activity)

    def _settle(self, waiting: _Waiting, stanza: xmpp.Element | None, env: xmpp.Env) -> None:
        self._waiting.pop(waiting.awaited.id, None)
        if not waiting.future.done():
            waiting.future.set_result(stanza)

    def _on_handled(self, id_: str) -> None:
        """The server has handled the stanza with this id, and has not refused it."""
        waiting = self._waiting.get(id_)
        if waiting is not None and waiting.awaited.by == "server":
            self._settle(waiting, None, self.env)

    def _on_lost(self) -> None:
        self._lost.set()
        if not self.resumable:
            self._forget_all()

    def _forget_all(self) -> None:
        """The session is over: what was under way has no outcome."""
        waiting, self._waiting = self._waiting, {}
        self._barriers.clear()
        for each in waiting.values():
            if not each.future.done():
                each.future.set_exception(ConnectionLost(self.reason))
        self._aggregator, activities = aggregate.flush(self._aggregator, self.env)
        for activity in activities:
            self._give_out(activity, None)

    # --- Commands out -------------------------------------------------------------------------------------------------

    def fresh_id(self) -> str:
        return secrets.token_urlsafe(ID_BYTES)

    def dressed(self, stanza: xmpp.Element) -> xmpp.Element:
        """Our presence, with what we can."""
        if stanza.name != ns.PRESENCE or "type" in stanza.attrs:
            return stanza
        return stanza._replace(children=(*stanza.children, self._caps))

    async def perform(self, command: Command, *, journal: Journal = unjournalled) -> list[Activity]:
        """Send a command's stanza and wait for its outcome; the activities that told of it.

        ``journal`` is awaited right before it is sent. Raises :class:`PlatformError` when it is refused,
        :class:`NotConnected` when nothing was sent, and :class:`ConnectionLost` when it was, but its outcome is not
        known.
        """
        waiting = await self._settled(self.dressed(command.stanza), asked_as=command.asked_as, journal=journal)
        stanza = waiting.future.result()
        if stanza is not None and stanza.attrs.get("type") == "error":
            raise refused(stanza, waiting.awaited.purpose, waiting.awaited.to or self._login.jid.domain)
        return waiting.found

    async def unlock(self, room: str) -> None:
        """Open a room that has just been made (XEP-0045 §10.1.2). Raises as :meth:`perform`."""
        stanza = element(ns.IQ, {"type": "set", "to": room, "id": self.fresh_id()}, INSTANT)
        await self.perform(Command(stanza))

    async def _settled(
        self,
        stanza: xmpp.Element,
        *,
        quiet: bool = False,
        asked_as: str | None = None,
        journal: Journal = unjournalled,
    ) -> _Waiting:
        if self.alive:
            await journal()
        if not self.alive:
            raise NotConnected(f"not connected to {self._login.jid.domain}")
        future: asyncio.Future[xmpp.Element | None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(awaited(stanza, self.env), future, quiet, asked_as)
        id_ = waiting.awaited.id
        if id_ in self._waiting:
            raise PlatformError(f"a message with the id {id_!r} is under way already", condition="invalid")
        self._waiting[id_] = waiting
        self._aggregator = aggregate.ask(self._aggregator, stanza, self.env)
        try:
            self._write(stanza)
            if waiting.awaited.by == "server":
                self._ask_handled(id_)
            with anyio.fail_after(self._options.reply_seconds):
                await asyncio.shield(future)
        except TimeoutError:
            raise ConnectionLost("the server did not answer in time", still_connected=self.alive) from None
        except EncodeError as error:
            raise PlatformError(f"it cannot be said in XMPP ({error})", condition="invalid") from None
        finally:
            self._waiting.pop(id_, None)
            if self._barriers:
                self._barriers = {ping: about for ping, about in self._barriers.items() if about != id_}
            if future.done() and not future.cancelled():
                future.exception()  # Looked at, or asyncio would complain of it.
        return waiting

    def _ask_handled(self, id_: str) -> None:
        if self._stream.managed:
            self._stream.ask_handled()
            return
        ping = self.fresh_id()
        self._barriers[ping] = id_
        to = self._login.jid.domain
        self._write(element(ns.IQ, {"type": "get", "to": to, "id": ping}, element(PING)))

    def _write(self, stanza: xmpp.Element) -> None:
        if self.alive:
            self._stream.write(stanza)

    def attended(self, anybody: bool) -> None:
        """Whether a client listens; a server then need not tell at once what can wait (XEP-0352)."""
        self._stream.attended(anybody)

    def enter(self, room: str, nick: str, *, retell: bool = False) -> None:
        """We are on our way into a room; where we are there already, who is there is told once more.

        What was said there is not, but with ``retell``.
        """
        self._retelling = self._retelling | {room} if retell else self._retelling - {room}
        self.env = rooms.entering(self.env, room, nick)
        self._aggregator = replace(self._aggregator, inside=self._aggregator.inside - {room})

    async def look_into(self, room: str) -> None:
        """Learn whether only participants may speak in a room: roles read differently there."""
        await self._question(features.question(disco.INFO, room, self.fresh_id()))

    # --- The end ------------------------------------------------------------------------------------------------------

    async def watch(self) -> str:
        """Wait for the connection's end, asking for a sign of life when the server is silent; why it ended."""
        loop = asyncio.get_running_loop()
        while not self._lost.is_set():
            silent = loop.time() - self._stream.heard
            with anyio.move_on_after(max(0.0, self._options.keepalive_seconds - silent)):
                await self._lost.wait()
            if not self._lost.is_set() and loop.time() - self._stream.heard >= self._options.keepalive_seconds:
                await self._ask_for_life()
        return self.reason

    async def _ask_for_life(self) -> None:
        asked = asyncio.get_running_loop().time()
        if self._stream.managed:
            self._stream.ask_handled()
        else:
            self._write(element(ns.IQ, {"type": "get", "id": self.fresh_id()}, element(PING)))
        with anyio.move_on_after(self._options.keepalive_timeout_seconds):
            await self._lost.wait()
        if not self._lost.is_set() and self._stream.heard < asked:
            self._stream.reason = "the server fell silent"
            self._stream.abort()
            await self._lost.wait()

    async def quit(self, reason: str) -> None:
        """Leave politely: say so, and end the stream."""
        if self.alive:
            status = element(ns.tag(ns.CLIENT, "status"), None, reason) if reason else None
            self._write(element(ns.PRESENCE, {"type": "unavailable"}, status))
        await self._stream.close()

    def drop(self) -> None:
        """Hang up; nothing can be resumed."""
        self._stream.drop()
        self._forget_all()
