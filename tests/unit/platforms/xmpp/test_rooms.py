"""Where we are, as the rooms say it."""

from __future__ import annotations

from sockethub.platforms.xmpp.rooms import Room, entering, follow, restored, saved
from sockethub_translators import xmpp

ROOM = "owls@muc.example"
ENV = xmpp.Env("me@own.example/home", nick="me")
SELF = "<x xmlns='http://jabber.org/protocol/muc#user'>{}<status code='110'/></x>"


def _presence(nick: str, inside: str = "", *, kind: str | None = None, own: bool = True) -> xmpp.Element:
    type_ = f" type='{kind}'" if kind else ""
    x = SELF.format(inside) if own else "<x xmlns='http://jabber.org/protocol/muc#user'/>"
    return xmpp.decode(f"<presence from='{ROOM}/{nick}'{type_}>{x}</presence>")


def test_we_are_inside_when_our_own_presence_has_come() -> None:
    env = entering(ENV, ROOM, "me")
    assert (env.rooms, env.inside) == ({ROOM: "me"}, frozenset())
    env = follow(env, _presence("you", own=False))
    assert env.inside == frozenset()
    env = follow(env, _presence("me-by-the-room"))
    assert (env.rooms, env.inside) == ({ROOM: "me-by-the-room"}, {ROOM})


def test_another_nickname_is_no_leaving() -> None:
    env = follow(entering(ENV, ROOM, "me"), _presence("me"))
    changed = "<item nick='new'/><status code='303'/>"
    env = follow(env, _presence("me", changed, kind="unavailable"))
    assert (env.rooms, env.inside) == ({ROOM: "new"}, {ROOM})


def test_thrown_out_and_gone_are_outside() -> None:
    env = follow(entering(ENV, ROOM, "me"), _presence("me"))
    env = follow(env, _presence("me", "<status code='307'/>", kind="unavailable"))
    assert (env.rooms, env.inside) == ({}, frozenset())


def test_a_refused_entry_is_outside_and_a_refused_change_is_not() -> None:
    entered = entering(ENV, ROOM, "me")
    assert follow(entered, _presence("me", kind="error", own=False)).rooms == {}
    inside = follow(entered, _presence("me"))
    assert follow(inside, _presence("new", kind="error", own=False)) == inside


def test_presences_of_rooms_we_never_entered_change_nothing() -> None:
    assert follow(ENV, _presence("me")) == ENV


def test_whether_a_room_is_moderated() -> None:
    env = follow(entering(ENV, ROOM, "me"), _presence("me"))
    info = "<iq type='result' id='1' from='{}'><query xmlns='http://jabber.org/protocol/disco#info'>{}</query></iq>"
    env = follow(env, xmpp.decode(info.format(ROOM, "<feature var='muc_moderated'/>")))
    assert env.moderated == {ROOM}
    assert follow(env, xmpp.decode(info.format(ROOM, ""))).moderated == frozenset()


def test_rooms_are_saved_and_restored_and_show_no_password() -> None:
    rooms = {ROOM: Room(ROOM, "me", "hush"), "b@muc.example": Room("b@muc.example", "me")}
    assert restored({"joins": saved(rooms)}) == rooms
    assert "hush" not in repr(rooms)
