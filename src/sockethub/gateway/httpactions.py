"""Commands by HTTP (docs/reference/http.md): POST activities, read a line for each, replay them by request id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import quart
import structlog
from werkzeug.datastructures import Headers

from sockethub.auth.user import User
from sockethub.config.gateway import Http
from sockethub.errors import MalformedMessage, QueueError, Unauthenticated
from sockethub.gateway import wire
from sockethub.gateway.commands import Commands
from sockethub.gateway.httpface import Refused, allow, json_answer, read_body
from sockethub.gateway.httprun import HttpRun, Silent, error_line
from sockethub.gateway.httpstore import HttpStore, Owned, Progress
from sockethub.gateway.openapi import document
from sockethub.gateway.origins import FORBIDDEN, Origins
from sockethub.gateway.tasks import Tasks
from sockethub.sessions.addresses import subscriber
from sockethub.sessions.table import TooManyConnections

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
ID_HEADERS: Final = ("X-Request-Id", "X-Sockethub-Request-Id")
CORS_HEADERS: Final = ("Authorization", *ID_HEADERS)
NDJSON: Final = "application/x-ndjson"
NOT_KEPT: Final = "the results of this request were too large to be kept"


class HttpActions:
    """Serves ``http.path``."""

    def __init__(self, declared: Http, commands: Commands, store: HttpStore, origins: Origins, tasks: Tasks) -> None:
        self.declared = declared
        self._commands = commands
        self._store = store
        self._origins = origins
        self._tasks = tasks
        self._log = structlog.get_logger(__name__)

    @property
    def max_body_bytes(self) -> int:
        """Largest request body this takes."""
        return self.declared.max_body_bytes if self.declared.enabled else 0

    def register(self, app: quart.Quart) -> None:
        """Add the description, and the routes when the endpoint is declared."""
        described = document(self.declared, authenticates=self._commands.admission.required)

        @app.get("/openapi.json")
        async def openapi() -> quart.Response:
            """What is served by HTTP, for tools."""
            return quart.jsonify(described)

        if not self.declared.enabled:
            return
        path = self.declared.path
        methods = ["GET", "POST", "OPTIONS"]
        app.add_url_rule(path, "http_actions", self.serve, methods=methods, provide_automatic_options=False)
        app.add_url_rule(
            f"{path}/<request_id>",
            "http_replay",
            self.serve,
            methods=["GET", "OPTIONS"],
            provide_automatic_options=False,
        )

    async def serve(self, request_id: str | None = None) -> quart.Response:
        """The Quart handler."""
        try:
            response = await self._serve(request_id)
        except Refused as refused:
            response = refused.answer()
        except QueueError as error:
            response = json_answer({"error": str(error)}, 503)
        allow(response, self._origins, "GET, POST, OPTIONS", CORS_HEADERS)
        return response

    async def _serve(self, request_id: str | None) -> quart.Response:
        if not self._origins.allows(quart.request.scope):
            raise Refused(403, FORBIDDEN)
        if quart.request.method == "OPTIONS":
            return quart.Response(status=204)
        admission = self._commands.admission
        visitor = admission.visitor(quart.request.scope)
        wait = await self._store.admit(subscriber(visitor.address))
        if wait:
            raise Refused(429, "too many requests from your address", retry_after=wait)
        try:
            user = admission.user(visitor)
        except Unauthenticated as error:
            raise Refused(401, str(error)) from None
        if quart.request.method == "POST":
            return await self._post(visitor.address, user)
        return await self._replay(_valid_id(request_id or quart.request.args.get("requestId")), user)

    async def _post(self, address: str, user: User | None) -> quart.Response:
        request, messages = _read(
            await read_body(self.declared.body_seconds, self.declared.max_body_bytes), quart.request.headers
        )
        if len(messages) > self.declared.actions:
            raise Refused(413, f"payload limit exceeded (max {self.declared.actions})", request=request)
        owned = Owned(request, user.id if user is not None else "")
        if not await self._store.begin(owned):
            return await self._repeated(owned)
        try:
            session = self._commands.connect(Silent(), address, user)
        except TooManyConnections as error:
            await self._store.forget(owned)
            raise Refused(429, str(error), request=request, retry_after=1) from None
        run = HttpRun(self._commands, session, self.declared, request)
        self._tasks.start(self._work(run, owned, messages))
        response = _lines(run.lines(), request)
        response.timeout = None  # the run has a deadline of its own
        return response

    async def _work(self, run: HttpRun, request: Owned, messages: Sequence[Any]) -> None:
        lines = await run.work(messages)
        if len(lines) > self.declared.replay_bytes:
            lines = wire.write(error_line(NOT_KEPT, request.id)).encode() + b"\n"
        try:
            await self._store.finish(request, lines)
        except QueueError:
            self._log.warning("results of an HTTP request are not kept: Redis is away")

    async def _repeated(self, request: Owned) -> quart.Response:
        found = await self._store.results(request)
        if isinstance(found, Progress):
            raise Refused(409, "a request with this id is still running", request=request.id, retry_after=1)
        return _lines(found, request.id, replay=True)

    async def _replay(self, request: str, user: User | None) -> quart.Response:
        found = await self._store.results(Owned(request, user.id if user is not None else ""))
        if found is Progress.UNKNOWN:
            raise Refused(404, "request not found", request=request)
        if isinstance(found, Progress):
            return json_answer({"status": "running", "requestId": request}, 202)
        return _lines(found, request, replay=True)


def _read(body: bytes, headers: Headers) -> tuple[str, list[Any]]:
    """Request id and activities; raises :class:`Refused`."""
    try:
        payload = wire.parse(body.decode())
    except UnicodeDecodeError:
        raise Refused(400, "not UTF-8") from None
    except MalformedMessage as error:
        raise Refused(400, str(error)) from None
    named: Any = None
    if isinstance(payload, dict) and "messages" in payload:
        named, payload = payload.get("requestId"), payload["messages"]
    elif isinstance(payload, dict):
        payload = [payload]
    given = [_valid_id(headers[name]) for name in ID_HEADERS if name in headers]
    request = given[0] if given else _valid_id(named)
    if not isinstance(payload, list) or not payload:
        raise Refused(400, "request body must be a payload object or array of payloads", request=request)
    return request, payload


def _valid_id(text: Any) -> str:
    if text is None or text == "":
        raise Refused(400, "requestId is required: as the header X-Request-Id, or a member of the body")
    if not isinstance(text, str) or not REQUEST_ID.fullmatch(text):
        raise Refused(400, "requestId must have 1 to 128 of the characters A-Z a-z 0-9 . _ : -")
    return text


def _lines(body: Any, request: str, *, replay: bool = False) -> quart.Response:
    response = quart.Response(body, content_type=NDJSON)
    response.headers["X-Request-Id"] = request
    if replay:
        response.headers["X-Idempotent-Replay"] = "true"
    return response
