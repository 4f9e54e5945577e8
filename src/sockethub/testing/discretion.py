"""The rule about what is logged: facts, never what people say, never a secret."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, Final

import anyio
import structlog

from sockethub.logs import configure
from sockethub.testing.harness import REFUSALS, harness
from sockethub.testing.subject import Nonconformance, Subject

SHORTEST: Final = 6
"""Characters of what counts as content; shorter words stand in any log."""

CONTENT: Final = frozenset(("content", "name", "summary", "title", "description", "brief"))
"""Members below ``object`` that hold what people say."""


def logs(subject: Subject) -> None:
    """Nothing of what is said, and no credentials, are logged or printed, whatever the level."""
    anyio.run(_logs, subject)


async def _logs(subject: Subject) -> None:
    said: set[str] = set()
    with _captured() as output:
        async with harness("logs", subject) as it:
            await it.connect()
            for activity in (*subject.examples, *subject.refused):
                with suppress(*REFUSALS):
                    said.update(_content(await it.attempt(activity)))
            for told in it.told:
                said.update(_content(told))
    for activity in (*subject.examples, *subject.refused):
        said.update(_content(activity))
    for name, secret in _secrets(subject):
        if secret in output.getvalue():
            raise Nonconformance("logs", f"the credentials' `{name}` is in the log: {_line(output, secret, hide=True)}")
    for words in sorted(said):
        if words in output.getvalue():
            raise Nonconformance("logs", f"what was said is in the log: {_line(output, words)}")


@contextmanager
def _captured() -> Iterator[io.StringIO]:
    """All that this process logs (at level debug, as a worker writes it) and prints."""
    output = io.StringIO()
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    try:
        with redirect_stdout(output), redirect_stderr(output):
            configure("debug", "json", output)
            yield output
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)


def _content(activity: Any) -> Iterator[str]:
    if isinstance(activity, dict):
        yield from _strings(activity.get("object"))
        for item in activity.get("items") or ():
            yield from _content(item if isinstance(item, dict) and "object" in item else {"object": item})


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, str) and name in CONTENT and len(value) >= SHORTEST:
                yield value
            else:
                yield from _strings(value)
    elif isinstance(node, list):
        for each in node:
            yield from _strings(each)


def _secrets(subject: Subject) -> Iterator[tuple[str, str]]:
    given = (subject.credentials or {}).get("object", {})
    for name in subject.info.secrets:
        value = given.get(name)
        if isinstance(value, str) and len(value) >= SHORTEST:
            yield name, value


def _line(output: io.StringIO, words: str, *, hide: bool = False) -> str:
    line = next(each for each in output.getvalue().splitlines() if words in each or words.splitlines()[0] in each)
    return line.replace(words, "***") if hide else line
