"""Logging, set up once for each process: one line an event, to standard error, for people or as JSON.

Call :func:`configure` first thing in every process. Log an event's name and scalar fields, never content::

    log = structlog.get_logger(__name__)
    log.info("worker restarted", platform="irc", pid=4711)

What slips through is caught here: a field that is called like a secret or like content is not shown, passwords are
cut out of URLs, values that are no scalars appear as their type, long ones are cut, tracebacks have no local variables.
What the libraries say through :mod:`logging` (asyncio, Hypercorn, Quart) takes the same way. One listener
(:func:`also`) is told all that is shown: `sockethub logs` reads what it keeps (:mod:`sockethub.operations.recent`).
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import PurePath
from typing import Any, Final, Literal, TextIO

import structlog

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["console", "json"]

MAX_CHARACTERS: Final = 500
"""Length of a value; what is longer is content rather than a fact about it."""

MAX_TRACEBACK: Final = 2_000
"""Characters of a traceback's end, which says the most, for who is told events beside standard error."""

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

_LEVELS: Final = logging.getLevelNamesMapping()
_threshold = logging.INFO
"""Events below are dropped. Loggers are bound once and kept, so that each event looks here: it may change."""

Listener = Callable[[dict[str, Any]], None]

_listener: Listener | None = None

_LIBRARIES: Final = {"hypercorn.access": logging.CRITICAL, "asyncio": logging.WARNING}
"""Levels of their own: an access log would hold the query, and with it session tokens."""


def configure(level: Level = "info", form: Format = "console", stream: TextIO | None = None) -> None:
    """Log events of ``level`` and above to ``stream`` (standard error). May be called again, after a fork say."""
    output = stream or sys.stderr
    structlog.configure(
        processors=[_passing, *_enriching(), structlog.processors.StackInfoRenderer(), *_rendering(form, output)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
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
    logging.basicConfig(handlers=[handler], force=True)
    set_level(level)


def set_level(level: Level) -> None:
    """From now on log events of ``level`` and above; also by loggers that are there already."""
    global _threshold
    _threshold = _LEVELS[level.upper()]
    logging.getLogger().setLevel(_threshold)
    for name, least in _LIBRARIES.items():
        logging.getLogger(name).setLevel(max(_threshold, least))


def also(listener: Listener | None) -> None:
    """From now on tell ``listener`` each event that is shown, as :func:`flat` has it.

    It may be called by any thread, and must neither wait nor raise nor log.
    """
    global _listener
    _listener = listener


def flat(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event that was made harmless, as JSON can hold it: a traceback is text, and cut."""
    fields = {name: value for name, value in event.items() if name not in _OWN_FIELDS or name == "event"}
    if event.get("exc_info"):
        told = structlog.processors.format_exc_info(None, "", {"exc_info": event["exc_info"]})
        text = "\n".join(map(harmless, str(told.get("exception", "")).splitlines()))
        fields["exception"] = text[-MAX_TRACEBACK:]
    return fields


def debugging() -> bool:
    """Whether events of level debug are logged: for the way of every message, where a call in vain costs too much."""
    return _threshold <= logging.DEBUG


def _passing(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The processor that drops what is not severe enough."""
    if _LEVELS.get("ERROR" if method == "exception" else method.upper(), logging.ERROR) < _threshold:
        raise structlog.DropEvent
    return event


def _told(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The processor that tells the listener."""
    if _listener is not None:
        _listener(flat(event))
    return event


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The processor that hides what must not be logged."""
    for name, value in event.items():
        if name == "event":
            event[name] = harmless(str(value))
        if name in _OWN_FIELDS:
            continue
        event[name] = HIDDEN if SECRET_FIELDS.intersection(_WORDS.split(name.lower())) else _shown(value)
    return event


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (str, PurePath)):
        text = harmless(str(value))
        return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_shown(item) for item in value]
    return f"<{type(value).__name__}>"


def harmless(text: str) -> str:
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
        return [_told, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    # plain: a traceback with local variables would show keys.
    return [
        _told,
        structlog.dev.ConsoleRenderer(colors=output.isatty(), exception_formatter=structlog.dev.plain_traceback),
    ]
