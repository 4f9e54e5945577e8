from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from sockethub import logs
from sockethub.crypto import Secret
from sockethub.logs import Format, Level


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Whatever a test configures is undone."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level
    logs.also(None)
    structlog.reset_defaults()


def configured(level: Level = "info", form: Format = "json") -> io.StringIO:
    output = io.StringIO()
    logs.configure(level, form, output)
    return output


def lines(output: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_one_line_of_json_an_event() -> None:
    output = configured()
    structlog.get_logger("x").info("worker\nrestarted", platform="irc", pid=3, path=Path("/tmp"))
    (line,) = lines(output)
    assert line.pop("timestamp")
    assert line == {"event": r"worker\nrestarted", "level": "info", "platform": "irc", "pid": 3, "path": "/tmp"}


@pytest.mark.parametrize(("level", "count"), [("debug", 8), ("info", 6), ("warning", 4), ("error", 2)])
def test_levels_hold_for_ours_and_for_libraries(level: Level, count: int) -> None:
    output = configured(level)
    for log in (structlog.get_logger("x"), logging.getLogger("library")):
        log.debug("a")
        log.info("b")
        log.warning("c")
        log.error("d")
    assert len(lines(output)) == count


@pytest.mark.parametrize("form", ["json", "console"])
def test_secrets_do_not_get_in(form: Format) -> None:
    output = configured(form=form)
    password = "hunter2"
    log = structlog.get_logger("x")
    log.info(
        "connecting",
        url=f"redis://user:{password}@host/0",
        session_token=password,
        credentials={"password": password},
        given=Secret(password),
        raw=password.encode(),
        activity={"object": {"content": password}},
        nested=[{"a": password}],
        Password=password,
    )
    try:
        raise RuntimeError("failed")
    except RuntimeError:
        log.exception("caught")
        logging.getLogger("asyncio").exception("caught")
    assert password not in output.getvalue()
    assert output.getvalue().count("RuntimeError: failed") == 2


def test_long_values_are_cut() -> None:
    output = configured()
    structlog.get_logger("x").info("event", text="x" * 10_000)
    assert len(str(lines(output)[0]["text"])) == logs.MAX_CHARACTERS + 1


def test_a_value_on_the_console_stays_in_its_line() -> None:
    output = configured(form="console")
    structlog.get_logger("x").info("event", nick="a\n2026 [error] forged", other="\x1b[31m")
    assert output.getvalue().count("\n") == 1
    assert "\x1b" not in output.getvalue()


def test_access_logs_are_silent() -> None:
    """They would hold the query, and with it session tokens."""
    output = configured("debug")
    logging.getLogger("hypercorn.access").info("GET /?token=1")
    assert output.getvalue() == ""


def test_configured_again_it_replaces() -> None:
    first = configured()
    second = configured()
    structlog.get_logger("x").warning("a")
    logging.getLogger("library").warning("b")
    assert first.getvalue() == ""
    assert len(lines(second)) == 2


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_listener_is_told_what_is_shown_and_nothing_else(form: Format) -> None:
    configured("warning", form)
    told: list[dict[str, object]] = []
    logs.also(told.append)
    log = structlog.get_logger("x").bind(login="0f0f")
    log.info("too little")
    log.warning("worker\nhangs", pid=3, password="hunter2", given=Secret("hunter2"))
    try:
        raise RuntimeError("redis://user:hunter2@host/0\x1b[31m")
    except RuntimeError:
        log.exception("caught")
        logging.getLogger("library").exception("caught, too")
    first, *caught = told
    assert first.pop("timestamp")
    assert first == {
        "event": r"worker\nhangs",
        "level": "warning",
        "login": "0f0f",
        "pid": 3,
        "password": "***",
        "given": "<Secret>",
    }
    for each, event in zip(caught, ("caught", "caught, too"), strict=True):
        assert (each["event"], each["level"]) == (event, "error")
        assert r"RuntimeError: redis://***@host/0\x1b[31m" in str(each["exception"])
        assert len(str(each["exception"])) <= logs.MAX_TRACEBACK
        json.dumps(each)
    assert "hunter2" not in str(told)
    logs.also(None)
    log.warning("again")
    assert len(told) == 3
