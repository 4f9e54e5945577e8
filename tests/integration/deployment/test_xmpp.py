"""XMPP through the whole gateway: `sockethub serve`, a real Prosody, clients of the plain WebSocket."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.deployment.conversation import log_in, said
from tests.integration.deployment.conversation import note as irc_note
from tests.integration.deployment.conversation import room as irc_room
from tests.support.deployment import Deployment, deployment
from tests.support.ircd import IrcServer
from tests.support.prosody import XmppServer
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory, prosody: XmppServer) -> Iterator[Deployment]:
    """A deployment that trusts the tests' authority."""
    trust = {"platforms": {"xmpp": {"options": {"tls_ca_file": str(prosody.authority)}}}}
    with deployment(tmp_path_factory.mktemp("xmpp"), trust) as running:
        yield running


V5 = [
    "https://www.w3.org/ns/activitystreams",
    "https://sockethub.org/ns/context/v1.jsonld",
    "https://sockethub.org/ns/context/platform/xmpp/v1.jsonld",
]
SEED = {"context": "xmpp"}
TODAY = {"@context": V5}


def _credentials(user: str, prosody: XmppServer, dialect: dict[str, Any], **more: Any) -> dict[str, Any]:
    address = f"{user}@{prosody.domain}"
    account = {"type": "credentials", "userAddress": address, "password": prosody.password(user), "resource": "web"}
    where = {"server": f"xmpp://{prosody.host}", "port": prosody.port}
    return {
        "type": "credentials",
        **dialect,
        "actor": {"id": f"{address}/web", "type": "person", "name": user},
        "object": {**account, **where, **more},
    }


def _verb(kind: str, user: str, dialect: dict[str, Any], target: dict[str, Any] | None = None, **obj: Any) -> Any:
    activity = {"type": kind, **dialect, "actor": {"id": f"{user}@localhost/web", "type": "person", "name": user}}
    if target is not None:
        activity["target"] = target
    if obj:
        activity["object"] = obj
    return activity


async def _log_in(client: WsClient, user: str, server: XmppServer, dialect: dict[str, Any], *rooms: str) -> None:
    await client.ok("credentials", _credentials(user, server, dialect))
    await client.ok("message", _verb("connect", user, dialect))
    for jid in rooms:
        await client.ok("message", _verb("join", user, dialect, {"id": jid, "type": "room", "name": "owls"}))


def _place(server: XmppServer) -> str:
    return f"room-{secrets.token_hex(4)}@{server.rooms}"


@pytest.mark.parametrize("dialect", [SEED, TODAY], ids=["seed", "today's clients"])
async def test_two_people_talk(bridge: Deployment, prosody: XmppServer, dialect: dict[str, Any]) -> None:
    place = _place(prosody)
    room = {"id": place, "type": "room"}
    async with ws_client(bridge.websocket) as ann, ws_client(bridge.websocket) as ben:
        await _log_in(ann, "alice", prosody, dialect, place)
        await _log_in(ben, "bob", prosody, dialect, place)
        hello = _verb("send", "alice", dialect, room, type="message", content="hello owls")
        assert await ann.ok("message", hello) == hello
        heard = await ben.message(said("hello owls"))
        assert (heard["actor"]["id"], heard["actor"]["name"]) == (f"{place}/alice", "alice")
        assert heard["target"]["id"] == place
        await ann.message(said("hello owls"))
        bob = {"id": "bob@localhost", "type": "person"}
        await ann.ok("message", _verb("send", "alice", dialect, bob, type="message", content="in private"))
        private = await ben.message(said("in private"))
        assert private["actor"]["id"].partition("/")[0] == "alice@localhost"
        people = await ann.ok("message", _verb("query", "alice", dialect, room, type="attendance"))
        assert {each["name"] for each in people["object"]["members"]} == {"alice", "bob"}
        topic = _verb("update", "alice", dialect, room, type="topic", content="owls")
        await ann.ok("message", topic)
        changed = await ben.message(lambda a: a.get("object", {}).get("content") == "owls")
        assert changed["object"]["type"] == "topic"
        await ann.ok("message", _verb("leave", "alice", dialect, room))
        left = await ben.message(lambda a: a["type"] == "leave")
        assert left["actor"]["id"] == f"{place}/alice"


async def test_a_wrong_password_is_told_and_the_right_one_works(bridge: Deployment, prosody: XmppServer) -> None:
    async with ws_client(bridge.websocket) as client:
        await client.ok("credentials", _credentials("carol", prosody, SEED, password="wrong"))
        ack = await client.request("message", _verb("connect", "carol", SEED))
        assert ack["error"].startswith("connection failed: authentication failed")
        assert "wrong" not in ack["error"].replace("authentication failed", "")
        await _log_in(client, "carol", prosody, SEED)


async def test_what_the_login_can_do_is_told(bridge: Deployment, prosody: XmppServer) -> None:
    async with ws_client(bridge.websocket) as client:
        await _log_in(client, "dave", prosody, SEED)
        told = await client.message(lambda a: a.get("object", {}).get("type") == "capabilities")
        assert {"history", "reaction", "roster", "upload"} <= set(told["object"]["features"])
        assert told["xmpp:services"]["rooms"] == prosody.rooms


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"userAddress": "nodomain"}, "user@server"),
        ({"port": 70_000}, "port"),
        ({"server": "http://localhost"}, "xmpp://host:port"),
        ({"token": "and a password"}, "password"),
        ({"nick": "irc"}, "nick"),
    ],
    ids=["address", "port", "server", "both", "unknown"],
)
async def test_bad_credentials_name_what_is_wrong(
    bridge: Deployment, prosody: XmppServer, change: dict[str, Any], told: str
) -> None:
    async with ws_client(bridge.websocket) as client:
        ack = await client.request("credentials", _credentials("erin", prosody, SEED, **change))
        assert told in ack["error"]
        assert prosody.password("erin") not in str(ack)


async def test_irc_and_xmpp_side_by_side(bridge: Deployment, prosody: XmppServer, ngircd: IrcServer) -> None:
    """One client, one connection, two protocols, the same verbs."""
    place = _place(prosody)
    async with ws_client(bridge.websocket) as one, ws_client(bridge.websocket) as other:
        await log_in(one, "sideann", ngircd, "#side-by-side")
        await log_in(other, "sideben", ngircd, "#side-by-side")
        await _log_in(one, "alice", prosody, SEED, place)
        await _log_in(other, "bob", prosody, SEED, place)
        await one.ok("message", irc_note("sideann", irc_room("#side-by-side"), "over irc"))
        over_xmpp = _verb("send", "alice", SEED, {"id": place, "type": "room"}, type="note", content="over xmpp")
        await one.ok("message", over_xmpp)
        for content, context in (("over irc", "irc"), ("over xmpp", "xmpp")):
            heard = await other.message(said(content))
            assert (heard["context"], heard["object"]["type"]) == (context, "note")
