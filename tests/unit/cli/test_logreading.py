"""How records are shown, and what may be asked for."""

from __future__ import annotations

from typing import Any

import pytest

from sockethub.cli.exits import Exit
from sockethub.cli.logreading import seconds_of, text_of
from sockethub.cli.members import Unclear
from sockethub.operations.reading import Record
from sockethub.operations.recent import MOST_LINES
from tests.support.cli import run

FIELDS = {"event": "worker ended", "level": "info", "timestamp": "2026-11-25T22:38:09.551043Z"}


def shown(**fields: Any) -> str:
    return text_of(Record("beta", "0" * 16, "worker", {**FIELDS, **fields}))


def test_a_line_for_people() -> None:
    assert shown(login="0f0f", pid=7, seconds=1.5, names=["a"], none=None) == (
        "2026-11-25T22:38:09.551043Z  info     beta/worker  worker ended  "
        'login=0f0f  pid=7  seconds=1.5  names=["a"]  none=null'
    )


def test_a_traceback_has_lines_of_its_own_and_nothing_drives_the_terminal() -> None:
    text = shown(exception="Traceback:\n  File \x1b[31m\nValueError", nick="a\nb", event="x\x1b[2J")
    assert text.splitlines()[1:] == ["    Traceback:", r"      File \x1b[31m", "    ValueError"]
    assert "\x1b" not in text


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("2h", 7_200), ("1d", 86_400)])
def test_spans_of_time(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "-5m", "1w", "10 m", "1.5h", "٣s", "9999999999s"])
def test_what_is_no_span_of_time_is_named(text: str) -> None:
    with pytest.raises(Unclear, match="--since"):
        seconds_of(text)


def test_what_cannot_be_asked_for_is_refused_before_anybody_is_asked() -> None:
    for wrong in (("--lines", str(MOST_LINES + 1)), ("--lines", "0"), ("--level", "loud")):
        assert run("logs", *wrong, "--config", "nowhere.yaml").exit_code == Exit.USAGE
    assert run("logs", "--lines", str(MOST_LINES), "--config", "nowhere.yaml").exit_code == Exit.CONFIG
