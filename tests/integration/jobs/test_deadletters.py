"""Dead letters as a worker may have written them that was taken over: none ends the command, nor drives a terminal."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from sockethub.cli.deadletters import _chosen, _fields
from sockethub.cli.tables import table
from sockethub.crypto import KeyRing, RootKey
from sockethub.jobs import connect_sync
from sockethub.jobs.deadletters import dead_letters
from sockethub.jobs.names import FIELD, Naming

ESCAPES = "\x1b]0;owned\x07\x1b[2J"
HONEST = "a" * 32


def message(**members: Any) -> bytes:
    common = {"queue_name": "irc.x", "actor_name": "perform", "args": [], "kwargs": {}, "options": {}}
    return json.dumps({**common, "message_id": HONEST, "message_timestamp": 1, **members}).encode()


ENVELOPE = {"session": "s", "gateway": "g", "login": "l", "queue": "q", "wrapped": "", "sealed": ""}
ODD = [
    message(message_id=ESCAPES),
    message(message_id=["x"]),
    message(kwargs={**ENVELOPE, "login": ESCAPES}),
    message(kwargs={**ENVELOPE, "login": [1]}),
    message(kwargs=[1]),
    b"[" * 100_000,
    b"5",
    b"",
]


def test_whatever_a_worker_has_written_is_listed_and_harmless(
    redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(connect_sync(redis_url)) as client:
        dead = Naming().dead("irc.x")
        client.set(Naming().dead("irc.y"), "no stream")
        client.xadd(Naming().dead("irc.z"), {FIELD: message()}, id="5-0")
        for entry in ODD:
            client.xadd(dead, {FIELD: entry})
        client.xadd(dead, {"other": "field"})
        client.xadd(dead, {FIELD: message()}, id="9999999999999999999-0")
        letters = dead_letters(client, KeyRing(RootKey.new(0)))
    assert len(letters) == len(ODD) + 3
    assert [letter.at is None for letter in letters] == [False] * (len(ODD) + 2) + [True]
    assert [letter.queue for letter in letters if letter.job == HONEST] == ["irc.z", *["irc.x"] * 4]
    assert len(_chosen(letters, [HONEST])) == 5, "a letter of the same name hides none"
    table(("id", "at", "platform", "login", "verb"), [list(_fields(letter).values()) for letter in letters])
    shown = capsys.readouterr().out
    assert "owned" in shown
    assert shown.replace("\n", "").isprintable()
