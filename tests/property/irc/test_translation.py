"""The laws of translation between lines and activities: lossless, the view wins, total, pure, no injection."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st

from sockethub_translators import irc
from sockethub_translators.errors import TranslationError
from sockethub_translators.irc.line import MAX_BODY_IN
from sockethub_translators.testing import irc as some
from tests.support.search import occurs

ENV = irc.Env(server=some.SERVER, nick="me", isupport=some.ISUPPORT)


@given(some.server_lines(), some.envs())
@example(irc.decode(":!u@h PRIVMSG #c :x"), ENV)
@example(irc.decode("PING :x"), ENV)
def test_get_put(line: irc.Line, env: irc.Env) -> None:
    """A line is what its activities give back."""
    activities = irc.to_activity(line, env)
    event(some.kind_of(line))
    assert irc.from_activity(activities, env) == [line]


@pytest.mark.parametrize("command", sorted(some.KINDS))
def test_get_put_of_each_kind(command: str) -> None:
    """As above, so that no kind is left out by chance."""

    @settings(max_examples=max(settings.default.max_examples // 6, 20))
    @given(some.server_lines([command]), some.envs(isupport=some.ISUPPORT))
    def check(line: irc.Line, env: irc.Env) -> None:
        activities = irc.to_activity(line, env)
        assert irc.from_activity(activities, env) == [line]

    check()


@pytest.mark.parametrize("command", sorted(set(some.KINDS) - {"WHOIS", "LIST"}))
def test_each_kind_is_understood(command: str) -> None:
    """Not kept raw, that is, wherever it makes sense."""
    occurs(some.server_lines([command]), lambda line: irc.to_activity(line, ENV)[0]["type"] != "irc:raw")


@given(some.client_lines(), some.envs())
def test_get_put_of_our_own_lines(line: irc.Line, env: irc.Env) -> None:
    assert irc.from_activity(irc.to_activity(line, env), env) == [line]


def normal(activity: irc.Activity, env: irc.Env) -> irc.Activity:
    """A client's activity as the translation gives it back: the constants of leaving, precise modes, the time."""
    activity = copy.deepcopy(activity)
    obj = activity.get("object")
    if activity["type"] == "leave" and obj is None:
        activity["object"] = {"type": "message", "content": "user has left the channel"}
        activity["irc:reason"] = None
    if obj is not None and obj["type"] == "relationship":
        obj["subject"]["irc:modes"] = {"owner": "o", "participant": "v"}[obj["subject"]["role"]]
    if env.now is not None:
        activity["published"] = env.now
    return activity


def joined(activities: list[irc.Activity]) -> irc.Activity:
    first = copy.deepcopy(activities[0])
    if len(activities) > 1:
        first["object"]["content"] = "".join(each["object"]["content"] for each in activities)
    return first


@given(some.client_activities(), some.envs(nick="me", isupport=some.ISUPPORT, caps=some.CAPS))
def test_put_get(activity: irc.Activity, env: irc.Env) -> None:
    """A client's activity comes back from its lines, in normal form."""
    event(f"{activity['type']} {(activity.get('object') or {}).get('type')}")
    lines = irc.from_activity(activity, env)
    back = [irc.strip(each) for line in lines for each in irc.to_activity(line, env)]
    assert joined(back) == normal(activity, env)


@given(some.client_activities(), some.envs(nick="me", isupport=some.ISUPPORT, caps=some.CAPS))
def test_put_twice_is_put_once(activity: irc.Activity, env: irc.Env) -> None:
    lines = irc.from_activity(activity, env)
    again = irc.from_activity([irc.strip(each) for line in lines for each in irc.to_activity(line, env)], env)
    assert again == [replace(line, tags=again[i].tags) for i, line in enumerate(lines)]


# --- The view wins ----------------------------------------------------------------------------------------------------


def _edit(activity: irc.Activity, path: tuple[str, ...], value: Any) -> irc.Activity:
    edited = copy.deepcopy(activity)
    place = edited
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return edited


