"""Whatever a worker that was taken over says in a way that opens: it is taken or refused, and the gateway goes on."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from sockethub.crypto import Binding, KeyRing, RootKey, Secret, seal
from sockethub.errors import CryptoError
from sockethub.gateway import inbox
from sockethub.gateway.inbox import Inbox
from sockethub.gateway.queueing import Queueing
from sockethub.gateway.router import Router
from sockethub.gateway.tasks import Tasks
from sockethub.ipc import inbox_binding
from sockethub.jobs.envelope import Job, _reply_binding
from sockethub.jobs.inbox import Entry
from sockethub.operations.metrics import GatewayMetrics
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Pending, Session
from sockethub.sessions.table import SessionTable

KEYS = KeyRing(RootKey.new(0))
METRICS = GatewayMetrics()
LOGIN = "l" * 32
NESTED = b"[" * 100_000
DEEP = b'{"activity":{"context":"irc","type":"send","object":' + b"[" * 900 + b"]" * 900 + b'},"outcome":"result"}'

words = st.sampled_from(
    [
        *("activity", "only", "without", "identify", "outcome", "error", "condition", "took", "began", "context"),
        *("type", "actor", "object", "target", "id", "name", "items", "members", "irc", "send", "person", "room"),
    ]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | words
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4), max_leaves=10
)
activities = st.fixed_dictionaries(
    {"context": st.just("irc"), "type": st.sampled_from(["send", "update", "join"])},
    optional={"actor": values, "object": values, "target": values, "items": values},
)
plaintexts = (
    values | st.fixed_dictionaries({}, optional={"activity": activities, "outcome": st.just("result"), "only": values})
).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=20)


class Client:
    """A transport that writes what it delivers, as the real ones do."""

    name = "websocket"

    def __init__(self) -> None:
        self.told: list[str] = []

    def deliver(self, event: str, data: Any) -> None:
        self.told.append(json.dumps(data))

    def close(self, code: int, reason: str) -> None:
        raise AssertionError("nothing here closes a connection")


class House:
    """A router and an inbox with one session that hears of one login, and awaits one reply."""

    def __init__(self) -> None:
        platforms = cast(Any, {"irc": None})
        known = SimpleNamespace(declared=SimpleNamespace(verbs={"send"}))
        self.client = Client()
        self.session = Session(self.client, "127.0.0.1", pending_limit=9, pending_bytes=1_000_000)
        self.binding = LoginBinding.make(
            KEYS, session="s", secret=Secret("x" * 32), platform="irc", login=LOGIN, actor={"id": "ann@irc"}, server=""
        )
        self.session.bind(self.binding)
        table = SessionTable(9, 9)
        table.add(self.session)
        table.listen(self.session, self.binding)
        nobody: Any = None
        declared: Any = SimpleNamespace(known=lambda _: known)
        self.queueing = Queueing("gw", declared, nobody, nobody, nobody, Tasks(), METRICS)
        logins = SimpleNamespace(running=lambda _: None, ended=lambda _: None, must_request=lambda _: False)
        router = Router(table, self.queueing, cast(Any, logins), cast(Any, None), Tasks(), METRICS)
        self.inbox = Inbox(cast(Any, None), "gw", platforms, KEYS, router, cast(Any, None), Tasks())
        self.answers: list[Any] = []

    def awaits(self) -> str:
        pending = Pending(
            "j", self.session, self.binding, {"type": "send"}, self.answers.append, 0.0, 0.0, "send", 0, None, 0.0
        )
        self.queueing._pending["j"] = self.session.pending["j"] = pending
        return "j"

    def reply(self, plaintext: bytes) -> dict[bytes, bytes]:
        where = _reply_binding("j", self.session.id, LOGIN)
        data = seal(self.binding.key.reveal(), plaintext, where)
        return _entry("reply", data, session=self.session.id, job="j")


def event(plaintext: bytes) -> dict[bytes, bytes]:
    key = KEYS.login_key("irc", LOGIN)
    return _entry("event", seal(key, plaintext, inbox_binding(LOGIN, "r")), platform="irc", id="r")


def notice(plaintext: bytes) -> dict[bytes, bytes]:
    return _entry("login", seal(KEYS.supervisor_key, plaintext, Binding("notice", login=LOGIN, id="gw")))


def _entry(kind: str, data: bytes, **fields: str) -> dict[bytes, bytes]:
    named = {"kind": kind, "login": LOGIN, **fields}
    return {**{name.encode(): value.encode() for name, value in named.items()}, b"data": data}


@given(plaintexts)
@example(b"[]")
@example(NESTED)
@example(DEEP)
@example(b'{"activity":[]}')
@example(b'{"identify":[]}')
@example(b'{"activity":{"context":"irc","type":"send"},"only":5}')
@example(b'{"activity":{"context":"irc","type":"send","actor":{"type":"person"}}}')
@example(b'{"outcome":"result","x":1}')
@example(b'{"outcome":[]}')
@example(b'{"outcome":"result","took":"1"}')
@example(b'{"outcome":"result","activity":{"type":"send"}}')
@example(b'["failed",[]]')
@example(b'[["failed"],"x"]')
def test_what_opens_is_taken_or_refused(plaintext: bytes) -> None:
    async def take() -> None:
        house = House()
        house.awaits()
        for fields in (event(plaintext), notice(plaintext), house.reply(plaintext)):
            try:
                house.inbox._take(Entry(b"1-0", fields))
            except (ValueError, CryptoError):
                continue
        with suppress(CryptoError):
            Job.decode(plaintext)
        assert bool(house.session.pending) is not bool(house.answers), "a command has its answer, or awaits it"

    with structlog.testing.capture_logs():
        asyncio.run(take())


async def _batches(entries: list[dict[bytes, bytes]]) -> Any:
    yield [Entry(b"1-0", fields) for fields in entries]


@pytest.mark.anyio
async def test_an_entry_that_nobody_thought_of_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a shape be overlooked, it costs its own entry, and the log tells its kind and nothing of it."""
    house = House()
    said = b'{"activity":{"context":"irc","type":"send","content":"hush"}}'
    monkeypatch.setattr(inbox, "read_inbox", lambda *_: _batches([event(said), notice(b'["lost","told"]')]))
    monkeypatch.setattr(Router, "event", lambda *_: [][1])
    with structlog.testing.capture_logs() as logged, anyio.fail_after(5):
        await house.inbox.run()
    assert "told" in house.client.told[0], "the entry behind it was taken"
    assert [(line["kind"], line["error"]) for line in logged] == [("event", "IndexError")]
    assert "hush" not in str(logged)
