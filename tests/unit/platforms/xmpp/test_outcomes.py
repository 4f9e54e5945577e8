"""Which stanza answers which: never by its position, never on another's word."""

from __future__ import annotations

import pytest

from sockethub.platforms.xmpp.outcomes import awaited, judge
from sockethub_translators import xmpp

ROOM = "owls@muc.example"
ENV = xmpp.Env("me@own.example/home", nick="me", rooms={ROOM: "me"}, inside=frozenset({ROOM}))
X = "<x xmlns='http://jabber.org/protocol/muc#user'>{}</x>"
SELF = X.format("<status code='110'/>")
ERROR = "<error type='cancel'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"

PING = "<iq type='get' id='1' to='bob@x.example/a'><ping xmlns='urn:xmpp:ping'/></iq>"
OWN = "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>"
SAID = f"<message type='groupchat' id='1' to='{ROOM}'><body>hi</body></message>"
TOPIC = f"<message type='groupchat' id='1' to='{ROOM}'><subject>tea</subject></message>"
TOLD = "<message type='chat' id='1' to='bob@x.example'><body>hi</body></message>"
ENTER = f"<presence id='1' to='{ROOM}/me'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
LEAVE = f"<presence type='unavailable' id='1' to='{ROOM}/me'/>"
RENAME = f"<presence id='1' to='{ROOM}/you'/>"

CASES = [
    (PING, "<iq type='result' id='1' from='bob@x.example/a'/>", "done"),
    (PING, f"<iq type='error' id='1' from='bob@x.example/a'>{ERROR}</iq>", "refused"),
    (PING, "<iq type='result' id='1' from='bob@x.example/b'/>", None),
    (PING, "<iq type='result' id='2' from='bob@x.example/a'/>", None),
    (PING, "<iq type='result' id='1'/>", None),
    (PING, "<iq type='get' id='1' from='bob@x.example/a'/>", None),
    (OWN, "<iq type='result' id='1'/>", "done"),
    (OWN, "<iq type='result' id='1' from='me@own.example'/>", "done"),
    (OWN, "<iq type='result' id='1' from='own.example'/>", "done"),
    (OWN, "<iq type='result' id='1' from='mallory@own.example'/>", None),
    (SAID, f"<message type='groupchat' id='1' from='{ROOM}/me'><body>hi</body></message>", "done"),
    (SAID, f"<message type='groupchat' id='1' from='{ROOM}/mallory'><body>hi</body></message>", None),
    (SAID, f"<message type='groupchat' id='2' from='{ROOM}/me'><body>hi</body></message>", None),
    (SAID, f"<message type='error' id='1' from='{ROOM}'>{ERROR}</message>", "refused"),
    (SAID, f"<message type='error' id='1' from='{ROOM}/mallory'>{ERROR}</message>", None),
    (TOPIC, f"<message type='groupchat' id='x' from='{ROOM}/me'><subject>tea</subject></message>", "done"),
    (TOPIC, f"<message type='groupchat' id='x' from='{ROOM}/you'><subject>tea</subject></message>", None),
    (TOLD, f"<message type='error' id='1' from='bob@x.example'>{ERROR}</message>", "refused"),
    (TOLD, f"<message type='error' id='1' from='mallory@x.example'>{ERROR}</message>", None),
    (TOLD, "<message type='chat' id='1' from='bob@x.example'><body>hi</body></message>", None),
    (ENTER, f"<presence from='{ROOM}/me'>{SELF}</presence>", "done"),
    (ENTER, f"<presence from='{ROOM}/me2'>{SELF}</presence>", "done"),
    (ENTER, f"<presence from='{ROOM}/you'>{X.format('')}</presence>", None),
    (ENTER, f"<presence type='error' id='1' from='{ROOM}/me'>{ERROR}</presence>", "refused"),
    (ENTER, f"<presence type='error' from='{ROOM}/me'>{ERROR}</presence>", "refused"),
    (ENTER, f"<presence type='error' id='2' from='{ROOM}/me'>{ERROR}</presence>", None),
    (ENTER, f"<presence type='error' id='1' from='other@muc.example/me'>{ERROR}</presence>", None),
    (LEAVE, f"<presence type='unavailable' from='{ROOM}/me'>{SELF}</presence>", "done"),
    (LEAVE, f"<presence type='unavailable' from='{ROOM}/you'>{X.format('')}</presence>", None),
    (RENAME, f"<presence from='{ROOM}/you'>{SELF}</presence>", "done"),
    (RENAME, f"<presence type='error' id='1' from='{ROOM}/you'>{ERROR}</presence>", "refused"),
]


@pytest.mark.parametrize(("ours", "theirs", "verdict"), CASES)
def test_verdict(ours: str, theirs: str, verdict: str | None) -> None:
    wait = awaited(xmpp.decode(ours), ENV)
    assert judge(wait, xmpp.decode(theirs), ENV) == verdict


@pytest.mark.parametrize("ours", [TOLD, "<presence id='1' type='subscribe' to='bob@x.example'/>", "<presence id='1'/>"])
def test_what_only_the_server_confirms(ours: str) -> None:
    assert awaited(xmpp.decode(ours), ENV).by == "server"


def test_addresses_are_compared_as_servers_write_them() -> None:
    wait = awaited(xmpp.decode(SAID.replace("owls@muc", "OWLS@Muc")), ENV)
    assert wait.to == ROOM
