"""The XMPP platform: one login, its connection, and the connection after that one."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from sockethub.errors import NotConnected, OutcomeUnknown, PlatformError, SockethubError
from sockethub.platforms.xmpp import features, notices, rooms
from sockethub.platforms.xmpp.commands import Command, command_of, kind_of
from sockethub.platforms.xmpp.dial import Dialler, tls_context
from sockethub.platforms.xmpp.login import Login
from sockethub.platforms.xmpp.options import Options
from sockethub.platforms.xmpp.refusals import NOT_JOINED, connect_error
from sockethub.platforms.xmpp.rooms import Room
from sockethub.platforms.xmpp.session import ConnectionLost, Hooks, Session
from sockethub.worker.interface import Activity, Journal, LoginContext, PersistentPlatform, unjournalled
from sockethub.worker.reconnecting import Patience, Reconnecting
from sockethub_translators import xmpp
from sockethub_translators.xmpp import ns

__all__ = ["XmppPlatform"]

FINAL: Final = frozenset(
    {
        *("bad-credentials", "banned", "certificate-untrusted", "forbidden", "host-unknown", "replaced"),
        *("sasl-failed", "wrong-password"),
    }
)
"""Why a connection is not tried again: it would end the same way; or, replaced, end the one that took its place."""
ONLINE: Final[Activity] = {"type": "update", "object": {"type": "presence", "presence": "online"}}


class XmppPlatform(PersistentPlatform):
    """One login on one XMPP server."""

    journals = True
    tls: ClassVar[ssl.SSLContext | None] = None
    """The default TLS context: made once, before the fork, and shared by all logins."""

    def __init__(self, context: LoginContext) -> None:
        super().__init__(context)
        self._options = Options.of(context.options)
        self._session: Session | None = None
        self._presence: Activity | None = ONLINE if self._options.initial_presence else None
        self._wanted: dict[str, Room] = {}
        self._saved: Mapping[str, Any] | None = None
        self._reconnecting: Reconnecting | None = None

    @classmethod
    def warm_up(cls) -> None:
        from sockethub.platforms.xmpp.warm_up import rehearse

        cls.tls = tls_context(Options())
        rehearse(cls)

    # --- Connecting ---------------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._session is not None and self._session.alive

    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        session = self._session
        if session is not None and session.alive:
            self.context.emit(features.described(session.found, session.env))
            return None
        if self._reconnecting is not None and self._reconnecting.running:
            # The connection is being made again: now.
            await self._reconnecting.hurry(self._options.connect_seconds)
            if not self.connected:
                raise NotConnected("connection lost; still trying to reconnect")
            return None
        login = Login.of(credentials)
        if restore is not None:
            self._wanted = rooms.restored(restore)
            self._presence = restore.get("presence", self._presence)
        dialler = Dialler(self._options, self.context.reach, self._tls())
        session = Session(login, self._options, dialler, Hooks(self.context.emit, self._thrown_out, self.context.log))
        await session.open()
        self._session = session
        self._reconnecting = self._keep(session)
        self.context.tasks.start_soon(self._reconnecting.run)
        await self._begin(session)
        await self._save()
        return None

    async def _begin(self, session: Session) -> None:
        """What follows a connection that was made anew."""
        await session.begin(self._presence)
        self.context.tasks.start_soon(session.discover)
        await self._rejoin(session)

    def _tls(self) -> ssl.SSLContext:
        cls, options = type(self), self._options
        if not options.tls_verify or options.tls_ca_file is not None:
            try:
                return tls_context(options)
            except OSError:  # ssl.SSLError is one.
                text = "the operator's file of trusted authorities cannot be read"
                raise connect_error(text, "misconfigured") from None
        if cls.tls is None:
            cls.tls = tls_context(options)
        return cls.tls

    # --- Staying connected --------------------------------------------------------------------------------------------

    def _keep(self, session: Session) -> Reconnecting:
        """Watches the connection, and makes it again."""
        options, log = self._options, self.context.log

        async def watch() -> tuple[str, str]:
            reason = await session.watch()
            log.info("xmpp.connection_lost", condition=session.condition)
            return reason, session.condition

        async def again() -> None:
            resumed = await session.open()
            if not resumed:
                await self._begin(session)
            if session.alive:
                log.info("xmpp.reconnected", resumed=resumed)
                self.context.emit(notices.reconnected(session.env, resumed=resumed))

        def over(reason: str) -> None:
            session.drop()
            self.context.lost(notices.gave_up(session.env, reason))

        return Reconnecting(
            Patience(options.reconnect_delay_seconds, options.reconnect_delay_max_seconds, options.reconnect_seconds),
            FINAL,
            watch=watch,
            again=again,
            interrupted=lambda reason: self.context.emit(notices.lost(session.env, reason)),
            over=over,
        )

    async def _rejoin(self, session: Session) -> None:
        """Enter all rooms that the user wants to be in; one that does not let us in is forgotten, and said so."""
        for room in list(self._wanted.values()):
            activity: Activity = {"type": "join", "actor": {"name": room.nick}, "target": {"id": room.jid}}
            if room.password is not None:
                activity["xmpp:password"] = room.password
            try:
                await self._enter(session, self._command(session, activity))
            except PlatformError as error:
                if not session.alive:
                    return
                self._wanted.pop(room.jid, None)
                self.context.emit(notices.not_rejoined(session.env, room.jid, str(error)))
            except ConnectionLost:
                if not session.alive:
                    return

    async def disconnect(self, reason: str) -> None:
        session, reconnecting = self._session, self._reconnecting
        self._session = self._reconnecting = None
        if reconnecting is not None:
            reconnecting.cancel()
        if session is not None:
            await session.quit(reason)
        self._wanted = {}

    def attended(self, anybody: bool) -> None:
        if self._session is not None:
            self._session.attended(anybody)

    # --- Performing ---------------------------------------------------------------------------------------------------

    async def perform(self, activity: Activity) -> Activity | None:
        verb = activity["type"]
        if verb == "disconnect":
            await self.disconnect(_content(activity))
            return None
        session = self._session
        if session is None or not session.alive:
            if self._reconnecting is not None and self._reconnecting.running:
                raise NotConnected("connection lost; reconnecting")
            raise NotConnected("not connected; connect first")
        if verb == "connect":
            return None
        command = self._command(session, activity)
        try:
            return await self._do(session, command, activity)
        except ConnectionLost as lost:
            raise _outcome(command.stanza, lost) from None

    def _command(self, session: Session, activity: Activity) -> Command:
        return command_of(session.references.meant(activity), session.env, session.fresh_id(), session.found)

    async def _do(self, session: Session, command: Command, activity: Activity) -> Activity | None:
        match activity["type"], kind_of(activity):
            case "join", _:
                password, retell = activity.get("xmpp:password"), kind_of(activity) == "history"
                await self._enter(session, command, password, self.context.journal, retell=retell)
                await self._save()
            case "leave", _ if "/" in command.stanza.attrs.get("to", ""):
                await self._leave(session, command)
            case "update", "presence" if "to" not in command.stanza.attrs:
                await session.perform(command, journal=self.context.journal)
                self._presence = {"type": "update", "object": activity["object"]}
                await self._save()
            case "update", "address":
                await self._rename(session, command)
            case "query", "attendance" if command.stanza.attrs.get("to") in session.env.inside:
                answer = session.occupants.attendance(command.stanza.attrs["to"], session.env)
                answer |= {} if command.asked_as is None else {"id": command.asked_as}
                self.context.emit(answer)
                return answer
            case "query", _:
                found = await session.perform(command, journal=self.context.journal)
                return found[-1] if found else None
            case _:
                await session.perform(command, journal=self.context.journal)
        return None

    async def _enter(
        self,
        session: Session,
        command: Command,
        password: str | None = None,
        journal: Journal = unjournalled,
        *,
        retell: bool = False,
    ) -> None:
        room, _, nick = command.stanza.attrs["to"].partition("/")
        if room not in self._wanted and len(self._wanted) >= rooms.MAX_ROOMS:
            raise PlatformError(f"more than {rooms.MAX_ROOMS} rooms", condition="too-many-channels")
        session.enter(room, nick, retell=retell)
        seen = await session.perform(command, journal=journal)
        if any(rooms.CREATED in each.get("xmpp:status", ()) for each in seen):
            await session.unlock(room)
        self._wanted[room] = Room(room, session.env.rooms.get(room, nick), password)
        self.context.tasks.start_soon(session.look_into, room)

    async def _leave(self, session: Session, command: Command) -> None:
        room = command.stanza.attrs["to"].partition("/")[0]
        if room not in session.env.rooms:
            raise PlatformError(f"{room}: {NOT_JOINED}", condition="not-joined")
        await session.perform(command, journal=self.context.journal)
        self._wanted.pop(room, None)
        await self._save()

    async def _rename(self, session: Session, command: Command) -> None:
        room = command.stanza.attrs["to"].partition("/")[0]
        if room not in session.env.rooms:
            raise PlatformError(f"{room}: {NOT_JOINED}", condition="not-joined")
        await session.perform(command, journal=self.context.journal)
        before = self._wanted.get(room)
        if before is not None:
            self._wanted[room] = Room(room, session.env.rooms[room], before.password)
            await self._save()

    def _thrown_out(self, room: str) -> None:
        """Nobody is thrown out while we leave by ourselves: who comes after us enters the room again."""
        if self._session is not None and self._wanted.pop(room, None) is not None:
            self.context.tasks.start_soon(self._save)

    # --- What is remembered -------------------------------------------------------------------------------------------

    async def _save(self) -> None:
        state = {"joins": rooms.saved(self._wanted), "presence": self._presence}
        if state == self._saved:
            return
        try:
            await self.context.save(state)
        except SockethubError as error:
            self.context.log.warning("xmpp.not_saved", reason=str(error))
            return
        self._saved = state


def _content(activity: Activity) -> str:
    obj = activity.get("object")
    content = obj.get("content") if isinstance(obj, dict) else None
    return content if isinstance(content, str) else ""


def _outcome(stanza: xmpp.Element, lost: ConnectionLost) -> SockethubError:
    """What is to be said of a stanza that was sent and never confirmed."""
    harmless = stanza.name == ns.PRESENCE or stanza.attrs.get("type") == "get"
    if harmless and not lost.still_connected:
        return NotConnected(f"connection lost before it was done ({lost.text})")
    return OutcomeUnknown(f"it was sent, but the server did not confirm it ({lost.text})")
