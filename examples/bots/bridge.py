"""Joins an IRC channel and an XMPP room: what is said in one is said in the other. The code knows neither protocol.

    XMPP_PASSWORD=… python examples/bots/bridge.py --server irc.libera.chat --channel '#sockethub-test' \\
        --address bridge@xmpp.example --room owls@conference.xmpp.example
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, field
from typing import Any

import anyio

from sockethub.client import Activity, Client, Room, SockethubError, Stream, connect

FORWARDED = ("note", "me")


@dataclass(frozen=True)
class Side:
    """Whom the bridge is on a platform, and where."""

    platform: str
    actor: dict[str, Any]
    credentials: dict[str, Any] = field(repr=False)
    room: str


def forwarded(side: Side, activity: dict[str, Any]) -> dict[str, Any] | None:
    """What to say in the other room, if anything; what the bridge itself has said comes back from some rooms."""
    if activity["type"] != "send" or activity["context"] != side.platform or activity["target"]["id"] != side.room:
        return None
    said, name = activity["object"], activity["actor"].get("name") or activity["actor"]["id"]
    if name == side.actor["name"] or said.get("type") not in FORWARDED or not said.get("content"):
        return None
    return {"type": "note", "content": f"<{name}> {said['content']}"}


async def enter(client: Client, side: Side) -> Room:
    actor = client.actor(side.platform, side.actor)
    await actor.credentials(**side.credentials)
    await actor.connect()
    room = actor.room({"id": side.room, "type": "room"})
    await room.join()
    return room


async def forward(heard: Stream[Activity], here: Side, there: Room) -> None:
    async for activity in heard:
        said = forwarded(here, activity)
        if said is None:
            continue
        try:
            await there.send(said)
        except SockethubError as error:  # one room does not let us speak; the other goes on
            print(f"not said in {there.target['id']}: {error}", flush=True)


async def run(gateway: str, one: Side, other: Side) -> None:
    async with connect(gateway) as client:
        rooms = [await enter(client, side) for side in (one, other)]
        async with anyio.create_task_group() as tasks:
            for here, there in ((one, rooms[1]), (other, rooms[0])):
                tasks.start_soon(forward, client.messages(), here, there)
            print("ready", flush=True)


def sides(options: argparse.Namespace) -> tuple[Side, Side]:
    irc = {"nick": options.nick, "server": options.server, "port": options.port, "secure": not options.plain}
    xmpp = {"userAddress": options.address, "password": os.environ["XMPP_PASSWORD"], "resource": "bridge"}
    if options.xmpp_server:
        xmpp |= {"server": options.xmpp_server, "port": options.xmpp_port}
    name = options.address.partition("@")[0]
    return (
        Side("irc", {"id": options.nick, "type": "person", "name": options.nick}, irc, options.channel),
        Side("xmpp", {"id": options.address, "type": "person", "name": name}, xmpp, options.room),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gateway", default="http://localhost:10550")
    parser.add_argument("--server", required=True, help="of IRC")
    parser.add_argument("--port", type=int, default=6697)
    parser.add_argument("--plain", action="store_true", help="IRC without TLS")
    parser.add_argument("--channel", required=True)
    parser.add_argument("--nick", default="bridge")
    parser.add_argument("--address", required=True, help="of XMPP; the password is in XMPP_PASSWORD")
    parser.add_argument("--xmpp-server", help="where it is not what the address says")
    parser.add_argument("--xmpp-port", type=int, default=5222)
    parser.add_argument("--room", required=True, help="of XMPP")
    options = parser.parse_args()
    anyio.run(run, options.gateway, *sides(options))


if __name__ == "__main__":
    main()
