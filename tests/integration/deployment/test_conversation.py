"""A real conversation: `sockethub serve`, a real ircd, a client of the plain WebSocket, and a raw peer on the wire."""

from __future__ import annotations

import pytest

from tests.integration.deployment.conversation import credentials, log_in, note, person, room, said, verb
from tests.support.deployment import Deployment
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio


async def test_the_seed_examples_reach_the_wire(house: Deployment, ngircd: IrcServer) -> None:
    async with irc_peer("watcher", ngircd.host, ngircd.port) as peer, ws_client(house.websocket) as client:
        await peer.join("#javascript")
        await log_in(client, "mynick", ngircd)
        joined = {"type": "join", "context": "irc", "actor": person("mynick"), "target": room("#javascript")}
        assert await client.ok("message", joined) == joined
        await peer.line(lambda line: line.startswith(":mynick!") and " JOIN " in line)

        sent = note("mynick", room("#javascript"), "Hello!")
        assert await client.ok("message", sent) == sent
        line = await peer.line(lambda line: " PRIVMSG " in line)
        assert line.endswith(" PRIVMSG #javascript :Hello!")


async def test_what_is_said_arrives_in_the_seed_shape(house: Deployment, ngircd: IrcServer) -> None:
    async with irc_peer("alice", ngircd.host, ngircd.port) as peer, ws_client(house.websocket) as client:
        await log_in(client, "listener", ngircd, "#room")
        await peer.join("#room")
        await peer.send("PRIVMSG #room :hello world")
        activity = await client.message(said("hello world"))
    seen = {key: value for key, value in activity.items() if key != "published" and not key.startswith("irc:")}
    assert seen == {
        "type": "send",
        "context": "irc",
        "actor": {"id": "alice", "type": "person"},
        "target": {"id": "#room", "type": "room"},
        "object": {"type": "note", "content": "hello world"},
    }


async def test_two_clients_talk_in_rooms_and_in_private(house: Deployment, ngircd: IrcServer) -> None:
    async with ws_client(house.websocket) as ann, ws_client(house.websocket) as ben:
        await log_in(ann, "ann", ngircd, "#two")
        await log_in(ben, "ben", ngircd, "#two")
        await ann.ok("message", note("ann", room("#two"), "to the room"))
        assert (await ben.message(said("to the room")))["actor"]["id"] == "ann"
        await ben.ok("message", note("ben", person("ann"), "in private"))
        private = await ann.message(said("in private"))
        assert (private["actor"]["id"], private["target"]["id"]) == ("ben", "ann")
        await ann.ok("message", verb("send", "ann", room("#two"), type="me", content="waves"))
        assert (await ben.message(said("waves")))["object"]["type"] == "me"
        await ann.ok("message", verb("update", "ann", room("#two"), type="topic", content="a topic"))
        topic = await ben.message(lambda a: a.get("object", {}).get("type") == "topic" and a["target"] == room("#two"))
        assert topic["object"]["content"] == "a topic"
        await ann.ok("message", verb("leave", "ann", room("#two")))
        assert (await ben.message(lambda a: a["type"] == "leave"))["actor"]["id"] == "ann"


async def test_a_nick_change_keeps_the_login(house: Deployment, ngircd: IrcServer) -> None:
    async with irc_peer("witness", ngircd.host, ngircd.port) as peer, ws_client(house.websocket) as client:
        await peer.join("#nick")
        await log_in(client, "before", ngircd, "#nick")
        await client.ok("message", verb("update", "before", person("after"), type="address"))
        await client.ok("message", note("after", room("#nick"), "under the new name"))
        await peer.line(lambda line: line.startswith(":after!") and line.endswith(":under the new name"))
        await client.ok("message", note("before", room("#nick"), "under the old name"))
        await peer.line(lambda line: line.startswith(":after!") and line.endswith(":under the old name"))


async def test_attendance_lists_the_members(house: Deployment, ngircd: IrcServer) -> None:
    async with irc_peer("present", ngircd.host, ngircd.port) as peer, ws_client(house.websocket) as client:
        await peer.join("#here")
        await log_in(client, "asking", ngircd, "#here")
        await client.ok("message", verb("query", "asking", room("#here"), type="attendance"))
        presence = await client.message(
            lambda a: a["type"] == "update" and a["object"]["type"] == "presence" and a["actor"]["id"] == "present"
        )
        assert presence["object"]["role"] == "owner"


