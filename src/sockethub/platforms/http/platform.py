"""One command: fill in, ask, pick out."""

from __future__ import annotations

from typing import Any

import orjson

from sockethub.errors import OutcomeUnknown, PlatformError
from sockethub.platforms.http import templates
from sockethub.platforms.http.options import Call, Options
from sockethub.platforms.http.picking import picked
from sockethub.web import Answer, Request, undecided
from sockethub.worker.interface import Activity, PlatformContext, StatelessPlatform


class HttpPlatform(StatelessPlatform):
    """An HTTP API. Options: :class:`~sockethub.platforms.http.options.Options`."""

    def __init__(self, context: PlatformContext) -> None:
        super().__init__(context)
        options = Options.declared(context.options)
        self._web = options.client(context.reach, context.commons)
        self._calls = {verb: Call.declared(request) for verb, request in options.requests.items()}

    async def perform(self, activity: Activity) -> Activity | None:
        call = self._calls.get(activity["type"])
        if call is None:
            raise PlatformError("nothing is declared for this verb", condition="unsupported")
        url = templates.url(call.url, activity)
        answer = await self._ask(call, url, _body(call, activity))
        self.context.log.debug("asked", status=answer.status, bytes=len(answer.body))
        made = picked(call.response, _document(answer))
        return {name: activity[name] for name in ("context", "type", "actor") if name in activity} | made

    async def _ask(self, call: Call, url: str, body: bytes) -> Answer:
        request = Request(call.method, call.headers, body)
        try:
            answer = await self._web.send(url, request)
        except PlatformError as error:
            if undecided(request, error):
                raise OutcomeUnknown(f"{error}; whether it took effect is not known") from None
            raise
        if not 200 <= answer.status < 300:
            raise PlatformError(f"request failed: {answer.status} {answer.reason}", condition="http-error")
        return answer


def _body(call: Call, activity: Activity) -> bytes:
    if call.body is None:
        return b""
    return orjson.dumps(templates.body(call.body, activity))


def _document(answer: Answer) -> Any:
    if not answer.body.strip():
        return None
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise PlatformError("the answer is not JSON", condition="bad-response") from None
