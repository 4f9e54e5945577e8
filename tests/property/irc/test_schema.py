"""What translation gives is what the published schema promises, and what older clients know or can pass over."""

from __future__ import annotations

import copy

import jsonschema_rs
import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st

from sockethub_translators import irc
from sockethub_translators.testing import irc as some
from tests.support.schemas import compiled

OLD_VERBS = {"add", "announce", "error", "join", "leave", "query", "remove", "send", "update"}
NEW_VERBS = {"remove-friend", "request-friend", "delete", "invite", "irc:raw"}
OLD_OBJECTS = {"address", "attendance", "me", "message", "notice", "presence", "relationship", "topic"}
NEW_OBJECTS = {
    *("content", "ctcp", "history", "irc:raw", "marker", "mode", "person", "profile", "reaction"),
    *("room-list", "typing"),
}


RESPONSES = compiled("irc/responses.json")
MESSAGES = compiled("irc/messages.json")


def _errors(validator: jsonschema_rs.Draft202012Validator, activity: irc.Activity) -> list[str]:
    return [error.message for error in validator.iter_errors(activity)]


@given(some.server_lines(), some.envs())
def test_activities_are_valid(line: irc.Line, env: irc.Env) -> None:
    for activity in irc.to_activity(line, env):
        event(f"{activity['type']} {activity.get('object', {}).get('type')}")
        for shown in (activity, irc.strip(activity), irc.strip(activity, ext=True)):
            assert _errors(RESPONSES, shown) == []


@pytest.mark.parametrize("command", sorted(some.KINDS))
def test_activities_of_each_kind_are_valid(command: str) -> None:
    @settings(max_examples=max(settings.default.max_examples // 6, 20))
    @given(some.server_lines([command]), some.envs(isupport=some.ISUPPORT))
    def check(line: irc.Line, env: irc.Env) -> None:
        for activity in irc.to_activity(line, env):
            assert _errors(RESPONSES, activity) == []

    check()


ANSWERS = {
    "names": [":s 353 me = #c :@a +b c", ":s 366 me #c :End"],
    "who": [":s 352 me #c u h s a H@ :0 Real", ":s 315 me #c :End"],
    "whois": [":s 311 me a u h * :Real", ":s 319 me a :@#c #d", ":s 301 me a :lunch", ":s 318 me a :End"],
    "list": [":s 322 me #c 3 :tea", ":s 323 me :End"],
    "motd": [":s 375 me :-", ":s 372 me :hello", ":s 376 me :End"],
    "topic": [":s 332 me #c :tea", ":s 333 me #c a!u@h 1700000000"],
    "history": [
        "BATCH +1 chathistory #c",
        "@batch=1;msgid=m;time=2026-11-23T12:00:00.000Z :a!u@h PRIVMSG #c :hello",
        "BATCH -1",
    ],
    "netsplit": ["BATCH +1 netsplit a.example b.example", "@batch=1 :a!u@h QUIT :a.example b.example", "BATCH -1"],
    "multiline": [
        "BATCH +1 draft/multiline #c",
        "@batch=1 :a!u@h PRIVMSG #c :hello",
        "@batch=1;draft/multiline-concat :a!u@h PRIVMSG #c :there",
        "BATCH -1",
    ],
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_many_lines_come_to_is_valid(answer: str) -> None:
    state, env, said = irc.Aggregator(), irc.Env(server=some.SERVER, nick="me", isupport=some.ISUPPORT), []
    for text in ANSWERS[answer]:
        state, activities = irc.aggregate.feed(state, irc.decode(text), env)
        said += activities
    assert said
    assert [_errors(RESPONSES, activity) for activity in said] == [[] for _ in said]


@given(some.client_activities())
def test_what_clients_send_is_valid(activity: irc.Activity) -> None:
    assert _errors(MESSAGES, activity) == []


@given(some.server_lines(), some.envs(), st.sampled_from(["unknown", "content", "object", "actor", "member"]))
def test_what_translation_never_gives_is_not_valid(line: irc.Line, env: irc.Env, change: str) -> None:
    """The schema says something: an activity that is changed in kind is not valid any more."""
    activity = copy.deepcopy(irc.to_activity(line, env)[0])
    match change:
        case "unknown":
            activity["irc:unheard-of"] = 1
        case "content":
            assume("content" in activity.get("object", {}))
            activity["object"]["content"] = 5
        case "object":
            assume("object" in activity)
            activity["object"] = {"type": "song", "content": "la"}
        case "actor":
            activity["actor"]["type"] = "robot"
        case "member":
            assume("object" in activity)
            activity["object"]["unheard-of"] = 1
    assert _errors(RESPONSES, activity)


@given(some.server_lines(), some.envs())
@example(irc.decode(":s MONITOR + alice"), irc.Env(server="s", nick="me"))
def test_new_kinds_are_few_and_named(line: irc.Line, env: irc.Env) -> None:
    """A client that knows only the old verbs and objects can tell what it does not know by its type."""
    for activity in irc.to_activity(line, env):
        assert activity["type"] in OLD_VERBS | NEW_VERBS
        if "object" in activity:
            assert activity["object"]["type"] in OLD_OBJECTS | NEW_OBJECTS


def test_a_kick_stripped_is_a_plain_leave() -> None:
    env = irc.Env(server=some.SERVER, nick="me")
    (kick,) = irc.to_activity(irc.decode(":op!u@h KICK #room bob :out"), env)
    (part,) = irc.to_activity(irc.decode(":bob!u@h PART #room :out"), env)
    assert irc.strip(kick, ext=True) == irc.strip(part, ext=True)
