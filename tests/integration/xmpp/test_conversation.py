"""What people do with one another over XMPP, through two logins on a real Prosody."""

from __future__ import annotations

import secrets
import urllib.request
from typing import Any

import anyio
import pytest
from anyio import to_thread

from sockethub.errors import PlatformError
from tests.integration.xmpp.driver import connected, driver, fresh_room, person, room
from tests.support.prosody import XmppServer

pytestmark = pytest.mark.anyio


async def test_what_is_said_in_a_room_reaches_all_and_comes_back(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody, place) as bob:
        await alice.say(room(place), "hello \N{WAVING HAND SIGN} <&>\n  two lines", id="m1")
        for it in (alice, bob):
            heard = await it.saw("send", "message", id="m1")
            assert heard["actor"] == {"id": f"{place}/alice", "type": "person", "name": "alice"}
            assert heard["target"] == room(place)
            assert heard["object"]["content"] == "hello \N{WAVING HAND SIGN} <&>\n  two lines"
            assert heard["published"].endswith("Z")


async def test_a_message_to_a_person(prosody: XmppServer) -> None:
    async with connected("alice", prosody) as alice, connected("bob", prosody) as bob:
        await alice.say(person(bob.jid), "psst", id="p1")
        heard = await bob.saw("send", "message", id="p1")
        assert (heard["actor"]["id"], heard["target"]["id"]) == (alice.jid, bob.jid)


async def test_a_message_to_nobody_is_refused(prosody: XmppServer) -> None:
    async with connected("alice", prosody) as alice:
        with pytest.raises(PlatformError) as caught:
            await alice.say(person(f"nobody-at-all@{prosody.domain}"), "hello?")
        assert caught.value.condition == "service-unavailable"


async def test_me_is_an_action(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody, place) as bob:
        await alice.do("send", room(place), {"type": "me", "content": "waves"})
        assert (await bob.saw("send", "me"))["object"]["content"] == "waves"


async def test_a_private_message_in_a_room(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody, place) as bob:
        await alice.do("send", person(f"{place}/bob"), {"type": "message", "content": "aside"}, **{"xmpp:muc-pm": True})
        heard = await bob.saw("send", "message", content="aside")
        assert heard["actor"]["id"] == f"{place}/alice"


async def test_entering_tells_who_is_there_and_leaving_tells_the_others(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody) as bob:
        await bob.join(place)
        joined = await bob.saw("join")
        assert joined["actor"]["id"] == f"{place}/bob"
        assert (joined["xmpp:affiliation"], joined["xmpp:role"]) == ("none", "participant")
        everybody = await bob.saw("query", "attendance")
        assert {each["name"] for each in everybody["object"]["members"]} == {"alice", "bob"}
        await alice.until(lambda: any(each["actor"].get("name") == "bob" for each in alice.emitted))
        await bob.do("leave", room(place), {"type": "message", "content": "bye"})
        left = await alice.saw("leave", "message", content="bye")
        assert left["actor"]["id"] == f"{place}/bob"


async def test_attendance_is_who_is_there_now(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody, place) as bob:
        await bob.do("update", person(f"{place}/robert"), {"type": "address"})
        await alice.saw("update", "address")
        await alice.until(lambda: any(each["actor"].get("name") == "robert" for each in alice.emitted))
        answer = await alice.do("query", room(place), {"type": "attendance"}, id="q1")
        assert answer is not None
        assert answer["id"] == "q1"
        assert {each["name"]: each["role"] for each in answer["object"]["members"]} == {
            "alice": "owner",
            "robert": "member",
        }


async def test_a_nickname_of_ones_own_choice(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody) as alice:
        await alice.do(
            "join",
            room(place),
            actor={"id": alice.jid, "type": "person", "name": "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS} B"},
        )
        assert (await alice.saw("join"))["actor"]["id"] == f"{place}/Zo\N{LATIN SMALL LETTER E WITH DIAERESIS} B"


