"""The core of the Python client: what it promises, whatever the network and the gateway do."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sockethub.client.core import (
    CROWDED,
    CROWDED_PAUSE,
    EXPIRED,
    LONGEST_PAUSE,
    PATIENCE,
    RENEW_BEFORE,
    RENEW_PAUSE,
    RESEND_WITHIN,
    SILENCE,
    TOKEN_WITHIN,
    UNAUTHENTICATED,
    Options,
)
from tests.unit.client.world import World

OFTEN = ["say", "say", "refuse", "up", "up", "up", "answer", "answer", "down", "down", "down"]
STEPS = st.sampled_from([*OFTEN, "speak", "cut", "drain", "restart", "open", "open", "wait", "token"])


def note(number: object, **more: Any) -> dict[str, Any]:
    return {"type": "send", "context": "irc", "actor": {"id": "a"}, "id": str(number), **more}


def verb(kind: str, target: str | None = None) -> dict[str, Any]:
    said: dict[str, Any] = {"type": kind, "id": "once", "context": "irc", "actor": {"id": "a"}}
    return said if target is None else {**said, "target": {"id": target}}


def ready(options: Options | None = None) -> World:
    world = World(options)
    world.settle()
    return world


def come_back(world: World) -> None:
    """To a gateway that knows nothing, which has told so; what is said again is on its way."""
    world.restart()
    world.skip(1.0)
    world.open()
    for _ in range(2):
        world.up()
        world.down()


def log_in(world: World) -> None:
    world.submit("credentials", verb("credentials"))
    for said in (verb("connect"), verb("join", "#r"), verb("join", "#left"), verb("leave", "#left")):
        world.submit("message", said)
    world.settle()
    world.gateway.logins.clear()


def happen(world: World, step: str) -> None:
    match step:
        case "say" | "refuse":
            world.submit("message", note(len(world.submitted), **({"refuse": True} if step == "refuse" else {})))
        case "wait":
            world.skip(0.7)
        case _:
            getattr(world, step)()


@given(st.lists(STEPS, max_size=120), st.booleans())
@example(
    ["open", "up", "down", "up", "down", "say", "up", "cut", "wait", "open", "up", "answer", "down", "down"], False
)
@example(["open", "up", "down", "up", "down", "say", "say", "up", "restart", "refuse", "wait", "open"], False)
@example(["token", "open", "up", "up", "up", "down", "say", "drain", "say", "up", "answer", "down", "refuse"], True)
def test_one_answer_one_effect_in_order_and_nothing_missed_unless_it_is_said(steps: list[str], asks: bool) -> None:
    world = World(Options(token="fresh" if asks else "none"))
    world.gateway.asks = asks
    for step in steps:
        happen(world, step)
    world.settle()
    done = world.gateway.done
    assert done == sorted(set(done), key=int)
    for key, said in enumerate(world.submitted, 1):
        match world.kind(key):
            case "result":
                assert said["id"] in done
            case "error" | "unsent":
                assert said["id"] not in done
    heard = [detail["number"] for detail in world.told("message")]
    assert heard == sorted(set(heard))
    assert world.told("anew") or heard == world.said


def test_an_error_of_the_time_before_is_not_the_answer_to_what_was_sent_again() -> None:
    world = ready()
    said = note(1, refuse=True)
    key = world.submit("message", said)
    world.up()
    world.cut()
    said["refuse"] = False
    world.settle()
    assert world.kind(key) == "result"
    assert world.gateway.done == ["1"]


def test_what_was_answered_meanwhile_is_not_sent_again() -> None:
    world = ready()
    world.submit("message", note(1))
    world.up()
    world.cut()
    world.answer()
    world.skip(1.0)
    world.open()
    sent = world.wire.up if world.wire is not None else []
    assert [frame["event"] for frame in sent] == ["resume"]
    world.up()
    world.down()
    world.down()
    assert world.kind(1) == "result"
    assert world.core.state == "ready"
    assert sent == []


def test_a_session_that_was_begun_anew_is_resumed_where_nothing_was_sent_in_it_yet() -> None:
    world = ready()
    world.submit("message", note(1))
    world.settle()
    world.restart()
    world.settle()
    world.cut()
    world.settle()
    assert len(world.told("anew")) == 1


def test_it_is_ready_once_all_that_is_said_again_is_answered() -> None:
    world = ready()
    log_in(world)
    world.restart()
    world.skip(1.0)
    world.open()
    while world.wire is not None and (world.wire.up or world.wire.down):
        world.up()
        world.down()
    assert world.core.state == "connecting"
    world.settle()


def test_logins_are_taken_up_again_where_the_session_is_gone_and_not_where_it_was_resumed() -> None:
    world = ready()
    log_in(world)
    world.cut()
    world.settle()
    assert world.gateway.logins == []
    world.restart()
    key = world.submit("message", note(1))
    world.settle()
    assert world.gateway.logins == ["credentials", "connect", "join"]
    assert world.kind(key) == "result"
    assert world.told("anew") == [{"reason": "unknown"}]


def test_what_is_said_again_has_no_id_else_it_would_be_answered_from_the_record() -> None:
    world = ready()
    log_in(world)
    come_back(world)
    assert world.wire is not None
    again = [frame["data"] for frame in world.wire.up if frame["event"] == "message"]
    assert [(data["type"], data.get("id")) for data in again] == [("connect", None), ("join", None)]


def test_a_login_that_was_cut_off_while_it_was_taken_up_is_taken_up_after_all() -> None:
    world = ready()
    log_in(world)
    come_back(world)
    world.up()  # the session; nothing of the login
    world.down()
    world.cut()
    world.settle()
    assert world.gateway.logins == ["credentials", "connect", "join"]


@pytest.mark.parametrize("options", [Options(), Options(remember=False)])
def test_nothing_is_said_again_where_nothing_is_remembered(options: Options) -> None:
    world = ready(options)
    log_in(world)
    if options.remember:
        world.core.forget()
    world.restart()
    world.settle()
    assert world.gateway.logins == []


def test_who_has_another_name_now_is_the_same_login() -> None:
    world = ready()
    log_in(world)
    renamed = {**verb("update"), "target": {"id": "b"}, "object": {"type": "address"}}
    world.submit("message", renamed)
    world.submit("message", {**verb("join", "#other"), "actor": {"id": "b"}})
    world.settle()
    come_back(world)
    assert world.wire is not None
    again = [frame["data"] for frame in world.wire.up if frame["event"] in ("credentials", "message")]
    assert [(data["type"], data["actor"]["id"]) for data in again] == [
        ("credentials", "a"),
        ("connect", "a"),
        ("join", "a"),
        ("join", "a"),
    ]


def test_what_was_disconnected_is_not_connected_again() -> None:
    world = ready()
    log_in(world)
    world.submit("message", verb("disconnect"))
    world.settle()
    world.gateway.logins.clear()
    world.restart()
    world.settle()
    assert world.gateway.logins == ["credentials"]


def test_credentials_that_are_refused_when_said_again_are_told_of_and_not_said_a_third_time() -> None:
    world = ready()
    log_in(world)
    world.gateway.refuse_credentials = True
    world.restart()
    world.settle()
    assert [refused["error"] for refused in world.told("refused")] == ["expired"]
    world.gateway.logins.clear()
    world.restart()
    world.settle()
    assert world.gateway.logins == []


def test_offline_commands_wait_and_what_cannot_wait_is_not_sent() -> None:
    world = ready(Options(queue=2))
    world.cut()
    late, kept, many = (world.submit("message", note(n), within) for n, within in ((1, 0.1), (2, 60.0), (3, 60.0)))
    assert world.kind(many) == "unsent"
    world.skip(0.15)
    assert world.kind(late) == "unsent"
    world.settle()
    assert world.kind(kept) == "result"
    assert world.gateway.done == ["2"]


def test_what_was_sent_and_has_no_answer_in_time_is_unknown() -> None:
    world = ready()
    key = world.submit("message", note(1), 5.0)
    world.skip(5.0)
    assert world.kind(key) == "unknown"


def test_what_was_sent_too_long_ago_for_the_gateway_to_remember_is_not_sent_again() -> None:
    world = ready()
    key = world.submit("message", note(1), 2 * RESEND_WITHIN)
    world.cut()
    world.now += RESEND_WITHIN + 1
    world.settle()
    assert world.kind(key) == "unknown"
    assert world.gateway.done == []


def test_no_more_than_the_rate_is_written_in_a_second_in_order() -> None:
    world = ready(Options(rate=10))
    world.skip(1.1)
    for number in range(35):
        world.submit("message", note(number))
    assert world.wire is not None
    assert len(world.wire.up) == 10
    world.skip(0.5)
    assert len(world.wire.up) == 10
    world.skip(0.6)
    assert len(world.wire.up) == 20
    world.settle()
    assert world.gateway.done == [str(number) for number in range(35)]
    world.now += 5.0
    for number in range(35, 45):
        world.submit("message", note(number))
    assert len(world.wire.up) == 10, "what was long ago does not count"


def test_a_gateway_that_restarts_says_when_to_come_back_and_is_sent_nothing_until_then() -> None:
    world = ready()
    world.hear({"event": "closing", "data": {"code": 1012, "reason": "restarting", "retryAfter": 3.2}})
    world.submit("message", note(1))
    assert world.wire is not None
    assert world.wire.up == []
    world.cut(1012)
    assert world.core.wake_at - world.now == pytest.approx(3.2)
    world.settle()
    assert world.gateway.done == ["1"]


def test_pauses_grow_and_are_bounded() -> None:
    world = ready()
    world.cut()
    first = world.core.wake_at - world.now
    for _ in range(12):
        world.fail_again()
    assert first < 0.5
    assert LONGEST_PAUSE / 2 <= world.core.wake_at - world.now <= LONGEST_PAUSE
    world.settle()
    world.cut()
    assert world.core.wake_at - world.now == first, "it was ready meanwhile"
    crowded = ready()
    crowded.cut(CROWDED)
    assert crowded.core.wake_at - crowded.now >= CROWDED_PAUSE


def test_a_silent_connection_is_asked_for_a_sign_of_life_and_given_up_when_none_comes() -> None:
    world = ready()
    world.skip(SILENCE / 2)
    world.speak()
    world.down()
    heard = world.now
    assert world.core.wake_at == heard + SILENCE
    world.skip(SILENCE)
    assert world.wire is not None
    assert [frame["event"] for frame in world.wire.up] == ["schemas"]
    world.settle()
    assert world.core.state == "ready"
    world.skip(SILENCE)
    world.cut()  # what was asked on the connection before says nothing of the next
    world.skip(1.0)
    world.open()
    world.skip(PATIENCE)
    assert world.wire is not None
    world.settle()
    world.skip(SILENCE)
    world.skip(PATIENCE)
    assert world.core.state == "waiting"
    world.settle()
    never = World()
    never.skip(PATIENCE)
    assert never.core.state == "waiting"


@pytest.mark.parametrize("code", [1003, 1009, 4009])
def test_after_some_codes_it_does_not_come_back_by_itself(code: int) -> None:
    world = ready()
    key = world.submit("message", note(1))
    world.cut(code)
    assert world.core.state == "closed"
    assert world.kind(key) == "unknown"
    assert world.kind(world.submit("message", note(2))) == "unsent"
    assert world.core.wake_at == math.inf


def test_closing_ends_the_session_at_the_gateway_too() -> None:
    world = ready()
    wire = world.wire
    world.stop()
    assert wire is not None
    assert wire.up == [{"event": "end"}]
    assert world.core.state == "closed"


def test_a_gateway_that_keeps_no_sessions_is_begun_anew_with() -> None:
    world = World()
    world.gateway.keeps = False
    world.settle()
    log_in(world)
    world.cut()
    world.settle()
    assert world.gateway.logins == ["credentials", "connect", "join"]


def test_what_it_holds_does_not_show_itself() -> None:
    world = World()
    world.submit("credentials", verb("credentials") | {"object": {"password": "hunter2"}})
    world.open()
    assert world.wire is not None
    sent = world.core.submit(9, "credentials", {"object": {"password": "hunter2"}}, 0.0, 60.0)
    assert sent
    assert "hunter2" not in repr(sent)


def known(expires: int | None = None) -> World:
    """Ready at a gateway that asks who it is."""
    world = World(Options(token="fresh"))
    world.gateway.asks, world.gateway.expires = True, expires
    world.settle()
    return world


def test_a_token_is_shown_first_on_each_connection_and_asked_for_each_time() -> None:
    world = World(Options(token="fresh"))
    assert (world.opening, world.core.state) == (False, "connecting")
    world.token()
    world.open()
    assert world.wire is not None
    assert world.wire.up[0]["event"] == "authenticate"
    assert world.wire.up[0]["data"] == {"token": "token 1"}
    assert "token 1" not in str(vars(world.core)), "it is not kept"
    world.settle()
    world.cut()
    world.settle()
    assert world.wire.user == "token 2"
    assert world.told("anew") == []


@pytest.mark.parametrize(("expires", "before"), [(3600, RENEW_BEFORE), (8, 2.0), (1, 0.25)])
def test_a_newer_token_is_shown_before_the_one_in_use_expires(expires: int, before: float) -> None:
    world = known(expires)
    wire = world.wire
    assert wire is not None
    while world.now < expires - max(before, RENEW_PAUSE / 4) - 0.01:
        assert wire.user == "token 1"
        world.skip(min(SILENCE, world.core.wake_at - world.now))
        world.settle()
    assert (wire.user, world.wire) == ("token 2", wire)


def test_a_token_that_does_not_get_newer_is_not_asked_for_all_the_time() -> None:
    world = known(0)
    for _ in range(100):
        world.skip(0.1)
        world.settle()
    assert world.asked <= 11


def test_a_token_that_never_expires_or_is_always_the_same_is_not_asked_for_again() -> None:
    fixed = World(Options(token="same"))
    fixed.gateway.expires = 10
    for world in (known(None), fixed):
        world.settle()
        for _ in range(10):
            world.skip(SILENCE)
            world.settle()
        assert world.asked == 1


def test_a_newer_token_that_is_refused_is_told_of_and_the_connection_goes_on() -> None:
    world = known(8)
    world.skip(7.0)
    world.token()
    assert world.wire is not None
    renewal = world.wire.up.pop()
    world.hear({"id": renewal["id"], "ack": {"error": "authentication failed"}})
    assert world.told("error") == [{"summary": "authentication failed"}]
    assert world.core.state == "ready"


def test_a_token_that_does_not_hold_is_final() -> None:
    world = known()
    key = world.submit("message", note(1))
    world.cut(UNAUTHENTICATED)
    assert world.told("state")[-1] == {"state": "closed", "reason": "authentication failed", "code": UNAUTHENTICATED}
    assert world.kind(key) == "unknown"


def test_one_that_has_expired_is_followed_by_a_newer_one_where_there_is_one() -> None:
    world = known()
    world.cut(EXPIRED)
    assert world.told("state")[-1]["code"] == EXPIRED
    world.settle()
    assert (world.asked, world.told("anew")) == (2, [])
    fixed = World(Options(token="same"))
    fixed.settle()
    fixed.cut(EXPIRED)
    assert fixed.core.state == "closed"


def test_without_a_token_it_waits_and_asks_again_and_where_there_is_none_it_ends() -> None:
    world = World(Options(token="fresh"))
    key = world.submit("message", note(1), 500.0)
    world.tokenless()
    assert world.told("state")[-1]["reason"] == "away"
    world.skip(1.0)
    world.skip(TOKEN_WITHIN)
    assert world.told("state")[-1]["reason"] == "no token came in time"
    world.settle()
    assert world.kind(key) == "result"
    never = World(Options(token="fresh"))
    assert never.core.token(None, never.now)
    assert never.core.state == "closed"


def test_what_a_gateway_refuses_because_it_restarts_is_sent_to_the_next_one() -> None:
    world = ready()
    world.drain()
    first = world.submit("message", note(1))
    world.up()
    world.answer()
    world.down()
    second = world.submit("message", note(2))
    assert world.wire is not None
    assert world.wire.up == [], "nothing else is said to it"
    assert world.settled == {}
    world.settle()
    assert [world.kind(key) for key in (first, second)] == ["result", "result"]
    assert world.gateway.done == ["1", "2"]


def test_what_was_refused_for_that_and_cannot_be_sent_in_time_was_not_done() -> None:
    world = ready()
    world.drain()
    key = world.submit("message", note(1), 5.0)
    world.up()
    world.answer()
    world.down()
    world.skip(5.0)
    assert world.kind(key) == "unsent"
