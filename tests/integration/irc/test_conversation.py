"""Two people talk: on ngIRCd, which has next to nothing of IRCv3, and on InspIRCd, which labels its answers."""

from __future__ import annotations

import pytest

from tests.integration.irc.driver import connected, driver
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer

pytestmark = pytest.mark.anyio


async def test_connect_identifies_and_saves(server: IrcServer) -> None:
    async with driver("ann", server) as ann:
        await ann.connect()
        assert ann.platform.connected
        assert ann.identities == [f"ann@{server.host}"]
        assert ann.saves == [{"joins": [], "nick": "ann"}]


async def test_second_connect_returns_at_once(server: IrcServer) -> None:
    async with connected("ann", server) as ann:
        session = ann.platform._session
        await ann.connect()
        assert ann.platform._session is session


@pytest.mark.parametrize("kind", ["message", "me", "notice"])
async def test_each_kind_arrives_with_its_sender_and_is_not_echoed(server: IrcServer, kind: str) -> None:
    async with connected("ann", server, "#talk") as ann, connected("bob", server, "#talk") as bob:
        await ann.say(ann.room("#talk"), "žluťoučký 🐎 :) : end", kind)
        heard = await bob.saw("send", kind)
        assert heard["actor"] == ann.person("ann")
        assert heard["target"] == ann.room("#talk")
        assert heard["object"]["content"] == "žluťoučký 🐎 :) : end"
        assert "published" in heard
        assert "irc:wire" not in heard
        assert not [each for each in ann.emitted if each["type"] == "send" and each["object"]["type"] == kind]


async def test_private_message(server: IrcServer) -> None:
    async with connected("ann", server) as ann, connected("bob", server) as bob:
        await ann.say(ann.person("bob"), "psst")
        heard = await bob.saw("send", "message", content="psst")
        assert heard["target"] == bob.person("bob")


async def test_message_to_oneself_arrives(server: IrcServer) -> None:
    async with connected("ann", server) as ann:
        await ann.say(ann.person("ann"), "note to self")
        await ann.saw("send", "message", content="note to self")


async def test_join_tells_who_is_there_and_is_not_echoed(server: IrcServer) -> None:
    async with connected("ann", server, "#who") as ann, connected("bob", server, "#who") as bob:
        attendance = await bob.saw("query", "attendance")
        assert {member["name"] for member in attendance["object"]["members"]} == {"ann", "bob"}
        owner = await bob.saw("update", "presence", role="owner")
        assert owner["actor"]["name"] == "ann"
        assert (await ann.saw("join"))["actor"]["name"] == "bob"
        assert not [each for each in bob.emitted if each["type"] == "join"]
        assert bob.saves[-1] == {"joins": [{"room": "#who"}], "nick": "bob"}


async def test_join_again_tells_again_who_is_there(server: IrcServer) -> None:
    async with connected("ann", server, "#again") as ann:
        await ann.saw("query", "attendance")
        ann.emitted.clear()
        await ann.join("#again")
        await ann.saw("query", "attendance")
        assert ann.saves[-1]["joins"] == [{"room": "#again"}]


async def test_attendance(server: IrcServer) -> None:
    async with connected("ann", server, "#att") as ann:
        ann.emitted.clear()
        answer = await ann.do("query", ann.room("#att"), {"type": "attendance"})
        assert answer is not None
        assert [member["name"] for member in answer["object"]["members"]] == ["ann"]
        assert await ann.saw("update", "presence")


async def test_topic(server: IrcServer) -> None:
    async with connected("ann", server, "#top") as ann, connected("bob", server, "#top") as bob:
        await ann.do("update", ann.room("#top"), {"type": "topic", "content": "all about :) tea"})
        heard = await bob.saw("update", "topic", content="all about :) tea")
        assert heard["actor"]["name"] == "ann"
        assert not [each for each in ann.emitted if each.get("object", {}).get("content") == "all about :) tea"]


async def test_query_topic(server: IrcServer) -> None:
    async with connected("ann", server, "#topq") as ann:
        await ann.do("update", ann.room("#topq"), {"type": "topic", "content": "tea"})
        answer = await ann.do("query", ann.room("#topq"), {"type": "topic"})
        assert answer is not None
        assert answer["object"]["content"] == "tea"