def _has(activity: irc.Activity, path: tuple[str, ...]) -> bool:
    place: Any = activity
    for key in path:
        if not isinstance(place, dict) or key not in place:
            return False
        place = place[key]
    return True


def _named(kind: str, name: str) -> dict[str, str]:
    return {"id": f"{name}@{some.SERVER}", "type": kind, "name": name}


EDITS: dict[str, tuple[tuple[str, ...], Callable[[irc.Activity], Any]]] = {
    "content": (("object", "content"), lambda activity: "edited"),
    "actor": (("actor",), lambda activity: {**activity["actor"], **_named("person", "edited")}),
    "room": (("target",), lambda activity: {**activity["target"], **_named("room", "#edited")}),
    "published": (("published",), lambda activity: "2001-02-03T04:05:06.000Z"),
    "message id": (("object", "id"), lambda activity: "edited"),
    "reply": (("object", "inReplyTo", "id"), lambda activity: "edited"),
    "account": (("actor", "irc:account"), lambda activity: "edited"),
    "presence role": (("object", "role"), lambda activity: "participant"),
    "reaction": (("object", "content"), lambda activity: "edited"),
    "realname": (("actor", "irc:realname"), lambda activity: "edited"),
    "topic": (("object", "content"), lambda activity: "edited"),
    "by": (("irc:by",), lambda activity: _named("person", "edited")),
}


COMMANDS = {
    "account": ["PRIVMSG", "JOIN", "354"],
    "by": ["KICK", "KILL"],
    "message id": ["PRIVMSG", "NOTICE", "REDACT"],
    "presence role": ["352", "353", "354"],
    "published": ["PRIVMSG", "JOIN", "333"],
    "reaction": ["TAGMSG"],
    "realname": ["JOIN", "352", "354"],
    "reply": ["PRIVMSG", "NOTICE", "TAGMSG"],
    "room": ["PRIVMSG", "JOIN", "PART", "KICK", "TOPIC", "353", "332", "324"],
    "topic": ["TOPIC", "331", "332"],
}


def _editable(name: str, activity: irc.Activity) -> bool:
    """Where an edit makes sense: the member is there, and is not the name of another member too."""
    path, _ = EDITS[name]
    if not _has(activity, path) or "bytes" in activity["irc:wire"]:
        return False
    kind = activity["irc:wire"].get("command", "")
    if name == "actor":
        if "error" in activity or activity["actor"]["type"] != "person":
            return False
        return "mask" in activity["irc:wire"] or kind in ("353", "352", "301") or "irc:by" in activity
    if name == "room":
        return activity["target"]["type"] == "room" and "error" not in activity
    if name == "published":
        return kind == "333" or activity["irc:wire"].get("tags", {}).get("time", "") is None
    if name == "content":
        return kind not in ("001", "002", "003", "004", "331")
    if name == "topic":
        return True
    if name == "by":
        return "mask" in activity["irc:wire"]
    if name == "account":
        return isinstance(activity["actor"]["irc:account"], str)
    return True


@pytest.mark.parametrize("name", sorted(EDITS))
def test_the_view_wins(name: str) -> None:
    """Edit one member, keep the residue: the line changes in exactly that, and reads back as edited."""
    edited_some = []
    path, value = EDITS[name]

    @example(irc.Line("400", ("0",)), ENV)
    @example(irc.Line("PRIVMSG", ("#c", "\x01:\x01"), source="bob!u@h"), ENV)
    @given(some.server_lines(COMMANDS.get(name)), some.envs(isupport=some.ISUPPORT))
    def check(line: irc.Line, env: irc.Env) -> None:
        activities = irc.to_activity(line, env)
        if len(activities) != 1 or "irc:wire" not in activities[0] or not _editable(name, activities[0]):
            return
        edited = _edit(activities[0], path, value(activities[0]))
        (changed,) = irc.from_activity(edited, env)
        (again,) = irc.to_activity(changed, env)
        edited_some.append(some.kind_of(line))
        assert _view(again) == _view(edited)
        if (line.command, changed.command) != ("331", "332"):
            assert changed.command == line.command
            # Where there was no text, there is one now.
            without = "irc:reason" in activities[0] or "bare" in activities[0]["irc:wire"]
            assert len(changed.params) == len(line.params) or without
            assert _differences(line, changed) <= 1

    check()
    assert edited_some