async def test_the_topic(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody, place) as bob:
        await alice.do("update", room(place), {"type": "topic", "content": "owls & more"})
        assert (await bob.saw("update", "topic", content="owls & more"))["target"] == room(place)


async def test_history_of_a_room_in_pages(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice:
        for number in range(5):
            await alice.say(room(place), f"number {number}")
        last = await alice.do("query", room(place), {"type": "history", "limit": 2}, id="page")
        assert last is not None
        assert (last["type"], last["id"], last["xmpp:complete"]) == ("collection", "page", False)
        assert [each["object"]["content"] for each in last["items"]] == ["number 3", "number 4"]
        point = {"type": "message", "id": last["xmpp:first"]}
        before = await alice.do("query", room(place), {"type": "history", "limit": 10, "before": point})
        assert before is not None
        said = [each["object"]["content"] for each in before["items"] if each["type"] == "send"]
        assert (said, before["xmpp:complete"]) == (["number 0", "number 1", "number 2"], True)


async def test_how_much_of_the_past_one_is_told_on_entering(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody) as bob:
        for number in range(4):
            await alice.say(room(place), f"number {number}")
        await bob.do("join", room(place), {"type": "history", "limit": 2})
        await alice.say(room(place), "the present")
        await bob.saw("send", "message", content="the present")
        heard = [each["object"]["content"] for each in bob.emitted if each["type"] == "send"]
        assert heard == ["number 2", "number 3", "the present"]


async def test_leaving_forgets_no_room(prosody: XmppServer) -> None:
    """The process is replaced, in an upgrade say: the next one enters the rooms again. The server says that we left."""
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice:
        await alice.platform.disconnect("an upgrade")
        await anyio.wait_all_tasks_blocked()
        assert [each["room"] for each in alice.saves[-1]["joins"]] == [place]


async def test_entering_again_tells_nothing_twice(prosody: XmppServer) -> None:
    """A second page enters the room that the first is in: a room then tells its history once more."""
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody, place) as bob:
        await alice.say(room(place), "once")
        await bob.saw("send", "message", content="once")
        await bob.join(place)
        await alice.say(room(place), "the present")
        await bob.saw("send", "message", content="the present")
        assert [each["object"]["content"] for each in bob.emitted if each["type"] == "send"] == ["once", "the present"]
        await bob.do("join", room(place), {"type": "history", "limit": 1})
        await bob.until(lambda: [each["type"] for each in bob.emitted].count("send") == 3)  # who asks for it gets it


async def test_history_with_a_person(prosody: XmppServer) -> None:
    word = secrets.token_hex(4)
    async with connected("alice", prosody) as alice, connected("bob", prosody) as bob:
        await alice.say(person(bob.jid), word)
        await bob.saw("send", "message", content=word)
        page = await bob.do("query", person(alice.jid), {"type": "history", "limit": 5})
        assert page is not None
        assert page["items"][-1]["object"]["content"] == word


async def test_reply_reaction_correction_and_retraction(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody, place) as bob:
        await alice.say(room(place), "first", id="one")
        await bob.saw("send", "message", id="one")
        about = {"type": "message", "id": "one"}
        await bob.say(room(place), "indeed", inReplyTo=about)
        assert (await alice.saw("send", "message", content="indeed"))["object"]["inReplyTo"]["id"] == "one"
        reaction = {"type": "reaction", "inReplyTo": about, "reactions": ["\N{OWL}"]}
        await bob.do("update", room(place), reaction)
        assert (await alice.saw("update", "reaction"))["object"]["inReplyTo"]["id"] == "one"
        await alice.do("update", room(place), {"type": "message", "id": "one", "content": "first, corrected"})
        corrected = await bob.saw("send", "message", content="first, corrected")
        assert corrected["object"]["xmpp:replace"]["id"] == "one"
        await alice.do("delete", room(place), {"type": "message", "id": "one"})
        assert (await bob.saw("delete", "message"))["object"]["id"] == "one"


