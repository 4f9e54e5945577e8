"""One HTTP request's activities at work: a session of their own, and one line for each as it completes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sockethub.config.gateway import Http
from sockethub.gateway import wire
from sockethub.gateway.answers import says_credentials, unknown
from sockethub.gateway.commands import Commands
from sockethub.sessions.session import Answer, Session
from sockethub_translators.dialects import context_array

TOO_LATE = "no reply came within the time of an HTTP request"
STOPPED = "the gateway stopped before a reply came"


class Silent:
    """The transport of a session that hears nothing but its answers."""

    name = "http"

    def deliver(self, event: str, data: Any) -> None:
        """Nobody listens."""

    def close(self, code: int, reason: str) -> None:
        """There is nothing to close."""


class HttpRun:
    """Works on ``messages`` whether or not anybody reads the lines."""

    def __init__(self, commands: Commands, session: Session, declared: Http, request: str) -> None:
        self._commands = commands
        self._session = session
        self._declared = declared
        self._request = request
        self._lines: list[bytes] = []
        self._answered: set[int] = set()
        self._changed = asyncio.Event()
        self._ended = False

    async def work(self, messages: Sequence[Any]) -> bytes:
        """Do them in their order; all lines, one for each, once all are there or the time is over."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._declared.total_seconds
        try:
            async with asyncio.timeout_at(end):
                for index, message in enumerate(messages):
                    await self._hand_in(index, message)
                while len(self._answered) < len(messages):
                    async with asyncio.timeout(self._declared.idle_seconds):
                        await self._next_change()
        except TimeoutError:
            self._give_up(messages, TOO_LATE)
        except asyncio.CancelledError:
            # The gateway is about to stop: what is known by now is kept, which it waits for.
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            self._give_up(messages, STOPPED)
        finally:
            self._commands.disconnect(self._session)
            self._ended = True
            self._wake()
        return b"".join(self._lines)

    def _give_up(self, messages: Sequence[Any], why: str) -> None:
        """Of what has no answer yet nobody knows the outcome."""
        for index, message in enumerate(messages):
            self._take(index, unknown(message, why) if isinstance(message, dict) else self._error(why))

    async def lines(self) -> AsyncIterator[bytes]:
        """Every line, as it comes, to the last."""
        sent = 0
        while True:
            while sent < len(self._lines):
                sent += 1
                yield self._lines[sent - 1]
            if self._ended:
                return
            await self._next_change()

    async def _next_change(self) -> None:
        await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _hand_in(self, index: int, message: Any) -> None:
        if not isinstance(message, dict):
            self._take(index, self._error("an activity is a JSON object"))
            return
        credentials = says_credentials(message)
        event = "credentials" if credentials else "message"
        size = len(wire.write(message).encode())
        await self._commands.handle(self._session, event, message, size, self._answer(index, message))

    def _answer(self, index: int, message: dict[str, Any]) -> Answer:
        def answer(*values: Any) -> None:
            self._take(index, values[0] if values else _acknowledged(message))

        return answer

    def _take(self, index: int, value: Any) -> None:
        if index in self._answered or self._ended:
            return
        self._answered.add(index)
        self._lines.append(wire.write(value).encode() + b"\n")
        self._wake()

    def _error(self, text: str) -> dict[str, Any]:
        return error_line(text, self._request)


def error_line(text: str, request: str) -> dict[str, Any]:
    """A line about something that was no activity."""
    return {
        "type": "error",
        "@context": context_array("error"),
        "actor": {"type": "Application", "name": "sockethub-server"},
        "error": text,
        "requestId": request,
    }


def _acknowledged(message: dict[str, Any]) -> dict[str, Any]:
    """Credentials were taken; of the submitted activity only the actor is told."""
    told = {"type": "credentials-ack", "@context": context_array("sockethub:internal")}
    return {**told, "actor": message["actor"]} if "actor" in message else told
