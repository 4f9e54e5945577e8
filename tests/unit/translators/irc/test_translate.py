"""What lines and activities look like, one example of each kind; the shapes that clients rely on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from sockethub_translators import irc
from sockethub_translators.errors import TranslationError
from sockethub_translators.testing import irc as some

ENV = irc.Env(
    server="irc.example",
    nick="me",
    isupport=irc.ISupport().update(["PREFIX=(qaohv)~&@%+", "STATUSMSG=@+", "CHANMODES=beI,k,l,imnpst"]),
)
ALL = replace(ENV, caps=some.CAPS)
ME = {"id": "me@irc.example", "type": "person", "name": "me"}
ALICE = {"id": "alice@irc.example", "type": "person", "name": "alice"}
BOB = {"id": "bob@irc.example", "type": "person", "name": "bob"}
ROOM = {"id": "#room@irc.example", "type": "room", "name": "#room"}
SERVICE = {"id": "irc.example", "type": "service", "name": "irc.example"}


def heard(text: str, env: irc.Env = ENV) -> list[dict[str, Any]]:
    """The activities of a line, without residue and the context they all have."""
    activities = [irc.strip(activity) for activity in irc.to_activity(irc.decode(text), env)]
    assert all(activity.pop("context") == "irc" for activity in activities)
    return activities


def said(env: irc.Env = ENV, **activity: Any) -> list[str]:
    lines = irc.from_activity({"context": "irc", "actor": ME, **activity}, env)
    return [irc.encode(line).decode().removesuffix("\r\n") for line in lines]


def act(verb: str, actor: Any, target: Any = None, obj: Any = None, **more: Any) -> dict[str, Any]:
    activity = {"type": verb, "actor": actor, "target": target, "object": obj, **more}
    return {key: value for key, value in activity.items() if value is not None or key == "irc:reason"}


def text(kind: str, content: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "content": content, **more}


def role(name: str, letter: str) -> dict[str, Any]:
    subject = {"type": "presence", "role": name, "irc:modes": letter}
    return {"type": "relationship", "relationship": "role", "subject": subject, "object": ROOM}


LEFT = text("message", "user has left the channel")
BY = {"irc:by": BOB}

HEARD = {
    ":alice!user@host PRIVMSG #room :hello world": [act("send", ALICE, ROOM, text("message", "hello world"))],
    ":alice!user@host PRIVMSG me :a :b  ": [act("send", ALICE, ME, text("message", "a :b  "))],
    ":alice!u@h PRIVMSG @#room :ops": [act("send", ALICE, ROOM, text("message", "ops"), **{"irc:statusmsg": "@"})],
    ":me!u@h PRIVMSG #room :x": [act("send", ME, ROOM, text("message", "x"), **{"irc:echo": True})],
    ":alice!u@h NOTICE #room :psst": [act("send", ALICE, ROOM, text("notice", "psst"))],
    ":s.example NOTICE me :hello": [act("send", SERVICE, ME, text("notice", "hello"))],
    ":alice!u@h PRIVMSG #room :\x01ACTION waves\x01": [act("send", ALICE, ROOM, text("me", "waves"))],
    ":alice!u@h PRIVMSG #room :\x01ACTION waves": [act("send", ALICE, ROOM, text("me", "waves"))],
    ":alice!u@h PRIVMSG me :\x01PING 42\x01": [
        act("send", ALICE, ME, {"type": "ctcp", "name": "PING", "params": "42", "reply": False})
    ],
    ":alice!u@h NOTICE me :\x01VERSION x y\x01": [
        act("send", ALICE, ME, {"type": "ctcp", "name": "VERSION", "params": "x y", "reply": True})
    ],
    "@msgid=m2;+draft/reply=m1;time=2026-11-23T12:00:00.000Z;account=al;bot :alice!u@h PRIVMSG #room :yes": [
        act(
            "send",
            {**ALICE, "irc:account": "al", "irc:bot": True},
            ROOM,
            text("message", "yes", id="m2", inReplyTo={"type": "message", "id": "m1"}),
            published="2026-11-23T12:00:00.000Z",
        )
    ],
    "@label=7 :alice!u@h PRIVMSG #room :x": [act("send", ALICE, ROOM, text("message", "x"), id="7")],
    "@+typing=paused :alice!u@h TAGMSG #room": [act("update", ALICE, ROOM, {"type": "typing", "state": "paused"})],
    "@+draft/react=👍;+draft/reply=m1 :alice!u@h TAGMSG #room": [
        act("add", ALICE, ROOM, text("reaction", "👍", inReplyTo={"type": "message", "id": "m1"}))
    ],
    ":alice!u@h REDACT #room m1 :spam": [
        act("delete", ALICE, ROOM, {"type": "message", "id": "m1", "content": "spam"})
    ],
    ":alice!u@h JOIN #room": [act("join", ALICE, ROOM)],
    ":alice!u@h JOIN :#room": [act("join", ALICE, ROOM)],
    ":alice!u@h JOIN #room * :Alice A.": [
        act("join", {**ALICE, "irc:account": None, "irc:realname": "Alice A."}, ROOM)
    ],
    ":alice!u@h PART #room": [act("leave", ALICE, ROOM, LEFT, **{"irc:reason": None})],
    ":alice!u@h PART #room :bye": [act("leave", ALICE, ROOM, text("message", "bye"))],
    ":alice!u@h QUIT": [act("leave", ALICE, SERVICE, text("message", "user has quit"), **{"irc:reason": None})],
    ":bob!u@h KICK #room alice :out": [act("leave", ALICE, ROOM, text("message", "out"), **BY)],
    ":bob!u@h KILL alice :spam": [act("leave", ALICE, SERVICE, text("message", "spam"), **BY)],
    ":alice!u@h NICK bob": [act("update", ALICE, BOB, {"type": "address"})],
    ":alice!u@h TOPIC #room :": [act("update", ALICE, ROOM, text("topic", ""))],
    ":s.example 332 me #room :Hi": [act("update", SERVICE, ROOM, text("topic", "Hi"))],
    ":s.example 331 me #room :No topic is set": [act("update", SERVICE, ROOM, text("topic", ""))],
    ":s.example 333 me #room bob!u@h 1600000000": [
        act("update", BOB, ROOM, {"type": "topic"}, published="2020-09-13T12:26:40.000Z")
    ],
    ":s.example 353 me = #room :~@alice bob!u@h": [
        act("update", ALICE, ROOM, {"type": "presence", "role": "owner", "irc:modes": "qo"}),
        act("update", BOB, ROOM, {"type": "presence", "role": "member"}),
    ],
    ":bob!u@h MODE #room +o-v+b alice alice *!*@spam": [
        act("add", BOB, ALICE, role("owner", "o")),
        act("remove", BOB, ALICE, role("participant", "v")),
        act("update", BOB, ROOM, {"type": "mode", "modes": [["+", "b", "*!*@spam"]]}),
    ],
    ":me MODE me +i": [act("update", ME, ME, {"type": "mode", "modes": [["+", "i"]]})],
    ":s.example 324 me #room +kl key 9": [
        act("update", SERVICE, ROOM, {"type": "mode", "modes": [["+", "k", "key"], ["+", "l", "9"]]})
    ],
    ":bob!u@h INVITE alice #room": [act("invite", BOB, ROOM, ALICE)],
    ":s.example 341 me alice #room": [act("invite", ME, ROOM, ALICE)],
    ":alice!u@h AWAY :lunch": [
        act("update", ALICE, SERVICE, {"type": "presence", "presence": "away", "content": "lunch"})
    ],
    ":alice!u@h AWAY": [act("update", ALICE, SERVICE, {"type": "presence", "presence": "online"})],
    ":s.example 301 me alice :lunch": [
        act("update", ALICE, SERVICE, {"type": "presence", "presence": "away", "content": "lunch"})
    ],
    ":s.example 306 me :You are away": [act("update", ME, SERVICE, {"type": "presence", "presence": "away"})],
    ":alice!u@h ACCOUNT *": [act("update", ALICE, SERVICE, {"type": "profile", "irc:account": None})],
    ":alice!u@h CHGHOST x y": [act("update", ALICE, SERVICE, {"type": "profile", "irc:user": "x", "irc:host": "y"})],
    ":alice!u@h SETNAME :Alice A.": [act("update", ALICE, SERVICE, {"type": "profile", "name": "Alice A."})],
    ":s.example 352 me #room u h s.example alice G@ :0 Alice": [
        act(
            "update",
            {**ALICE, "irc:user": "u", "irc:host": "h", "irc:realname": "Alice"},
            ROOM,
            {"type": "presence", "presence": "away", "role": "owner", "irc:modes": "o"},
        )
    ],
    "ERROR :Closing link": [act("error", SERVICE, ME, text("message", "Closing link"), error="Closing link")],
    ":s.example 433 * bob :Nickname is already in use": [
        act(
            "update",
            BOB,
            SERVICE,
            text("message", "Nickname is already in use"),
            error="bob: Nickname is already in use",
            **{"irc:numeric": "433", "irc:params": ["bob"]},
        )
    ],
    ":s.example 482 me #room": [
        act(
            "error",
            SERVICE,
            ME,
            text("message", "#room"),
            error="#room",
            **{"irc:numeric": "482", "irc:params": []},
        )
    ],
    ":s.example 475 me #room :": [
        act(
            "update",
            ME,
            ROOM,
            text("message", ""),
            error="#room: Cannot join channel: wrong key",
            **{"irc:numeric": "475", "irc:params": ["#room"]},
        )
    ],
    ":s.example FAIL JOIN NO_SUCH #x :No such channel": [
        act(
            "error",
            SERVICE,
            ME,
            text("message", "No such channel", condition="NO_SUCH"),
            error="No such channel",
            **{"irc:command": "JOIN", "irc:params": ["#x"]},
        )
    ],
    ":s.example 005 me NETWORK=Net EXCEPTS :are supported": [
        act(
            "announce",
            SERVICE,
            ME,
            {"type": "content", "network": "Net"},
            **{"irc:isupport": {"NETWORK": "Net", "EXCEPTS": True}},
        )
    ],
    ":s.example 730 me :alice!u@h,bob": [
        act("update", ALICE, SERVICE, {"type": "presence", "presence": "online"}),
        act("update", BOB, SERVICE, {"type": "presence", "presence": "online"}),
    ],
    ":s.example 731 me alice": [act("update", ALICE, SERVICE, {"type": "presence", "presence": "offline"})],
    ":s.example 367 me #room *!*@spam bob 1600000000": [
        act("query", ROOM, ME, {"type": "mode", "modes": [["+", "b", "*!*@spam"]]})
    ],
    ":bob!u@h RENAME #old #room :typo": [
        act(
            "update",
            {"id": "#old@irc.example", "type": "room", "name": "#old"},
            ROOM,
            {"type": "address", "content": "typo"},
            **BY,
        )
    ],
    ":s.example MARKREAD #room timestamp=2026-11-23T12:00:00.000Z": [
        act("update", SERVICE, ROOM, {"type": "marker", "published": "2026-11-23T12:00:00.000Z"})
    ],
    ":s.example 999 me what :ever": [
        act("irc:raw", SERVICE, obj={"type": "irc:raw", "command": "999", "params": ["me", "what", "ever"]})
    ],
}


@pytest.mark.parametrize("line", HEARD)
def test_heard(line: str) -> None:
    assert heard(line) == HEARD[line]


SAID = [
    ("PRIVMSG #room :Hello!", {"type": "send", "target": ROOM, "object": text("message", "Hello!")}),
    ("PRIVMSG #room :Hello!", {"type": "send", "target": ROOM, "object": text("note", "Hello!")}),
    ("PRIVMSG alice :\x01ACTION waves\x01", {"type": "send", "target": ALICE, "object": text("me", "waves")}),
    ("NOTICE alice :psst", {"type": "send", "target": ALICE, "object": text("notice", "psst")}),
    (
        "PRIVMSG alice :\x01VERSION\x01",
        {"type": "send", "target": ALICE, "object": {"type": "ctcp", "name": "VERSION"}},
    ),
    ("JOIN #room", {"type": "join", "target": ROOM}),
    ("JOIN #room key", {"type": "join", "target": ROOM, "irc:key": "key"}),
    ("PART #room", {"type": "leave", "target": ROOM}),
    ("PART #room :bye", {"type": "leave", "target": ROOM, "object": text("message", "bye")}),
    ("QUIT", {"type": "disconnect"}),
    ("QUIT :bye", {"type": "leave", "target": SERVICE, "object": text("message", "bye")}),
    (
        "KICK #room alice :out",
        {"type": "leave", "actor": ALICE, "target": ROOM, "irc:by": ME, "object": text("message", "out")},
    ),
    ("NICK you", {"type": "update", "target": {"id": "you@irc.example"}, "object": {"type": "address"}}),
    ("TOPIC #room :Hi", {"type": "update", "target": ROOM, "object": text("topic", "Hi")}),
    ("TOPIC #room :Hi", {"type": "update", "target": ROOM, "object": {"type": "topic", "topic": "Hi"}}),
    ("TOPIC #room", {"type": "query", "target": ROOM, "object": {"type": "topic"}}),
    ("AWAY :lunch", {"type": "update", "object": {"type": "presence", "presence": "away", "content": "lunch"}}),
    ("AWAY :away", {"type": "update", "object": {"type": "presence", "presence": "dnd"}}),
    ("AWAY", {"type": "update", "object": {"type": "presence", "presence": "online"}}),
    ("SETNAME :Me", {"type": "update", "object": {"type": "profile", "name": "Me"}}),
    ("NAMES #room", {"type": "query", "target": ROOM, "object": {"type": "attendance"}}),
    ("WHOIS alice", {"type": "query", "target": ALICE, "object": {"type": "profile"}}),
    ("LIST", {"type": "query", "target": SERVICE, "object": {"type": "room-list"}}),
    ("CHATHISTORY LATEST #room * 50", {"type": "query", "target": ROOM, "object": {"type": "history"}}),
    (
        "CHATHISTORY BETWEEN #room timestamp=2026-11-23T12:00:00.000Z msgid=m1 9",
        {
            "type": "query",
            "target": ROOM,
            "object": {"type": "history", "after": "2026-11-23T12:00:00Z", "before": {"id": "m1"}, "limit": 9},
        },
    ),
    ("MARKREAD #room", {"type": "query", "target": ROOM, "object": {"type": "marker"}}),
    (
        "RENAME #room #new",
        {"type": "update", "actor": ROOM, "target": {"id": "#new@irc.example"}, "object": {"type": "address"}},
    ),
    ("INVITE alice #room", {"type": "invite", "target": ROOM, "object": ALICE}),
    ("MODE #room +o alice", {"type": "add", "target": ALICE, "object": role("owner", "o")}),
    ("MODE #room -h alice", {"type": "remove", "target": ALICE, "object": role("admin", "")}),
    (
        "MODE #room +mb-i x",
        {
            "type": "update",
            "target": ROOM,
            "object": {"type": "mode", "modes": [["+", "m"], ["+", "b", "x"], ["-", "i"]]},
        },
    ),
    (
        "@+typing=active TAGMSG #room",
        {"type": "update", "target": ROOM, "object": {"type": "typing", "state": "active"}},
    ),
    ("@label=9 JOIN #room", {"type": "join", "target": ROOM, "id": "9"}),
    ("REDACT #room m1", {"type": "delete", "target": ROOM, "object": {"type": "message", "id": "m1"}}),
    (
        "@+draft/reply=m1 PRIVMSG #room :yes",
        {"type": "send", "target": ROOM, "object": text("message", "yes", inReplyTo={"type": "message", "id": "m1"})},
    ),
    (
        "@+draft/unreact=👍;+draft/reply=m1 TAGMSG #room",
        {"type": "remove", "target": ROOM, "object": text("reaction", "👍", inReplyTo={"type": "message", "id": "m1"})},
    ),
]


@pytest.mark.parametrize(("line", "activity"), SAID)
def test_said(line: str, activity: dict[str, Any]) -> None:
    assert said(ALL, **activity) == [line]


def test_connect_is_the_connections_own_affair() -> None:
    assert said(type="connect") == []


def test_an_id_is_a_label_only_where_labels_are_answered() -> None:
    assert said(type="join", target=ROOM, id="x" * 100) == ["JOIN #room"]
    with pytest.raises(TranslationError, match=r"\$\.id"):
        said(ALL, type="join", target=ROOM, id="x" * 100)


def test_text_with_line_breaks_is_several_messages() -> None:
    content = "one\r\nQUIT :two\n\n\rthree"
    lines = said(type="send", target=ROOM, object=text("message", content))
    assert lines == ["PRIVMSG #room :one", "PRIVMSG #room :QUIT :two", "PRIVMSG #room :three"]


def test_long_text_is_cut_where_it_reads_well_and_each_action_is_framed() -> None:
    lines = said(type="send", target=ROOM, object=text("me", "word " * 200))
    assert len(lines) == 3
    assert all(line.startswith("PRIVMSG #room :\x01ACTION ") for line in lines)
    assert [line.endswith("word\x01") for line in lines] == [True, True, False]  # the text itself ends with a space


REFUSED = [
    ("$.type", {"type": "dance"}),
    ("$.type", {}),
    ("$.target", {"type": "join"}),
    ("$.target.id", {"type": "join", "target": {"type": "room"}}),
    ("$.target.id", {"type": "join", "target": {"id": "#a,#b@irc.example"}}),
    ("$.target.id", {"type": "join", "target": {"id": "room@irc.example"}}),
    ("$.target.id", {"type": "join", "target": {"id": "#room@elsewhere.example"}}),
    ("$.target.id", {"type": "send", "target": {"id": "#a b@irc.example"}, "object": text("message", "x")}),
    ("$.target.id", {"type": "send", "target": {"id": "a,b@irc.example"}, "object": text("message", "x")}),
    ("$.target.id", {"type": "send", "target": {"id": "a\r\nQUIT@irc.example"}, "object": text("message", "x")}),
    ("$.target.id", {"type": "update", "target": {"id": "#x@irc.example"}, "object": {"type": "address"}}),
    ("$.object", {"type": "send", "target": ROOM, "object": "hello"}),
    ("$.object", {"type": "send", "target": ROOM, "object": text("message", "\x01VERSION\x01")}),
    ("$.object.type", {"type": "send", "target": ROOM}),
    ("$.object.type", {"type": "send", "target": ROOM, "object": {"type": "dance"}}),
    ("$.object.content", {"type": "send", "target": ROOM, "object": {"type": "message"}}),
    ("$.object.content", {"type": "send", "target": ROOM, "object": text("message", "\n")}),
    ("$.object.content", {"type": "send", "target": ROOM, "object": text("message", "a\0b")}),
    ("$.object.content", {"type": "send", "target": ROOM, "object": text("message", "x\n" * 65)}),
    ("$.object.content", {"type": "update", "target": ROOM, "object": text("topic", "a\nb")}),
    ("$", {"type": "update", "target": ROOM, "object": text("topic", "x" * 600)}),
    ("$.object", {"type": "send", "target": ROOM, "object": {"type": "ctcp", "name": "PING", "params": "x" * 500}}),
    ("$.target.id", {"type": "send", "target": {"id": f"{'x' * 440}@irc.example"}, "object": text("me", "x")}),
    ("$.object.presence", {"type": "update", "object": {"type": "presence", "presence": "offline"}}),
    ("$.object.limit", {"type": "query", "target": ROOM, "object": {"type": "history", "limit": 0}}),
    ("$.object.before", {"type": "query", "target": ROOM, "object": {"type": "history", "before": "then"}}),
    (
        "$.object.around",
        {"type": "query", "target": ROOM, "object": {"type": "history", "before": {"id": "a"}, "around": {"id": "b"}}},
    ),
    ("$.target.id", {"type": "query", "target": SERVICE, "object": {"type": "history"}}),
    ("$.object.state", {"type": "update", "target": ROOM, "object": {"type": "typing", "state": "loud"}}),
    ("$.object.subject.role", {"type": "add", "target": ALICE, "object": role("king", "")}),
    ("$.error", {"type": "join", "target": ROOM, "error": "no such channel"}),
    ("$['irc:statusmsg']", {"type": "send", "target": ROOM, "object": text("message", "x"), "irc:statusmsg": "#"}),
    ("$['irc:statusmsg']", {"type": "send", "target": ROOM, "object": text("message", "x"), "irc:statusmsg": None}),
    ("$['irc:statusmsg']", {"type": "send", "target": ROOM, "object": text("message", "x"), "irc:statusmsg": 0}),
    ("$['irc:key']", {"type": "join", "target": ROOM, "irc:key": "a b"}),
    ("$['irc:wire'].params", {"type": "join", "target": ROOM, "irc:wire": {"params": "x"}}),
]


@pytest.mark.parametrize(("path", "activity"), REFUSED)
def test_refused(path: str, activity: dict[str, Any]) -> None:
    with pytest.raises(TranslationError) as error:
        said(ALL, **activity)
    assert error.value.path == path


MODES_REFUSED = [
    ("", None),
    ("", []),
    ("", "+o"),
    ("[0]", ["+o"]),
    ("[0]", [["+"]]),
    ("[0]", [["+", "b", "x", "y"]]),
    ("[0]", [["+", 1]]),
    ("[0]", [["*", "o"]]),
    ("[0]", [["+", "oo"]]),
    ("[0]", [["+", ""]]),
    ("[0]", [["+", "-"]]),
    ("[0]", [["+", " "]]),
    ("[0]", [["+", "\n"]]),
    ("[1]", [["+", "i"], ["+", "\ud800"]]),
    ("[0][2]", [["+", "b", "a b"]]),
    ("[0][2]", [["+", "b", ":x"]]),
]


@pytest.mark.parametrize(("path", "modes"), MODES_REFUSED)
def test_modes_refused(path: str, modes: Any) -> None:
    with pytest.raises(TranslationError) as error:
        said(ALL, type="update", target=ROOM, object={"type": "mode", "modes": modes})
    assert error.value.path == "$.object.modes" + path


@pytest.mark.parametrize("numeric", [f"{number}" for number in range(400, 503) if number != 422])
def test_an_error_without_text_has_words_all_the_same(numeric: str) -> None:
    (activity,) = heard(f":s.example {numeric} me #room :")
    assert activity["object"]["content"] == ""
    context, _, words = activity["error"].partition(": ")
    assert context == "#room"
    assert re.fullmatch(r"[A-Z][a-z]+( [a-z]+|: [a-z ]+)*|Error \d{3}|No such .*", words)
    assert words.isprintable()
    assert words[-1].isalnum()


def test_what_needs_a_capability_is_refused_without() -> None:
    for activity in (
        {"type": "update", "target": ROOM, "object": {"type": "typing", "state": "done"}},
        {"type": "delete", "target": ROOM, "object": {"type": "message", "id": "m1"}},
    ):
        with pytest.raises(TranslationError):
            said(**activity)


def test_raw_needs_leave() -> None:
    raw = {"type": "irc:raw", "object": {"type": "irc:raw", "command": "WHO", "params": ["#room"]}}
    with pytest.raises(TranslationError):
        said(**raw)
    assert said(replace(ENV, raw=True), **raw) == ["WHO #room"]


def test_bytes_that_are_not_utf8() -> None:
    line = irc.decode(b":alice!u@h PRIVMSG #room :caf\xe9")
    (activity,) = irc.to_activity(line, ENV)
    assert activity["object"]["content"] == "caf\ufffd"
    assert irc.from_activity(activity, ENV) == [line]
    (latin,) = irc.to_activity(line, replace(ENV, charset="latin-1"))
    assert latin["object"]["content"] == "caf\u00e9"
    activity["object"]["content"] = "edited"
    assert irc.encode(irc.from_activity(activity, ENV)[0]) == b":alice!u@h PRIVMSG #room :edited\r\n"


def test_strip() -> None:
    (activity,) = irc.to_activity(irc.decode("@account=al;x=y :alice!u@h JOIN #room"), ENV)
    assert "irc:wire" not in irc.strip(activity)
    assert irc.strip(activity, ext=True) == {"context": "irc", "type": "join", "actor": ALICE, "target": ROOM}


def edited(line: str, path: str, value: Any) -> str:
    """The line that an activity becomes after an edit, its residue as it was."""
    (activity,) = irc.to_activity(irc.decode(line), ENV)
    *outer, last = path.split(".")
    place = activity
    for key in outer:
        place = place[key]
    place[last] = value
    (changed,) = irc.from_activity(activity, ENV)
    return irc.encode(changed).decode().removesuffix("\r\n")


@pytest.mark.parametrize(
    ("line", "path", "value", "expected"),
    [
        (":bob!u@h MODE #room +i+m", "object.modes", [["-", "i"]], ":bob!u@h MODE #room -i"),
        (":bob!u@h MODE #room +i+m", "object.modes", [["+", "i"], ["+", "m"]], ":bob!u@h MODE #room +i+m"),
        (
            "@time=2020-01-01T00:00:00Z :bob!u@h JOIN #room",
            "published",
            "2021-01-01T00:00:00.000Z",
            "@time=2021-01-01T00:00:00.000Z :bob!u@h JOIN #room",
        ),
        (":bob!u@h PART #room", "object.content", "bye", ":bob!u@h PART #room :bye"),
        (":s.example 331 me #room :No topic is set", "object.content", "Hi", ":s.example 332 me #room Hi"),
        (":bob!u@h PRIVMSG #room :x", "actor", SERVICE, ":irc.example PRIVMSG #room :x"),
        (":s.example NOTICE me :x", "actor", ALICE, ":alice NOTICE me :x"),
    ],
)
def test_the_view_wins_over_what_was_kept(line: str, path: str, value: Any, expected: str) -> None:
    assert edited(line, path, value) == expected
