"""The dummy platform against recordings of the wire (verbs, actors and texts as existing clients know them)."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import anyio
import pytest

from sockethub.errors import PlatformError
from sockethub.platforms.dummy import DummyPlatform
from sockethub.worker.interface import PlatformContext, Reach

pytestmark = pytest.mark.anyio


class Silence:
    def debug(self, event: str, **fields: object) -> None: ...
    def info(self, event: str, **fields: object) -> None: ...
    def warning(self, event: str, **fields: object) -> None: ...


def platform(**options: Any) -> DummyPlatform:
    return DummyPlatform(PlatformContext("dummy", options, Reach(), Silence()))


def said(verb: str, content: str = "hello") -> dict[str, Any]:
    return {
        "context": "dummy",
        "type": verb,
        "id": "my-id-1",
        "actor": {"id": "alice@dummy", "type": "person", "name": "Alice"},
        "object": {"type": "message", "content": content},
    }


async def test_echo_turns_actor_and_target_round() -> None:
    asked = said("echo")
    assert await platform().perform(asked) == {
        "context": "dummy",
        "type": "echo",
        "id": "my-id-1",
        "actor": {"id": "dummy", "type": "platform"},
        "target": {"id": "alice@dummy", "type": "person", "name": "Alice"},
        "object": {"type": "message", "content": "hello"},
    }
    assert asked == said("echo"), "what was asked stays as it is"


async def test_echo_of_nothing_holds_nothing() -> None:
    asked = said("echo")
    del asked["object"]
    answer = await platform().perform(asked)
    assert answer is not None
    assert "object" not in answer


@pytest.mark.parametrize(("options", "expected"), [({}, "Hello hello"), ({"greeting": "Salve,"}, "Salve, hello")])
async def test_greet_puts_the_declared_greeting_in_front(options: dict[str, str], expected: str) -> None:
    answer = await platform(**options).perform(said("greet"))
    assert answer is not None
    assert answer["object"] == {"type": "message", "content": expected}


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        ("fail", "Error: hello"),
        ("throw", "Error: hello"),
        ("throwTypeError", "TypeError: hello"),
        ("throwReferenceError", "ReferenceError: hello"),
    ],
)
async def test_failures_say_what_was_given(verb: str, text: str) -> None:
    with pytest.raises(PlatformError) as failure:
        await platform().perform(said(verb))
    assert str(failure.value) == text


async def test_hang_never_answers() -> None:
    with anyio.move_on_after(0.1) as patience:
        await platform().perform(said("hang"))
    assert patience.cancelled_caught


@pytest.mark.parametrize(("verb", "status"), [("exit0", 0), ("exit1", 1), ("sigterm", -15), ("sigkill", -9)])
def test_the_rest_end_their_process(verb: str, status: int) -> None:
    """Whatever the process does about the signal otherwise."""
    code = f"""
import asyncio, signal
from sockethub.platforms.dummy import DummyPlatform
signal.signal(signal.SIGTERM, signal.SIG_IGN)
asyncio.run(DummyPlatform(None).perform({{"type": {verb!r}}}))
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=30).returncode == status
