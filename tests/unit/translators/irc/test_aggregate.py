"""Each kind of answer, as servers give it."""

from __future__ import annotations

from typing import Any

from sockethub_translators import irc
from sockethub_translators.irc import aggregate

ENV = irc.Env(
    server="irc.example", nick="me", isupport=irc.ISupport().update(["PREFIX=(qaohv)~&@%+"]), caps=frozenset({"batch"})
)


def run(text: str) -> list[Any]:
    state = aggregate.Aggregator()
    out: list[Any] = []
    for line in text.strip().splitlines():
        state, activities = aggregate.feed(state, irc.decode(line.strip()), ENV)
        out += activities
    assert state == aggregate.Aggregator()
    return [irc.strip(activity) for activity in out]


def test_names() -> None:
    *members, attendance = run("""
        :s.example 353 me = #c :@alice +bob
        :s.example 353 me = #c :carol
        :s.example 366 me #c :End of /NAMES list.
    """)
    assert [(each["actor"]["name"], each["object"]["role"]) for each in members] == [
        ("alice", "owner"),
        ("bob", "participant"),
        ("carol", "member"),
    ]
    assert attendance["type"] == "query"
    assert attendance["actor"]["id"] == "#c@irc.example"
    assert [member["name"] for member in attendance["object"]["members"]] == ["alice", "bob", "carol"]


def test_who() -> None:
    *rows, end = run("""
        :s.example 352 me #c user host s.example alice H@ :0 Alice A.
        :s.example 354 me 152 #c user host bob G acc :Bob
        :s.example 315 me #c :End of /WHO list.
    """)
    assert [row["object"]["presence"] for row in rows] == ["online", "away"]
    assert [member.get("irc:account") for member in end["object"]["members"]] == [None, "acc"]


def test_whois() -> None:
    (profile,) = run("""
        :s.example 311 me alice user host * :Alice A.
        :s.example 319 me alice :@#c #d
        :s.example 312 me alice s.example :The server
        :s.example 301 me alice :gone fishing
        :s.example 313 me alice :is an IRC operator
        :s.example 317 me alice 12 1600000000 :seconds idle, signon time
        :s.example 330 me alice acc :is logged in as
        :s.example 671 me alice :is using a secure connection
        :s.example 318 me alice :End of /WHOIS list.
    """)
    obj = profile["object"]
    assert profile["actor"]["id"] == "alice@irc.example"
    assert [(room["id"], room["role"]) for room in obj["channels"]] == [
        ("#c@irc.example", "owner"),
        ("#d@irc.example", "member"),
    ]
    expected = {"name": "Alice A.", "away": "gone fishing", "idle": 12, "irc:account": "acc", "secure": True}
    assert expected.items() <= obj.items()


def test_list() -> None:
    (rooms,) = run("""
        :s.example 321 me Channel :Users Name
        :s.example 322 me #c 3 :Topic of c
        :s.example 322 me #d 1 :
        :s.example 323 me :End of /LIST
    """)
    assert rooms["object"]["rooms"] == [
        {"id": "#c@irc.example", "type": "room", "name": "#c", "topic": "Topic of c", "members": 3},
        {"id": "#d@irc.example", "type": "room", "name": "#d", "topic": "", "members": 1},
    ]


def test_lists_of_masks() -> None:
    bans, invited = run("""
        :s.example 367 me #c *!*@bad.example op!u@h 1600000000
        :s.example 346 me #c friend!*@*
        :s.example 367 me #C spam!*@*
        :s.example 368 me #c :End of channel ban list
        :s.example 347 me #c :End of channel invite list
    """)
    assert bans["actor"]["id"] == "#c@irc.example"
    assert bans["object"] == {
        "type": "mode",
        "modes": [["+", "b", "*!*@bad.example"], ["+", "b", "spam!*@*"]],
        "irc:masks": [{"mask": "*!*@bad.example", "by": "op!u@h", "published": "2020-09-13T12:26:40.000Z"}],
    }
    assert invited["object"] == {"type": "mode", "modes": [["+", "I", "friend!*@*"]]}


def test_a_list_without_masks_has_an_end_too() -> None:
    (bans,) = run(":s.example 368 me #c :End of channel ban list")
    assert (bans["type"], bans["object"]) == ("query", {"type": "mode", "modes": []})


def test_message_of_the_day() -> None:
    (motd,) = run("""
        :s.example 375 me :- s.example Message of the day -
        :s.example 372 me :- Be kind.
        :s.example 372 me :- No robots.
        :s.example 376 me :End of /MOTD command.
    """)
    assert motd["object"] == {"type": "topic", "content": "- Be kind.\n- No robots."}
    assert motd["irc:lines"] == ["- Be kind.", "- No robots."]


def test_history_is_a_collection() -> None:
    (collection,) = run("""
        @label=q1 :s.example BATCH +1 chathistory #c
        @batch=1;msgid=a;time=2026-11-23T12:00:00.000Z :alice!u@h PRIVMSG #c :one
        @batch=1 :s.example BATCH +2 draft/multiline #c
        @batch=2 :alice!u@h PRIVMSG #c :two
        @batch=2;draft/multiline-concat :alice!u@h PRIVMSG #c :, still two
        @batch=2 :alice!u@h PRIVMSG #c :three
        :s.example BATCH -2
        :s.example BATCH -1
    """)
    assert collection["id"] == "q1"
    assert collection["totalItems"] == 2
    assert [item["object"]["content"] for item in collection["items"]] == ["one", "two, still two\nthree"]


def test_netsplit_and_labelled_response() -> None:
    out = run("""
        :s.example BATCH +1 netsplit a.example b.example
        @batch=1 :alice!u@h QUIT :a.example b.example
        :s.example BATCH -1
        @label=7 :s.example BATCH +2 labeled-response
        @batch=2 :s.example 401 me bob :No such nick
        :s.example BATCH -2
    """)
    assert out[0]["irc:batch"] == {"type": "netsplit", "params": ["a.example", "b.example"]}
    assert (out[1]["id"], out[1]["error"]) == ("7", "bob: No such nick")


def test_flush_gives_out_what_was_waiting() -> None:
    state = aggregate.Aggregator()
    for text in (":s 332 me #c :hi", ":s BATCH +1 x", "@batch=1 :a!b@c PRIVMSG #c :hello"):
        state, out = aggregate.feed(state, irc.decode(text), ENV)
        assert out == []
    _, out = aggregate.flush(state, ENV)
    assert [each["object"]["content"] for each in out] == ["hi", "hello"]
