"""What a worker is told, on its way."""

from __future__ import annotations

import json

import pytest

from sockethub.crypto import Secret, new_key
from sockethub.ipc import Event
from sockethub.worker.spec import WorkerSpec

KEY = new_key()


def spec(**fields: object) -> WorkerSpec:
    common = {"platform": "irc", "mode": "persistent", "driver": "a.b:C", "login": "l", "queue": "q", "consumer": "c"}
    secrets = {"redis_url": Secret("unix:///canary-url"), "login_key": Secret(KEY)}
    return WorkerSpec(**{**common, **secrets, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("claim_from", [None, (), ("one", "two")])
def test_a_spec_arrives_as_it_was_sent(claim_from: tuple[str, ...] | None) -> None:
    sent = spec(options={"a": [1, {"b": None}]}, reach={"ports": [6697]}, retryable=("join",), claim_from=claim_from)
    got = WorkerSpec.decode(sent.encode())
    for name in sent.__slots__:
        if name not in ("redis_url", "login_key"):
            assert getattr(got, name) == getattr(sent, name), name
    assert got.redis_url.reveal() == "unix:///canary-url"
    assert got.login_key.reveal() == KEY


def test_a_spec_shows_no_secret() -> None:
    shown = f"{spec()!r} {spec()}"
    assert "canary-url" not in shown
    assert repr(KEY) not in shown


def test_an_event_says_only_what_it_holds() -> None:
    assert json.loads(Event(identify="new@irc").encode()) == {"identify": "new@irc"}
    event = Event(activity={"type": "send"}, without=("s1",))
    assert json.loads(event.encode()) == {"activity": {"type": "send"}, "without": ["s1"]}