async def test_a_taken_nick_is_told(house: Deployment, ngircd: IrcServer) -> None:
    async with irc_peer("taken", ngircd.host, ngircd.port), ws_client(house.websocket) as client:
        await client.ok("credentials", credentials("taken", ngircd))
        ack = await client.request("message", verb("connect", "taken"))
        assert "nickname" in ack["error"]
        assert ack["type"] == "connect"
        again = await client.request("message", verb("connect", "taken"))
        assert "nickname" in again["error"]


async def test_sending_without_joining_is_told(house: Deployment, ngircd: IrcServer) -> None:
    async with irc_peer("owner", ngircd.host, ngircd.port) as peer, ws_client(house.websocket) as client:
        await peer.join("#closed")
        await peer.send("MODE #closed +n")
        await log_in(client, "outsider", ngircd)
        ack = await client.request("message", note("outsider", room("#closed"), "let me in"))
        assert "cannot send message to a channel of which you've not first joined" in ack["error"]


async def test_an_unreachable_server_is_told(house: Deployment) -> None:
    nowhere = IrcServer("127.0.0.1", 1, 1, authority=house.directory)
    async with ws_client(house.websocket) as client:
        await client.ok("credentials", credentials("nobody", nowhere))
        ack = await client.request("message", verb("connect", "nobody"))
        assert "refuses connections" in ack["error"]


async def test_a_client_that_returns_finds_its_login_again(house: Deployment, ngircd: IrcServer) -> None:
    async with irc_peer("stayer", ngircd.host, ngircd.port) as peer:
        await peer.join("#linger")
        async with ws_client(house.websocket) as client:
            await log_in(client, "refresh", ngircd, "#linger")
        async with ws_client(house.websocket) as client:
            await client.ok("credentials", credentials("refresh", ngircd))
            await client.ok("message", verb("connect", "refresh"))
            await client.ok("message", note("refresh", room("#linger"), "still joined"))
            await peer.line(lambda line: line.endswith(":still joined"))
        assert sum(line.startswith(":refresh!") and " JOIN " in line for line in peer.lines) == 1


def _as2(type_: str, nick: str, host: str, **members: object) -> dict[str, object]:
    actor = {"type": "Person", "id": f"irc://{nick}@{host}"}
    return {"@context": "https://www.w3.org/ns/activitystreams", "type": type_, "actor": actor, **members}


async def test_activitystreams_2_is_spoken(house: Deployment, ngircd: IrcServer) -> None:
    """Standard words and IRIs in, standard words and IRIs out; the secrets of neither come back."""
    host = ngircd.host
    room_iri = f"irc://{host}/%23fediverse"
    account = {"type": "Credentials", "nick": "fedi", "server": host, "port": ngircd.port, "secure": False}
    async with irc_peer("alice", host, ngircd.port) as peer, ws_client(house.websocket) as client:
        await peer.join("#fediverse")
        refused = await client.request(
            "message", _as2("Credentials", "fedi", host, object={**account, "password": "hush"})
        )
        assert "credentials" in refused["error"]
        assert "hush" not in str(refused)
        await client.ok("credentials", _as2("Credentials", "fedi", host, object=account))
        await client.ok("message", _as2("Connect", "fedi", host))
        await client.ok("message", _as2("Join", "fedi", host, target=room_iri))
        hello = {"type": "Note", "content": "Hello!", "mediaType": "text/plain"}
        await client.ok("message", _as2("Create", "fedi", host, to=[room_iri], object=hello))
        line = await peer.line(lambda line: " PRIVMSG " in line)
        assert line.endswith(" PRIVMSG #fediverse :Hello!")

        await peer.send("PRIVMSG #fediverse :hello fediverse")
        activity = await client.message(
            lambda said: said["type"] == "Create" and said["actor"]["id"] == f"irc://alice@{host}"
        )
        assert activity["@context"][0] == "https://www.w3.org/ns/activitystreams"
        assert activity["actor"] == {"type": "Person", "id": f"irc://alice@{host}", "name": "alice"}
        assert activity["to"] == [room_iri]
        assert activity["object"] == {"type": "Note", "content": "hello fediverse", "mediaType": "text/plain"}
