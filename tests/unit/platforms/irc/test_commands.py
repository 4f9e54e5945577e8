from __future__ import annotations

from typing import Any

import pytest

from sockethub.errors import PlatformError
from sockethub.platforms.irc.commands import command_of, is_answer, slash_command
from sockethub_translators import irc

ENV = irc.Env(server="irc.example", nick="me", caps=frozenset({"labeled-response", "batch"}))
ROOM = {"id": "#room@irc.example", "type": "room"}


def activity(verb: str, **members: Any) -> irc.Activity:
    return {"context": "irc", "type": verb, "actor": {"id": "me@irc.example", "type": "person"}, **members}


def test_the_clients_id_and_residue_do_not_reach_the_wire() -> None:
    said = {"type": "message", "content": "hi"}
    wire = {"bytes": "UVVJVA==", "command": "QUIT", "tags": {"label": "x"}}
    command = command_of(activity("send", target=ROOM, object=said, id="x" * 500, **{"irc:wire": wire}), ENV)
    assert [irc.encode(line) for line in command.lines] == [b"PRIVMSG #room :hi\r\n"]
    assert (command.name, command.targets) == ("PRIVMSG", frozenset({"#room"}))


@pytest.mark.parametrize("verb", ["join", "leave"])
def test_no_channel(verb: str) -> None:
    with pytest.raises(PlatformError, match="'room' is no channel: names of channels begin with # or &") as caught:
        command_of(activity(verb, target={"id": "room@irc.example", "type": "room"}), ENV)
    assert caught.value.condition == "bad-channel-name"


@pytest.mark.parametrize(
    "members",
    [
        {"verb": "send", "target": ROOM, "object": {"type": "message", "content": ""}},
        {"verb": "send", "object": {"type": "message", "content": "x"}},
        {"verb": "send", "target": {"id": "bob@other.example"}, "object": {"type": "message", "content": "x"}},
        {"verb": "irc:raw", "object": {"type": "irc:raw", "command": "QUIT"}},
        {"verb": "dance"},
        {"verb": "connect"},
        {"verb": "join", "target": {"id": "#a,#b@irc.example", "type": "room"}},
        {"verb": "join", "target": ROOM, "irc:key": "a b"},
    ],
    ids=str,
)
def test_what_irc_cannot_say(members: dict[str, Any]) -> None:
    with pytest.raises(PlatformError) as caught:
        command_of(activity(members.pop("verb"), **members), ENV)
    assert caught.value.condition == "invalid"


@pytest.mark.parametrize(
    ("content", "obj"),
    [
        ("/me waves", {"type": "me", "content": "waves"}),
        ("/notice hear", {"type": "notice", "content": "hear"}),
        ("/join #x", {"type": "message", "content": "/join #x"}),
        ("type /me to wave", {"type": "message", "content": "type /me to wave"}),
        ("/method", {"type": "message", "content": "/method"}),
    ],
)
def test_slash_commands(content: str, obj: dict[str, Any]) -> None:
    said = activity("send", target=ROOM, object={"type": "message", "content": content})
    assert slash_command(said)["object"] == obj
    other = activity("send", target=ROOM, object={"type": "notice", "content": content})
    assert slash_command(other) is other


def test_answers() -> None:
    command = command_of(activity("query", target=ROOM, object={"type": "attendance"}), ENV)

    def answer(name: str, kind: str) -> irc.Activity:
        room = {"id": f"{name}@irc.example", "type": "room", "name": name}
        return {"type": "query", "actor": room, "object": {"type": kind}}

    assert is_answer(answer("#ROOM", "attendance"), "attendance", command, ENV)
    assert not is_answer(answer("#other", "attendance"), "attendance", command, ENV)
    assert not is_answer(answer("#room", "topic"), "attendance", command, ENV)
