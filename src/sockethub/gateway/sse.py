"""A session over plain HTTP, followed as server-sent events (docs/reference/http.md).

``POST /sessions`` begins one, ``GET /events`` follows it (WHATWG HTML §9.2), ``POST /messages`` says what a plain
WebSocket would, ``DELETE /sessions`` ends it. The token stands in a header, never in an address, where logs would
have it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import quart

from sockethub.config.gateway import Gateway, Http
from sockethub.errors import MalformedMessage, Unauthenticated
from sockethub.gateway import wire
from sockethub.gateway.admission import EXPIRED
from sockethub.gateway.channel import Channel, Connection
from sockethub.gateway.commands import AUTHENTICATE, Commands
from sockethub.gateway.httpface import Refused, allow, json_answer, read_body
from sockethub.gateway.kept import OVERFLOW, Kept, KeptSessions
from sockethub.gateway.origins import FORBIDDEN, Origins
from sockethub.gateway.websocket import envelope
from sockethub.sessions.table import TooManyConnections

METHODS: Final = "GET, POST, DELETE, OPTIONS"
HEADERS: Final = ("Authorization", "Last-Event-ID")
EVENT_STREAM: Final = "text/event-stream"
NOT_ITS_USERS: Final = "a session is its user's alone, and one that began by WebSocket is resumed there"
COMMENT: Final = ":\n\n"
"""Says nothing, and that the connection stands (WHATWG HTML §9.2.7)."""
WAITING: Final = 64
"""Requests of one session that wait for the one before them."""
OFFSET_DIGITS: Final = 15


class Stream(Connection):
    """A connection whose frames are events; their ids are the offsets."""

    def form(self, text: str, offset: int | None) -> str:
        # The text is one line: JSON without white space.
        return f"data: {text}\n\n" if offset is None else f"id: {offset}\ndata: {text}\n\n"

    async def frames(self, ping_seconds: float) -> AsyncIterator[str]:
        """All there is to send, for ever, or until it is closed; a comment where there is nothing for a while."""
        yield COMMENT  # what is between may not hold back the beginning
        while not self.closing.done():
            taking: asyncio.Future[Any] = asyncio.ensure_future(self.take())
            either: set[asyncio.Future[Any]] = {taking, self.closing}
            try:
                await asyncio.wait(either, timeout=ping_seconds, return_when=asyncio.FIRST_COMPLETED)
                if taking.done():
                    yield taking.result()
                    self.written()
                elif not self.closing.done():
                    yield COMMENT
            finally:
                taking.cancel()


class HttpSessions:
    """Serves sessions over HTTP, where HTTP is declared and sessions are kept at all."""

    def __init__(
        self,
        gateway: Gateway,
        http: Http,
        commands: Commands,
        kept: KeptSessions,
        origins: Origins,
        overflowed: Callable[[], None],
    ) -> None:
        self.gateway = gateway
        self.http = http
        self._commands = commands
        self._kept = kept
        self._origins = origins
        self._overflowed = overflowed

    def register(self, app: quart.Quart) -> None:
        """Add the routes."""
        if not self.http.enabled or not self._kept.enabled:
            return
        for path, handler, methods in (
            ("/sessions", self._sessions, ["POST", "DELETE", "OPTIONS"]),
            ("/events", self._events, ["GET", "OPTIONS"]),
            ("/messages", self._messages, ["POST", "OPTIONS"]),
        ):
            serve = self._served(handler)
            app.add_url_rule(path, path[1:], serve, methods=methods, provide_automatic_options=False)

    def _served(self, handler: Any) -> Any:
        async def serve() -> quart.Response:
            try:
                if not self._origins.allows(quart.request.scope):
                    raise Refused(403, FORBIDDEN)
                preflight = quart.request.method == "OPTIONS"
                response: quart.Response = quart.Response(status=204) if preflight else await handler()
            except Refused as refused:
                response = refused.answer()
            allow(response, self._origins, METHODS, HEADERS)
            return response

        return serve

    async def _sessions(self) -> quart.Response:
        if quart.request.method == "DELETE":
            self._kept.end(self._own().session.id)
            return quart.Response(status=204)
        admission = self._commands.admission
        visitor = admission.visitor(quart.request.scope)
        channel = Channel(None, "sse")
        try:
            self._commands.limits.arrive(visitor.address)
            session = self._commands.connect(channel, visitor.address, admission.user(visitor))
        except TooManyConnections as error:
            raise Refused(429, str(error), retry_after=1) from None
        except Unauthenticated as error:
            raise Refused(401, str(error)) from None
        told = self._kept.keep(session, channel)
        kept = self._found(told["session"], told["token"])
        kept.by_token = visitor.evidence.token is not None
        self._kept.wait_for(kept)
        return json_answer(told, 201)

    async def _events(self) -> quart.Response:
        kept = self._own()
        if kept.session.expired:
            raise Refused(401, EXPIRED)
        seen = quart.request.headers.get("Last-Event-ID", "0")
        if not (seen.isascii() and seen.isdigit() and len(seen) <= OFFSET_DIGITS):
            raise Refused(400, "Last-Event-ID is not the id of an event")
        obstacle = self._kept.obstacle(kept, int(seen))
        if obstacle is not None:
            raise Refused(410 if obstacle == OVERFLOW else 400, obstacle)

        async def body() -> AsyncIterator[str]:
            # Not before somebody reads: a client that went at once would leave a stream that nobody ever ends.
            stream = Stream(self.gateway.outbox_bytes, self._overflowed)
            if not self._kept.resume(kept, int(seen), stream):
                return
            try:
                async for text in stream.frames(self.gateway.ping_seconds):
                    yield text
            finally:
                self._kept.leave(kept.session, kept.channel, stream)

        response = quart.Response(body(), content_type=EVENT_STREAM)
        response.timeout = None  # it ends when either side ends it
        return response

    async def _messages(self) -> quart.Response:
        kept = self._own()
        body = await read_body(self.http.body_seconds, self.http.max_body_bytes)
        try:
            frame = wire.parse(body.decode())
            identifier, event = envelope(frame)
        except UnicodeDecodeError:
            raise Refused(400, "not UTF-8") from None
        except MalformedMessage as error:
            raise Refused(400, await self._commands.malformed(kept.session, len(body), str(error))) from None
        if kept.session.expired and event != AUTHENTICATE:
            raise Refused(401, EXPIRED)
        if kept.waiting >= WAITING:
            raise Refused(429, f"{WAITING} requests of this session wait already", retry_after=1)
        answer = None if identifier is None else _answer(kept.channel, identifier)
        kept.waiting += 1
        try:
            async with kept.turn:
                await self._commands.handle(kept.session, event, frame.get("data"), len(body), answer)
        finally:
            kept.waiting -= 1
        if kept.expiry is not None:
            self._kept.wait_for(kept)  # it is in use, though nobody follows it now
        return json_answer({}, 202)

    def _own(self) -> Kept:
        """The session that the request is of, whose user may have made it."""
        scheme, _, credentials = quart.request.headers.get("Authorization", "").partition(" ")
        session, _, token = credentials.strip().partition(".")
        if scheme.lower() != "bearer":
            raise Refused(401, "Authorization: Bearer SESSION.TOKEN is missing")
        kept = self._found(session, token)
        admission = self._commands.admission
        if not admission.owns(admission.visitor(quart.request.scope), kept.session, by_token=kept.by_token):
            raise Refused(401, NOT_ITS_USERS)
        return kept

    def _found(self, session: str, token: str) -> Kept:
        kept = self._kept.find(session, token)
        if kept is None:
            raise Refused(401, "there is no such session (any more), or the token is not its own")
        return kept


def _answer(channel: Channel, identifier: str | int) -> Any:
    def answer(*values: Any) -> None:
        channel.acknowledge(identifier, values[0] if values else None)

    return answer
