"""The IRC platform: one login, its connection, and the connection after that one."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

import anyio

from sockethub.errors import NotConnected, OutcomeUnknown, PlatformError, SockethubError
from sockethub.platforms.irc import features, notices, sts
from sockethub.platforms.irc.commands import command_of, is_answer, kind_of, slash_command
from sockethub.platforms.irc.dial import Dialler, certified, tls_context
from sockethub.platforms.irc.hooks import ConnectionLost, Hooks, TlsWanted
from sockethub.platforms.irc.login import Login
from sockethub.platforms.irc.options import Options
from sockethub.platforms.irc.pending import Command
from sockethub.platforms.irc.refusals import connect_error
from sockethub.platforms.irc.rooms import Room, Rooms
from sockethub.platforms.irc.session import Session
from sockethub.worker.interface import Activity, LoginContext, PersistentPlatform
from sockethub.worker.reconnecting import Patience, Reconnecting
from sockethub_translators import irc

__all__ = ["IrcPlatform"]

FINAL: Final = frozenset(
    {"banned", "certificate-untrusted", "erroneous-nickname", "forbidden", "sasl-failed", "wrong-password"}
)
"""Why a connection is not tried again: it would end the same way."""
TAKEOVER_SECONDS: Final = 10.0
"""How long a predecessor's nickname may still be taken, until the server notices that it has died."""
TAKEOVER_PAUSE: Final = 0.2
MAX_WATCHED: Final = 100
"""People watched (MONITOR) that are remembered; most servers allow as many."""

# Commands whose effect ends with the connection: once that is lost, it is certain that they have none.
_OF_THE_CONNECTION: Final = frozenset(
    {"AWAY", "JOIN", "LIST", "NAMES", "NICK", "PART", "WHO", "WHOIS", "MONITOR", "CHATHISTORY"}
)


