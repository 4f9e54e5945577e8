"""Middleware in its order, inwards and outwards; what is not overridden costs nothing, what fails harms nobody."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from sockethub.config.gateway import Gateway
from sockethub.errors import ClientError, ConfigError, MiddlewareFailed
from sockethub.gateway.command import Command
from sockethub.gateway.pipeline import Activity, Middleware, MiddlewareContext, Outcome, Pipeline
from sockethub.sessions.session import Session

pytestmark = pytest.mark.anyio

GATEWAY = Gateway()


def made(*steps: type[Middleware], **options: Any) -> Pipeline:
    return Pipeline([step(MiddlewareContext(GATEWAY, cast(Any, ()), options)) for step in steps])


def session() -> Session:
    return Session(cast(Any, SimpleNamespace()), "127.0.0.1", pending_limit=1, pending_bytes=1)


def command() -> Command:
    return Command(session(), "message", {}, 2)


class Adds(Middleware):
    word = ""

    async def process(self, command: Command) -> None:
        command.raw["said"] = command.raw.get("said", "") + self.word

    def outgoing(self, session: Session, activity: Activity) -> Activity | None:
        return {**activity, "said": activity.get("said", "") + self.word}


class One(Adds):
    word = "1"


class Two(Adds):
    word = "2"


class Refuses(Middleware):
    async def process(self, command: Command) -> None:
        raise ClientError("no")

    def outgoing(self, session: Session, activity: Activity) -> Activity | None:
        return None


class Fails(Middleware):
    async def process(self, command: Command) -> None:
        raise KeyError("secret")

    def outgoing(self, session: Session, activity: Activity) -> Activity | None:
        raise KeyError("secret")

    def connected(self, session: Session) -> None:
        raise KeyError("secret")

    def disconnected(self, session: Session) -> None:
        raise KeyError("secret")

    def answered(self, command: Command, outcome: Outcome) -> None:
        raise KeyError("secret")


class Watches(Middleware):
    def connected(self, session: Session) -> None:
        session.notes["seen"] = ["came"]

    def disconnected(self, session: Session) -> None:
        session.notes["seen"].append("went")

    def answered(self, command: Command, outcome: Outcome) -> None:
        command.session.notes["seen"].append(outcome)


class Plain(Middleware):
    pass


async def test_inwards_in_order_and_outwards_the_other_way_round() -> None:
    pipeline, given = made(One, Two), command()
    await pipeline.process(given)
    assert given.raw == {"said": "12"}
    assert pipeline.outgoing is not None
    assert pipeline.outgoing(session(), {"type": "send"}) == {"type": "send", "said": "21"}


async def test_who_refuses_ends_it() -> None:
    pipeline, given = made(One, Refuses, Two), command()
    with pytest.raises(ClientError, match="no"):
        await pipeline.process(given)
    assert given.raw == {"said": "1"}
    assert pipeline.outgoing is not None
    assert pipeline.outgoing(session(), {}) is None


async def test_what_is_not_overridden_costs_nothing() -> None:
    pipeline = made(Plain, Refuses)
    assert pipeline.watching(command()) is None
    assert made(Plain, Watches).outgoing is None
    await made(Plain).process(command())


async def test_clients_and_outcomes_are_told() -> None:
    pipeline, given = made(Watches, Plain), command()
    pipeline.connected(given.session)
    told = pipeline.watching(given)
    assert told is not None
    told("unknown")
    pipeline.disconnected(given.session)
    assert given.session.notes["seen"] == ["came", "unknown", "went"]


async def test_a_bug_is_logged_and_ends_there(capsys: pytest.CaptureFixture[str]) -> None:
    pipeline, given = made(Fails, Watches), command()
    with pytest.raises(MiddlewareFailed, match="Fails failed"):
        await pipeline.process(given)
    pipeline.connected(given.session)
    pipeline.answered(given, "error")
    pipeline.disconnected(given.session)
    assert given.session.notes["seen"] == ["came", "error", "went"], "the others are told all the same"
    assert pipeline.outgoing is not None
    assert pipeline.outgoing(given.session, {}) is None, "it may have been there to take something out"
    assert capsys.readouterr().out.count("middleware=Fails") == 5


def test_options_are_for_middleware_that_is_declared() -> None:
    with pytest.raises(ValueError, match="must be one of the names in `pipeline`"):
        Gateway(pipeline=("a:B",), middleware={"a:C": {}})


def test_what_cannot_be_loaded_is_told() -> None:
    for name, words in (("nowhere:X", "cannot be imported"), ("json:loads", "is no subclass")):
        with pytest.raises(ConfigError, match=words):
            Pipeline.load(MiddlewareContext(Gateway(pipeline=(name,)), cast(Any, ())))