async def test_typing_receipts_and_markers(prosody: XmppServer) -> None:
    about = {"type": "message", "id": "r1"}
    async with connected("alice", prosody) as alice, connected("bob", prosody) as bob:
        await alice.do("update", person(bob.jid), {"type": "typing", "state": "active"})
        await bob.saw("update", "typing", state="active")
        await bob.do("update", person(alice.jid), {"type": "receipt", "inReplyTo": about})
        assert (await alice.saw("update", "receipt"))["object"]["inReplyTo"] == about
        await bob.do("update", person(alice.jid), {"type": "marker", "inReplyTo": about})
        assert (await alice.saw("update", "marker"))["object"]["inReplyTo"] == about


async def test_friends(prosody: XmppServer) -> None:
    """Request, accept, presence, remove: each told to the other, and nothing happens by itself."""
    async with connected("carol", prosody) as carol, connected("dave", prosody) as dave:
        await carol.do("request-friend", person(dave.jid))
        assert (await dave.saw("request-friend"))["actor"]["id"] == carol.jid
        assert not [each for each in carol.emitted if "friend" in each["type"]]
        await dave.do("make-friend", person(carol.jid))
        assert (await carol.saw("make-friend"))["actor"]["id"] == dave.jid
        await dave.do("update", None, {"type": "presence", "presence": "dnd", "content": "busy"})
        heard = await carol.saw("update", "presence", presence="dnd")
        assert (heard["actor"]["id"], heard["object"]["content"]) == (dave.jid, "busy")
        roster = await carol.do("query", None, {"type": "roster"})
        assert roster is not None
        assert {each["id"]: each["subscription"] for each in roster["object"]["members"]} == {dave.jid: "to"}
        await carol.do("remove-friend", person(dave.jid))
        assert (await dave.saw("remove-friend"))["actor"]["id"] == carol.jid
        contact = {"type": "relationship", "relationship": "contact"}
        for one, other in ((carol, dave), (dave, carol)):
            await one.do("remove", person(other.jid), contact)
        assert (await carol.saw("remove", "relationship"))["target"]["id"] == dave.jid


async def test_a_request_may_be_refused(prosody: XmppServer) -> None:
    async with connected("carol", prosody) as carol, connected("erin", prosody) as erin:
        await carol.do("request-friend", person(erin.jid))
        await erin.saw("request-friend")
        await erin.do("remove-friend", person(carol.jid), **{"xmpp:type": "unsubscribed"})
        refused = await carol.saw("remove-friend")
        assert (refused["actor"]["id"], refused["xmpp:type"]) == (erin.jid, "unsubscribed")
        contact = {"type": "relationship", "relationship": "contact"}
        await carol.do("remove", person(erin.jid), contact)


async def test_blocking(prosody: XmppServer) -> None:
    async with connected("alice", prosody) as alice, connected("bob", prosody) as bob:
        await alice.do("block", person(bob.jid))
        blocked = await alice.do("query", None, {"type": "blocklist"})
        assert blocked is not None
        assert [each["id"] for each in blocked["object"]["members"]] == [bob.jid]
        with pytest.raises(PlatformError):
            await bob.say(person(alice.jid), "can you hear me?")
        await alice.do("undo", person(bob.jid), {"type": "blocklist"})
        await bob.say(person(alice.jid), "and now?")
        await alice.saw("send", "message", content="and now?")


