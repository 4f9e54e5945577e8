"""A client of Sockethub: bots, tests, anything that is no web page (docs/reference/python-client.md).

    async with connect("http://localhost:10550") as client:
        alice = client.actor("irc", "alice")
        await alice.credentials(nick="alice", server="irc.example")
        await alice.connect()
        await alice.room("#room").join()
        await alice.room("#room").send("Hello!")

Needs ``pip install 'sockethub[client]'``; imports nothing of the gateway.
"""

from sockethub.client.actor import Activity, Actor, Entity, Room, Target
from sockethub.client.client import Client, connect, new_id
from sockethub.client.errors import CommandError, NotSentError, OutcomeUnknownError, OverrunError, SockethubError
from sockethub.client.streams import Event, Stream

__all__ = [
    "Activity",
    "Actor",
    "Client",
    "CommandError",
    "Entity",
    "Event",
    "NotSentError",
    "OutcomeUnknownError",
    "OverrunError",
    "Room",
    "SockethubError",
    "Stream",
    "Target",
    "connect",
    "new_id",
]
