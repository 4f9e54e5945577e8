"""Logging, set up once for each process: one line an event, to standard error, for people or as JSON.

Call :func:`configure` first thing in every process. Log an event's name and scalar fields, never content::

    log = structlog.get_logger(__name__)
    log.info("worker restarted", platform="irc", pid=4711)

What slips through is caught here: a field that is called like a secret or like content is not shown, passwords are
cut out of URLs, values that are no scalars appear as their type, long ones are cut, tracebacks have no local variables.
What the libraries say through :mod:`logging` (asyncio, Hypercorn, Quart) takes the same way.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from pathlib import PurePath
from typing import Any, Final, Literal, TextIO

import structlog

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["console", "json"]

MAX_CHARACTERS: Final = 500
"""Length of a value; what is longer is content rather than a fact about it."""

HIDDEN: Final = "***"

SECRET_FIELDS: Final = frozenset(
    {
        "activity",
        "authorization",
        "content",
        "cookie",
        "credentials",
        "key",
        "line",
        "master",
        "message",
        "object",
        "password",
        "payload",
        "sasl",
        "secret",
        "token",
    }
)
"""Fields that are never shown, whatever is in them; also as a part of a name (``session_token``)."""

_USERINFO: Final = re.compile(r"(?<=://)[^/\s@]+@")
_WORDS: Final = re.compile(r"[^a-z]+")
# Structured by structlog itself; an exception's text is for people, and says by contract no secret.
_OWN_FIELDS: Final = frozenset({"event", "exception", "exc_info", "stack_info", "_record", "_from_structlog"})

_LIBRARIES: Final = {"hypercorn.access": logging.CRITICAL, "asyncio": logging.WARNING}
"""Levels of their own: an access log would hold the query, and with it session tokens."""


def configure(level: Level = "info", form: Format = "console", stream: TextIO | None = None) -> None:
    """Log events of ``level`` and above to ``stream`` (standard error). May be called again, after a fork say."""
    output = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_enriching(), structlog.processors.StackInfoRenderer(), *_rendering(form, output)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_enriching()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(form, output)],
        )
    )
    logging.basicConfig(handlers=[handler], level=number, force=True)
    for name, least in _LIBRARIES.items():
        logging.getLogger(name).setLevel(max(number, least))


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The processor that hides what must not be logged."""
    for name, value in event.items():
        if name == "event":
            event[name] = _harmless(str(value))
        if name in _OWN_FIELDS:
            continue
        event[name] = HIDDEN if SECRET_FIELDS.intersection(_WORDS.split(name.lower())) else _shown(value)
    return event


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (str, PurePath)):
        text = _harmless(str(value))
        return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_shown(item) for item in value]
    return f"<{type(value).__name__}>"


def _harmless(text: str) -> str:
    """Without passwords in URLs, and on one line: what is not printable might forge a line or drive a terminal."""
    text = _USERINFO.sub(f"{HIDDEN}@", text)
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def _enriching() -> list[structlog.types.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper("iso", utc=True),
        redact,
    ]


def _rendering(form: Format, output: TextIO) -> list[structlog.types.Processor]:
    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    # plain: a traceback with local variables would show keys.
    return [
        structlog.dev.ConsoleRenderer(colors=output.isatty(), exception_formatter=structlog.dev.plain_traceback),
    ]