class IrcPlatform(PersistentPlatform):
    """One login on one IRC network."""

    journals = True
    tls: ClassVar[ssl.SSLContext | None] = None
    """The default TLS context: made once, before the fork, and shared by all logins."""

    def __init__(self, context: LoginContext) -> None:
        super().__init__(context)
        self._options = Options.of(context.options)
        self._login: Login | None = None
        self._nick = ""
        self._rooms = Rooms()
        self._session: Session | None = None
        self._saved: Mapping[str, Any] | None = None
        self._dirty = anyio.Event()
        self._reconnecting: Reconnecting | None = None
        self._saving = False
        self._watched: list[str] = []
        self._sts: sts.Policy | None = None

    @classmethod
    def warm_up(cls) -> None:
        from sockethub.platforms.irc.warm_up import rehearse

        cls.tls = tls_context(Options())
        rehearse(cls)

    # --- Connecting ---------------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._session is not None and self._session.alive

    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        if self._session is not None and self._session.alive:
            self.context.emit(features.described(self._session.env))
            return None
        if self._reconnecting is not None and self._reconnecting.running:
            # The connection is being made again: now.
            await self._reconnecting.hurry(self._options.connect_seconds)
            if not self.connected:
                raise NotConnected("connection lost; still trying to reconnect")
            return None
        login = Login.of(credentials)
        self._nick = login.nick
        if restore is not None:
            self._rooms.restore(restore, irc.Env(login.server, login.nick).isupport.fold)
            self._nick = restore.get("nick") or login.nick
            self._watched = list(restore.get("watched", ()))[:MAX_WATCHED]
            self._sts = sts.Policy.restored(restore)
        self._login = login
        session = await self._open(login, takeover=restore is not None)
        self._session = session
        if not self._saving:
            self._saving = True
            self.context.tasks.start_soon(self._keep_saved)
        self._reconnecting = self._keep(login, session)
        self.context.tasks.start_soon(self._reconnecting.run)
        await self._begin(session)
        await self._save()
        return None

    async def _begin(self, session: Session) -> None:
        """What follows a connection: tell what it can do, watch whom we watch, enter the rooms."""
        self.context.emit(features.described(session.env))
        for nick in list(self._watched):
            target = {"id": f"{nick}@{session.env.server}", "type": "person"}
            try:
                await session.perform(command_of({"type": "request-friend", "target": target}, session.env))
            except PlatformError:
                self._watched.remove(nick)  # another server of the network may not do that
            except ConnectionLost:
                return
        await self._rejoin(session)

    async def _open(self, login: Login, *, takeover: bool = False) -> Session:
        until = time.monotonic() + TAKEOVER_SECONDS
        if not login.secure and self._sts is not None and self._sts.until > time.time():
            login = replace(login, secure=True, port=self._sts.port)
        while True:
            hooks = Hooks(self.context.emit, self._renamed, self._note_change, self.context.log)
            session = Session(login, self._options, self._rooms, hooks)
            try:
                await session.open(Dialler(self._options, self.context.reach, self._tls(login)), self._nick)
            except TlsWanted as wanted:
                login = replace(login, secure=True, port=wanted.port)
                continue
            except PlatformError as error:
                if not (takeover and error.condition == "nickname-in-use" and time.monotonic() < until):
                    raise
                await anyio.sleep(TAKEOVER_PAUSE)
                continue
            self._nick = session.env.nick
            if session.sts_seconds is not None:
                self._sts = sts.Policy(login.port, time.time() + session.sts_seconds) if session.sts_seconds else None
            self.context.identify(f"{self._nick}@{login.server}")
            return session

    def _tls(self, login: Login) -> ssl.SSLContext | None:
        if not login.secure:
            return None
        if login.certificate is not None:
            return certified(_declared_tls(self._options), login.certificate)
        if not self._options.tls_verify or self._options.tls_ca_file is not None:
            return _declared_tls(self._options)
        cls = type(self)
        if cls.tls is None:
            cls.tls = tls_context(self._options)
        return cls.tls

    # --- Staying connected --------------------------------------------------------------------------------------------

    def _keep(self, login: Login, session: Session) -> Reconnecting:
        """Watches one connection after the other."""
        options, context = self._options, self.context

        async def watch() -> tuple[str, str]:
            reason = await session.watch()
            self._rooms.disconnected()
            context.log.info("irc.connection_lost", server=login.server)
            return reason, ""

        async def again() -> None:
            nonlocal session
            session = self._session = await self._open(login)
            await self._begin(session)
            if session.alive:
                context.log.info("irc.reconnected", server=login.server)
                context.emit(notices.reconnected(session.env))

        return Reconnecting(
            Patience(options.reconnect_delay_seconds, options.reconnect_delay_max_seconds, options.reconnect_seconds),
            FINAL,
            watch=watch,
            again=again,
            interrupted=lambda reason: context.emit(notices.lost(session.env, reason)),
            over=lambda reason: context.lost(notices.gave_up(session.env, reason)),
        )

    async def _rejoin(self, session: Session) -> None:
        """Join all rooms that the user wants to be in; one that does not let us in is forgotten, and said so."""
        fold = session.env.isupport.fold
        for room in self._rooms.wanted():
            activity = {"type": "join", "target": {"id": f"{room.name}@{session.env.server}", "type": "room"}}
            if room.key is not None:
                activity["irc:key"] = room.key
            try:
                await session.perform(command_of(activity, session.env))
            except PlatformError as error:
                if not session.alive:
                    return
                self._rooms.forget(room.name, fold)
                self._note_change()
                self.context.emit(notices.not_rejoined(session.env, room.name, str(error)))
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
        self._rooms = Rooms()

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
        if self._options.slash_commands:
            activity = slash_command(activity)
        command = command_of(activity, session.env)
        try:
            return await self._do(session, command, activity)
        except ConnectionLost as lost:
            raise _outcome(command, lost) from None

    async def _do(self, session: Session, command: Command, activity: Activity) -> Activity | None:
        match command.name:
            case "JOIN":
                await self._join(session, command, activity.get("irc:key"))
            case "PART":
                await self._leave(session, command)
            case "NICK":
                await self._change_nick(session, command)
            case "QUIT":
                await self.context.journal()
                await self.disconnect(_content(activity))
            case "MONITOR":
                await self._watch(session, command)
            case _ if activity["type"] == "query":
                return await self._ask(session, command, kind_of(activity))
            case _:
                echo = await self._perform(session, command)
                return None if echo is None else _with_id(activity, echo)
        return None

    async def _perform(
        self, session: Session, command: Command, wanted: Callable[[Activity], bool] | None = None
    ) -> Activity | None:
        """A command of the client's, which is journalled."""
        return await session.perform(command, wanted, journal=self.context.journal)

    async def _watch(self, session: Session, command: Command) -> None:
        sign, nick = command.lines[0].params
        await self._perform(session, command)
        fold = session.env.isupport.fold
        self._watched = [each for each in self._watched if fold(each) != fold(nick)]
        if sign == "+":
            self._watched = [*self._watched, nick][-MAX_WATCHED:]
        await self._save()

    async def _join(self, session: Session, command: Command, key: str | None) -> None:
        name = command.lines[0].params[0]
        fold = session.env.isupport.fold
        if self._rooms.inside(name, fold):
            # A server says nothing to this. Another page of the same user wants to know who is here.
            await self._perform(
                session, Command.of([irc.Line("TOPIC", (name,)), irc.Line("NAMES", (name,))], session.env)
            )
            return
        await self._perform(session, command)
        if not self._rooms.inside(name, fold):
            raise PlatformError(f"{name}: the server did not let us in", condition="refused")
        if key is not None:
            self._rooms.want(Room(name, key), fold)
        await self._save()

    async def _leave(self, session: Session, command: Command) -> None:
        name = command.lines[0].params[0]
        await self._perform(session, command)
        self._rooms.forget(name, session.env.isupport.fold)
        await self._save()

    async def _change_nick(self, session: Session, command: Command) -> None:
        before, wanted = session.env.nick, command.lines[0].params[0]
        if wanted == before:
            return
        await self._perform(session, command)
        if session.env.nick == before:
            raise PlatformError(f"{wanted}: the server did not change the nickname", condition="refused")
        await self._save()

    async def _ask(self, session: Session, command: Command, kind: str) -> Activity | None:
        return await self._perform(session, command, lambda answer: is_answer(answer, kind, command, session.env))

    # --- What is remembered -------------------------------------------------------------------------------------------

    def _renamed(self) -> None:
        if self._session is None or self._login is None:
            return  # Not yet ours: the one who opens it tells the name it came to.
        self._nick = self._session.env.nick
        self.context.identify(f"{self._nick}@{self._login.server}")
        self._note_change()

    def _note_change(self) -> None:
        self._dirty.set()

    async def _keep_saved(self) -> None:
        """Save what changed without a command of ours: a kick, a nickname the server gave us."""
        while True:
            await self._dirty.wait()
            self._dirty = anyio.Event()
            await self._save()

    async def _save(self) -> None:
        state: dict[str, Any] = {"joins": self._rooms.saved(), "nick": self._nick}
        if self._watched:
            state["watched"] = self._watched
        if self._sts is not None:
            state["sts"] = self._sts.saved()
        if state == self._saved:
            return
        try:
            await self.context.save(state)
        except SockethubError as error:
            self.context.log.warning("irc.not_saved", reason=str(error))
            return
        self._saved = state


def _declared_tls(options: Options) -> ssl.SSLContext:
    try:
        return tls_context(options)
    except OSError:  # ssl.SSLError is one.
        raise connect_error("the operator's file of trusted authorities cannot be read", "misconfigured") from None


def _with_id(activity: Activity, echo: Activity) -> Activity:
    """What was said, with the id that the server gave it."""
    id_ = echo.get("object", {}).get("id")
    if id_ is None or not isinstance(activity.get("object"), dict):
        return activity
    return {**activity, "object": {**activity["object"], "id": id_}}


def _content(activity: Activity) -> str:
    obj = activity.get("object")
    content = obj.get("content") if isinstance(obj, dict) else None
    return content if isinstance(content, str) else ""


def _outcome(command: Command, lost: ConnectionLost) -> SockethubError:
    """What is to be said of a command that was written and never confirmed."""
    if command.name in _OF_THE_CONNECTION and not lost.still_connected:
        return NotConnected(f"connection lost before it was done ({lost.text})")
    return OutcomeUnknown(f"{command.name} was sent, but the server did not confirm it ({lost.text})")