def _view(activity: irc.Activity) -> irc.Activity:
    """What an edit shows in, without what is made of other members: the error text, the exact modes of a role."""
    made = {"irc:echo", "irc:reason", "error"}
    view = {key: value for key, value in irc.strip(activity).items() if key not in made}
    if "object" in view:
        view["object"] = {key: value for key, value in view["object"].items() if key != "irc:modes"}
    return view


def _differences(a: irc.Line, b: irc.Line) -> int:
    params = sum(x != y for x, y in zip(a.params, b.params, strict=False)) + abs(len(a.params) - len(b.params))
    tags = sum(a.tags.get(key) != b.tags.get(key) for key in {*a.tags, *b.tags})
    return params + tags + (a.source != b.source)


@given(some.server_lines(), some.envs())
def test_strip_is_idempotent_and_leaves_no_residue(line: irc.Line, env: irc.Env) -> None:
    for activity in irc.to_activity(line, env):
        for ext in (False, True):
            once = irc.strip(activity, ext=ext)
            assert irc.strip(once, ext=ext) == once
            assert "irc:wire" not in once
            assert not ext or "'irc:" not in str({k: v for k, v in once.items() if k in ("actor", "irc")}.keys())


# --- Total and pure ---------------------------------------------------------------------------------------------------


@given(some.lines(), some.envs())
def test_every_line_is_at_least_one_activity(line: irc.Line, env: irc.Env) -> None:
    activities = irc.to_activity(line, env)
    assert activities
    assert all(each["context"] == "irc" and isinstance(each["type"], str) and each["actor"] for each in activities)


@given(
    st.one_of(some.json_values(), some.client_activities()),
    some.json_values(),
    some.envs(caps=some.CAPS, isupport=some.ISUPPORT),
)
@example(
    {"type": "send", "target": {"id": "#c@irc.example"}, "object": {"type": "message", "content": "\ud800"}}, 0, ENV
)
def test_any_json_is_lines_or_a_translation_error(value: Any, wire: Any, env: irc.Env) -> None:
    paths = []
    for activity in (value, [value, value], {**value, "irc:wire": wire} if isinstance(value, dict) else wire):
        if not isinstance(activity, (dict, list)):
            continue
        try:
            lines = irc.from_activity(activity, env)
        except TranslationError as error:
            paths.append(error.path)
            continue
        for line in lines:
            data = irc.encode(line, max_body=MAX_BODY_IN + 1)
            assert data.count(b"\n") == data.count(b"\r") == 1
    assert all(path.startswith("$") for path in paths)


@given(some.server_lines(), some.client_activities(), some.envs(caps=some.CAPS, isupport=some.ISUPPORT))
def test_translation_is_pure(line: irc.Line, activity: irc.Activity, env: irc.Env) -> None:
    activities = irc.to_activity(line, env)
    assert irc.to_activity(line, env) == activities
    for given_ in (activities, activity):
        before = copy.deepcopy(given_)
        assert irc.from_activity(given_, env) == irc.from_activity(before, env)
        assert given_ == before
    shared = [
        id(part) for each in activities for part in (each["actor"], each.get("target"), each.get("object")) if part
    ]
    assert len(shared) == len(set(shared))


# --- Texts cannot become commands -------------------------------------------------------------------------------------

HOSTILE = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            ["\r\n", "\n", "\r", "\0", "QUIT :x", " ", ":", "\x01", "ACTION ", "/me ", "/notice ", "é", "x" * 300]
        ),
        max_size=6,
    ).map("".join),
)


