"""A page need not know which protocol it speaks: the same activities, on IRC and on XMPP, through the whole gateway."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.deployment import Deployment, deployment
from tests.support.ircd import IrcServer
from tests.support.prosody import XmppServer
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, prosody: XmppServer) -> Iterator[Deployment]:
    trust = {"platforms": {"xmpp": {"options": {"tls_ca_file": str(prosody.authority)}}}}
    with deployment(tmp_path_factory.mktemp("both"), trust) as running:
        yield running


@dataclass(frozen=True)
class Network:
    """What a page is configured with: nothing below knows more of the protocol."""

    context: str
    accounts: tuple[dict[str, Any], dict[str, Any]]
    names: tuple[str, str]
    room: str


@pytest.fixture(params=["irc", "xmpp"])
def network(request: pytest.FixtureRequest, inspircd: IrcServer, prosody: XmppServer) -> Network:
    name = f"owls{secrets.token_hex(3)}"
    if request.param == "irc":
        where = {"server": inspircd.host, "port": inspircd.port, "secure": False}
        nicks = (f"ann{secrets.token_hex(2)}", f"ben{secrets.token_hex(2)}")
        one, other = ({"nick": nick, **where} for nick in nicks)
        return Network("irc", (one, other), nicks, f"#{name}")
    where = {"server": prosody.host, "port": prosody.port}
    users = ("alice", "bob")
    one, other = (
        {"userAddress": f"{user}@{prosody.domain}", "password": prosody.password(user), **where} for user in users
    )
    return Network("xmpp", (one, other), users, f"{name}@{prosody.rooms}")


class Page:
    """A page that is logged in and in the room."""

    def __init__(self, client: WsClient, network: Network, index: int) -> None:
        self._client, self._network = client, network
        self._account = network.accounts[index]
        name = network.names[index]
        self.me = {"id": self._account.get("userAddress", name), "type": "person", "name": name}
        self.room = {"id": network.room, "type": "room"}

    def _activity(self, kind: str, obj: dict[str, Any] | None = None, *, here: bool = True) -> dict[str, Any]:
        activity: dict[str, Any] = {"type": kind, "context": self._network.context, "actor": self.me}
        if here:
            activity["target"] = self.room
        return activity if obj is None else {**activity, "object": obj}

    async def do(self, kind: str, obj: dict[str, Any] | None = None, *, here: bool = True) -> Any:
        return await self._client.ok("message", self._activity(kind, obj, here=here))

    async def refused(self, kind: str, obj: dict[str, Any]) -> str:
        error = (await self._client.request("message", self._activity(kind, obj)))["error"]
        assert isinstance(error, str)
        return error

    async def hears(self, kind: str, type_: str | None = None, **members: Any) -> dict[str, Any]:
        def fits(activity: dict[str, Any]) -> bool:
            obj = activity.get("object", {})
            right = activity["type"] == kind and type_ in (None, obj.get("type"))
            return right and all(obj.get(key) == value for key, value in members.items())

        return await self._client.message(fits)

    async def hears_reaction(self) -> dict[str, Any]:
        return await self._client.message(lambda activity: activity.get("object", {}).get("type") == "reaction")

    async def enter(self) -> set[str]:
        """Log in and join; what the login can do."""
        await self._client.ok("credentials", self._activity("credentials", {"type": "credentials", **self._account}))
        await self.do("connect", here=False)
        told = await self.hears("update", "capabilities")
        await self.do("join")
        return set(told["object"]["features"])


async def test_the_same_activities_work_on_both(both: Deployment, network: Network) -> None:
    async with ws_client(both.websocket) as first, ws_client(both.websocket) as second:
        ann, ben = Page(first, network, 0), Page(second, network, 1)
        features = await ann.enter()
        await ben.enter()
        assert {"attendance", "reaction", "reply", "topic", "typing"} <= features

        await ann.do("send", {"type": "message", "content": "who is here?"})
        heard = await ben.hears("send", content="who is here?")
        assert (heard["actor"]["type"], heard["target"]["type"]) == ("person", "room")
        about = {"type": "message", "id": heard["object"]["id"]}

        await ben.do("update", {"type": "typing", "state": "active"})
        await ann.hears("update", "typing", state="active")
        await ben.do("send", {"type": "message", "content": "me", "inReplyTo": about})
        assert (await ann.hears("send", content="me"))["object"]["inReplyTo"]["id"] == about["id"]
        await ben.do("add", {"type": "reaction", "content": "+1", "inReplyTo": about})
        # One is added, or all of a person's are given: either way it is a reaction to that message.
        reaction = await ann.hears_reaction()
        assert reaction["object"]["inReplyTo"]["id"] == about["id"]

        people = await ann.do("query", {"type": "attendance"})
        listed = {member.get("name", member["id"]) for member in people["object"]["members"]}
        assert listed == set(network.names)
        await ann.do("update", {"type": "topic", "content": "owls"})
        assert (await ben.hears("update", "topic", content="owls"))["target"]["id"].startswith(network.room)
        await ben.do("update", {"type": "presence", "presence": "away", "content": "tea"}, here=False)

        what = {
            "edit": ("update", {"type": "message", "id": about["id"], "content": "who is there?"}),
            "delete": ("delete", {"type": "message", "id": about["id"]}),
            "history": ("query", {"type": "history", "limit": 5}),
        }
        for feature, (kind, obj) in what.items():
            if feature in features:
                await ann.do(kind, obj)
            else:
                assert "server" in await ann.refused(kind, obj) or feature == "edit"
        await ben.do("leave")
        await ann.hears("leave")