async def test_bookmarks(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("erin", prosody) as erin:
        await erin.do("add", room(place), {"type": "bookmark", "name": "Owls", "autojoin": True, "nick": "Hoot"})
        assert (await erin.saw("add", "bookmark"))["target"]["id"] == place
        kept = await erin.do("query", None, {"type": "bookmark"})
        assert kept is not None
        (entry,) = [each for each in kept["object"]["rooms"] if each["id"] == place]
        assert (entry["name"], entry["autojoin"], entry["nick"]) == ("Owls", True, "Hoot")
        await erin.do("remove", room(place), {"type": "bookmark"})


async def test_invitations(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody) as bob:
        await alice.do("invite", room(place), person(bob.jid))
        mediated = await bob.saw("invite")
        assert mediated["target"]["id"] == place
        bob.emitted.clear()
        await alice.do("invite", room(place), person(bob.jid), **{"xmpp:direct": True, "xmpp:reason": "owls"})
        direct = await bob.saw("invite")
        assert (direct["target"]["id"], direct["xmpp:reason"], direct["xmpp:direct"]) == (place, "owls", True)


async def test_roles_kick_and_ban(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody, place) as bob:
        moderator = {"type": "relationship", "relationship": "role", "subject": _role("admin"), "object": room(place)}
        await alice.do("add", person(f"{place}/bob"), moderator)
        await bob.saw("update", "presence", role="admin")
        kick: dict[str, Any] = {"actor": person(f"{place}/bob"), "xmpp:by": person(f"{place}/alice")}
        await alice.do("leave", room(place), {"type": "message", "content": "out"}, **kick)
        thrown = await bob.saw("leave", "message", content="out")
        assert thrown["actor"]["id"] == f"{place}/bob"
        assert 307 in thrown["xmpp:status"]
        await bob.until(lambda: bool(bob.saves) and bob.saves[-1]["joins"] == [])
        outcast = {"type": "presence", "affiliation": "outcast"}
        ban = {"type": "relationship", "relationship": "affiliation", "subject": outcast, "object": room(place)}
        await alice.do("add", person(bob.jid), ban)
        with pytest.raises(PlatformError) as caught:
            await bob.join(place)
        assert caught.value.condition == "banned-from-channel"


def _role(name: str) -> dict[str, Any]:
    return {"type": "presence", "role": name}


async def test_configuring_a_room(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody) as bob:
        form = await alice.do("query", room(place), {"type": "form"})
        assert form is not None
        assert any(each.get("var") == "muc#roomconfig_roomsecret" for each in form["object"]["form"]["fields"])
        fields = [
            {"var": "FORM_TYPE", "type": "hidden", "values": ["http://jabber.org/protocol/muc#roomconfig"]},
            {"var": "muc#roomconfig_passwordprotectedroom", "values": ["1"]},
            {"var": "muc#roomconfig_roomsecret", "values": ["owl"]},
            {"var": "muc#roomconfig_moderatedroom", "values": ["1"]},
        ]
        await alice.do("update", room(place), {"type": "form", "form": {"type": "submit", "fields": fields}})
        with pytest.raises(PlatformError) as caught:
            await bob.join(place)
        assert caught.value.condition == "wrong-channel-key"
        await bob.join(place, **{"xmpp:password": "owl"})
        info = await bob.do("query", room(place), {"type": "room-info"})
        assert info is not None
        assert {"muc_passwordprotected", "muc_moderated"} <= set(info["object"]["features"])
        assert bob.saves[-1]["joins"] == [{"room": place, "nick": "bob", "password": "owl"}]


async def test_a_room_that_is_ended(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, connected("bob", prosody, place) as bob:
        await alice.do("delete", room(place), {"type": "room", "content": "moved"})
        ended = await bob.saw("leave", "message", content="moved")
        assert ended["xmpp:destroyed"] is True


async def test_rooms_of_the_server(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice:
        told = await alice.saw("update", "capabilities")
        assert told["xmpp:services"] == {"rooms": prosody.rooms, "upload": f"upload.{prosody.domain}"}
        listed = await alice.do("query", None, {"type": "room-list"})
        assert listed is not None
        assert place in [each["id"] for each in listed["object"]["rooms"]]


async def test_an_upload_slot_takes_a_file(prosody: XmppServer) -> None:
    async with connected("alice", prosody) as alice:
        await alice.saw("update", "capabilities")
        file = {"type": "upload-slot", "name": "owl.txt", "size": 4, "mediaType": "text/plain"}
        slot = await alice.do("query", None, file)
        assert slot is not None
        about = slot["object"]
        headers = {**about.get("headers", {}), "Content-Type": "text/plain"}
        put = urllib.request.Request(about["put"], data=b"hoot", method="PUT", headers=headers)
        assert (await to_thread.run_sync(_fetch, put))[0] == 201
        assert await to_thread.run_sync(_fetch, urllib.request.Request(about["url"])) == (200, b"hoot")


def _fetch(request: urllib.request.Request) -> tuple[int, bytes]:
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.status, answer.read()


async def test_profiles(prosody: XmppServer) -> None:
    async with connected("alice", prosody) as alice, connected("bob", prosody) as bob:
        await alice.do("update", None, {"type": "profile", "name": "Alice Owl", "nickname": "hoots"})
        seen = await bob.do("query", person(alice.jid), {"type": "profile"})
        assert seen is not None
        assert (seen["object"]["name"], seen["object"]["nickname"]) == ("Alice Owl", "hoots")


async def test_programs_ask_and_are_answered(prosody: XmppServer) -> None:
    async with connected("alice", prosody) as alice, connected("bob", prosody, software="Owlery") as bob:
        await alice.say(person(bob.jid), "where are you?")
        heard = await bob.saw("send", "message", content="where are you?")
        resource = heard["actor"]["xmpp:resource"]
        back = person(f"{alice.jid}/{resource}")
        assert (await bob.do("query", back, {"type": "ping"})) is None
        version = await bob.do("query", back, {"type": "version"})
        assert version is not None
        assert version["object"]["name"] == "Sockethub"
        moment = await bob.do("query", back, {"type": "time"})
        assert moment is not None
        assert moment["object"]["tzo"] == "+00:00"
        about = await bob.do("query", back, {"type": "room-info"})
        assert about is not None
        assert "urn:xmpp:reactions:0" in about["object"]["features"]
        server = await alice.do("query", {"id": prosody.domain, "type": "service"}, {"type": "version"})
        assert server is not None
        assert server["object"]["name"] == "Prosody"


async def test_what_the_server_lacks_is_said(prosody: XmppServer) -> None:
    async with connected("alice", prosody) as alice:
        ask = {"type": "command", "node": "no-such-command"}
        with pytest.raises(PlatformError) as caught:
            await alice.do("query", {"id": f"upload.{prosody.domain}", "type": "service"}, ask)
        assert caught.value.condition in ("unsupported", "item-not-found")


async def test_other_clients_of_the_account_hear_what_one_says(prosody: XmppServer) -> None:
    """Carbons (XEP-0280), both ways."""
    async with (
        connected("alice", prosody) as desk,
        connected("alice", prosody) as phone,
        connected("bob", prosody) as bob,
    ):
        word = secrets.token_hex(4)
        await desk.say(person(bob.jid), word)
        copy = await phone.saw("send", "message", content=word)
        assert copy["xmpp:carbon"] == "sent"


async def test_a_room_is_entered_once_more_for_another_page(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice:
        await alice.saw("query", "attendance")
        alice.emitted.clear()
        await alice.join(place)
        assert (await alice.saw("query", "attendance"))["object"]["members"][0]["name"] == "alice"


async def test_two_with_one_nickname(prosody: XmppServer) -> None:
    place = fresh_room(prosody)
    async with connected("alice", prosody, place) as alice, driver("bob", prosody) as bob:
        await bob.connect()
        with pytest.raises(PlatformError) as caught:
            await bob.do("join", room(place), actor={"id": bob.jid, "type": "person", "name": "alice"})
        assert caught.value.condition == "nickname-in-use"
        await bob.join(place)
        with pytest.raises(PlatformError) as caught:
            await bob.do("update", person(f"{place}/alice"), {"type": "address"})
        assert caught.value.condition == "nickname-in-use"
        assert alice.emitted