async def test_query_rooms_and_person(server: IrcServer) -> None:
    async with connected("ann", server, "#listed") as ann:
        rooms = await ann.do("query", {"id": server.host, "type": "service"}, {"type": "room-list"})
        assert rooms is not None
        assert "#listed" in [room["name"] for room in rooms["object"]["rooms"]]
        person = await ann.do("query", ann.person("ann"), {"type": "profile"})
        assert person is not None
        assert person["object"]["channels"][0]["name"] == "#listed"


async def test_nick_change(server: IrcServer) -> None:
    async with connected("ann", server, "#nick") as ann, connected("bob", server, "#nick") as bob:
        await ann.do("update", ann.person("anna"), {"type": "address"})
        assert ann.identities[-1] == f"anna@{server.host}"
        assert ann.saves[-1] == {"joins": [{"room": "#nick"}], "nick": "anna"}
        assert not [each for each in ann.emitted if each.get("object", {}).get("type") == "address"]
        assert (await bob.saw("update", "address"))["target"]["name"] == "anna"
        await ann.say(ann.room("#nick"), "still here")
        assert (await bob.saw("send", "message", content="still here"))["actor"]["name"] == "anna"


async def test_leave_with_reason(server: IrcServer) -> None:
    async with connected("ann", server, "#bye") as ann, connected("bob", server, "#bye") as bob:
        await ann.do("leave", ann.room("#bye"), {"type": "message", "content": "tea time"})
        heard = await bob.saw("leave")
        assert heard["target"]["name"] == "#bye"
        assert "tea time" in heard["object"]["content"]
        assert ann.saves[-1]["joins"] == []


async def test_disconnect_quits(server: IrcServer) -> None:
    async with connected("bob", server, "#quit") as bob:
        async with connected("ann", server, "#quit") as ann:
            await ann.platform.disconnect("good night")
            assert not ann.platform.connected
            heard = await bob.saw("leave")
            assert heard["target"]["type"] == "service"
            assert "good night" in heard["object"]["content"]
        assert not [each for each in ann.emitted if each["type"] == "error"]


async def test_away(server: IrcServer) -> None:
    async with connected("ann", server) as ann, connected("bob", server) as bob:
        here = {"id": server.host, "type": "service"}
        await ann.do("update", here, {"type": "presence", "presence": "away", "content": "lunch"})
        await bob.say(bob.person("ann"), "there?")
        assert (await bob.saw("update", "presence", presence="away"))["object"]["content"] == "lunch"


async def test_long_text_is_split_and_nothing_is_lost(server: IrcServer) -> None:
    text = " ".join(f"wörd{n}🐎" for n in range(220))[:2000]
    spaceless = text.replace(" ", "")
    async with connected("ann", server, "#long") as ann, irc_peer("raw", server.host, server.port) as raw:
        await raw.join("#long")
        await ann.say(ann.room("#long"), text)
        await ann.say(ann.room("#long"), "END")
        await raw.line(lambda line: line.endswith(":END"))
        said = [line for line in raw.lines if " PRIVMSG #long :" in line]
        assert all(len(line.encode()) <= 510 for line in said)
        # ngIRCd cuts spaces at the end of a line; nothing else may be missing.
        assert "".join(line.partition(" PRIVMSG #long :")[2] for line in said[:-1]).replace(" ", "") == spaceless
        assert len(said) > 4


async def test_several_lines(server: IrcServer) -> None:
    async with connected("ann", server, "#multi") as ann, connected("bob", server, "#multi") as bob:
        await ann.say(ann.room("#multi"), "one\r\ntwo\n\nthree\rQUIT")
        await bob.saw("send", "message", content="QUIT")
        said = [each["object"]["content"] for each in bob.emitted if each["type"] == "send" and "#multi" in str(each)]
        assert said == ["one", "two", "three", "QUIT"]
        assert ann.platform.connected


async def test_text_that_is_not_utf8_reads_with_replacement(server: IrcServer) -> None:
    async with connected("ann", server, "#latin") as ann, irc_peer("raw", server.host, server.port) as raw:
        await raw.join("#latin")
        raw._writer.write(b"PRIVMSG #latin :caf\xe9\r\n")
        assert (await ann.saw("send", "message"))["object"]["content"] == "caf\ufffd"
