"""A few commands to a server that is asked where others are, on a connection for these alone."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import Any, Final

import hiredis

from sockethub.redis_url import Address

__all__ = ["once"]

ASK_SECONDS: Final = 1.0
"""For one server to answer; one that does not is down, and the others know."""


async def once(address: Address, commands: Sequence[tuple[str, ...]], *, tls: bool) -> list[Any] | None:
    """The answers, errors of hiredis's among them; None when it is silent."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            secure = ssl.create_default_context() if tls else None
            reader, writer = await asyncio.open_connection(*address, ssl=secure)
            try:
                writer.write(b"".join(map(hiredis.pack_command, commands)))  # type: ignore[arg-type]  # its stub knows one word
                return await _answers(reader, len(commands))
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError, hiredis.ProtocolError):
        return None


async def _answers(reader: asyncio.StreamReader, count: int) -> list[Any] | None:
    parser, answers = hiredis.Reader(), list[Any]()
    while len(answers) < count:
        data = await reader.read(65_536)
        if not data:
            return None
        parser.feed(data)
        while (answer := parser.gets()) is not False:
            answers.append(answer)
    return answers
