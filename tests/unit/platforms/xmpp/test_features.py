"""What a server offers, found out and told."""

from __future__ import annotations

from sockethub.platforms.xmpp.features import MAX_ITEMS, Found, described, found_in, items_of
from sockethub_translators import xmpp

ENV = xmpp.Env("me@own.example/home")
INFO = "<iq type='result' id='1' from='{}'><query xmlns='http://jabber.org/protocol/disco#info'>{}</query></iq>"
ITEMS = "<iq type='result' id='1'><query xmlns='http://jabber.org/protocol/disco#items'>{}</query></iq>"
MUC = "<identity category='conference' type='text'/><feature var='http://jabber.org/protocol/muc'/>"
UPLOAD = "<feature var='urn:xmpp:http:upload:0'/>"


def _info(sender: str, inside: str) -> xmpp.Element:
    return xmpp.decode(INFO.format(sender, inside))


def test_a_bare_server_has_what_every_server_has() -> None:
    features = described(Found(), ENV)["object"]["features"]
    assert {"roster", "presence", "typing", "reaction"} <= set(features)
    assert not {"history", "upload", "block", "bookmark"} & set(features)


def test_what_a_server_offers_is_told() -> None:
    found = found_in(Found(), _info("me@own.example", "<feature var='urn:xmpp:mam:2'/>"), own=True)
    found = found_in(found, _info("own.example", "<feature var='urn:xmpp:blocking'/>"), own=True)
    found = found_in(found, _info("muc.own.example", MUC), own=False)
    found = found_in(found, _info("up.own.example", UPLOAD), own=False)
    told = described(found, ENV)
    assert {"history", "block", "upload"} <= set(told["object"]["features"])
    assert told["xmpp:services"] == {"rooms": "muc.own.example", "upload": "up.own.example"}
    assert (told["actor"]["id"], told["target"]["id"]) == ("own.example", "me@own.example")


def test_the_first_service_of_a_kind_is_taken_and_gateways_are_not() -> None:
    irc = "<identity category='conference' type='irc'/><feature var='http://jabber.org/protocol/muc'/>"
    found = found_in(Found(), _info("irc.own.example", irc), own=False)
    found = found_in(found, _info("muc.own.example", MUC), own=False)
    found = found_in(found, _info("muc2.own.example", MUC), own=False)
    assert found.rooms == "muc.own.example"


def test_a_service_says_nothing_of_the_server() -> None:
    found = found_in(Found(), _info("x.own.example", "<feature var='urn:xmpp:mam:2'/>"), own=False)
    assert "history" not in described(found, ENV)["object"]["features"]


def test_services_are_bounded_and_rooms_are_none() -> None:
    listed = "<item jid='room@x.example'/>" + "".join(f"<item jid='s{n}.example'/>" for n in range(MAX_ITEMS + 9))
    assert items_of(xmpp.decode(ITEMS.format(listed))) == [f"s{n}.example" for n in range(MAX_ITEMS)]