def _skeleton(lines: list[irc.Line]) -> list[tuple[str, str]]:
    no_target = frozenset({"QUIT", "AWAY", "SETNAME"})
    return [(line.command, "" if line.command in no_target else line.params[0]) for line in lines]


def _saying(kind: str) -> irc.Activity:
    return {"type": "send", "target": {"id": f"#c@{some.SERVER}"}, "object": {"type": kind, "content": "x"}}


@given(some.client_activities(), HOSTILE, some.envs(nick="me", isupport=some.ISUPPORT, caps=some.CAPS))
@example(_saying("message"), "\x01VERSION\x01", ENV)
@example(_saying("message"), "\x01ACTION waves", ENV)
@example(_saying("message"), "x" * 410 + "\x01VERSION\x01" * 10, ENV)
@example(_saying("notice"), "\x01PING 1\x01", ENV)
@example(_saying("me"), "waves\x01\r\nQUIT", ENV)
@example(_saying("message"), "path /notice board", ENV)
def test_content_does_not_interfere(activity: irc.Activity, content: str, env: irc.Env) -> None:
    """Whatever a text says: the same commands to the same targets, or an error."""
    obj = activity.get("object")
    key = next((key for key in ("content", "name", "params", "state") if obj and key in obj), None)
    assume(key is not None)
    plain = _edit(activity, ("object", key), obj[key] if key in ("name", "state") else "x")
    hostile = _edit(activity, ("object", key), content)
    expected = _skeleton(irc.from_activity(plain, env))
    try:
        lines = irc.from_activity(hostile, env)
    except TranslationError:
        return
    assert set(_skeleton(lines)) == set(expected)
    assert len(lines) == 1 or obj["type"] in ("message", "me", "notice")
    for line in lines:
        read = irc.decode(irc.encode(line))
        assert read == line
        kinds = {each["object"]["type"] for each in irc.to_activity(line, env) if "object" in each}
        assert kinds <= {obj["type"]}


@given(
    some.client_activities(),
    HOSTILE,
    st.sampled_from(["target", "actor", "object"]),
    some.envs(caps=some.CAPS, isupport=some.ISUPPORT),
)
def test_ids_do_not_interfere(activity: irc.Activity, id_: str, which: str, env: irc.Env) -> None:
    assume(which in activity)
    hostile = _edit(activity, (which, "id"), f"{id_}@{env.server}")
    try:
        expected = irc.from_activity(activity, env)
        lines = irc.from_activity(hostile, env)
    except TranslationError:
        return
    assert {line.command for line in lines} <= {line.command for line in expected} | {"QUIT", "MODE"}
    for line in lines:
        assert irc.decode(irc.encode(line)) == line


# --- Groups -----------------------------------------------------------------------------------------------------------


@given(some.server_lines(["PRIVMSG", "JOIN", "PART", "MODE", "353"]), some.server_lines(), some.envs())
def test_groups_are_regrouped_among_others(grouped: irc.Line, other: irc.Line, env: irc.Env) -> None:
    activities = [*irc.to_activity(other, env), *irc.to_activity(grouped, env), *irc.to_activity(other, env)]
    assert irc.from_activity(activities, env) == [other, grouped, other]


@given(some.server_lines(["PRIVMSG", "JOIN", "PART", "MODE", "353"]), some.envs(), st.data())
def test_members_of_a_group_stand_alone(line: irc.Line, env: irc.Env, data: st.DataObject) -> None:
    """Without its siblings a member becomes a line for itself alone."""
    activities = irc.to_activity(line, env)
    member = data.draw(st.sampled_from(activities))
    assume("bytes" not in member.get("irc:wire", {}))
    (alone,) = irc.from_activity(member, env)
    (again,) = irc.to_activity(alone, env)
    assert irc.strip(again) == irc.strip(member)
