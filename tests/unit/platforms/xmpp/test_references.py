"""Ids of messages in rooms: a client uses the sender's, a room its own, and each is told what it knows."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sockethub.platforms.xmpp.references import MAX_MESSAGES, References

ROOM = {"id": "owls@muc.example", "type": "room"}


def _said(id_: str, given_: str, by: str = ROOM["id"]) -> dict[str, Any]:
    obj = {"type": "message", "id": id_, "content": "hi", "xmpp:stanza-id": given_, "xmpp:stanza-id-by": by}
    return {"type": "send", "target": ROOM, "object": obj}


def _reply(id_: str, target: dict[str, str] = ROOM) -> dict[str, Any]:
    about = {"type": "message", "id": id_}
    return {"type": "send", "target": target, "object": {"type": "message", "content": "yes", "inReplyTo": about}}


def test_a_reply_is_sent_with_the_rooms_id_and_read_with_the_senders() -> None:
    known = References()
    known.follow(_said("m1", "s1"))
    assert known.meant(_reply("m1"))["object"]["inReplyTo"]["id"] == "s1"
    assert known.follow(_reply("s1"))["object"]["inReplyTo"]["id"] == "m1"


def test_a_retraction_too() -> None:
    known = References()
    known.follow(_said("m1", "s1"))
    gone = {"type": "delete", "target": ROOM, "object": {"type": "message", "id": "m1"}}
    assert known.meant(gone)["object"]["id"] == "s1"
    assert known.follow({**gone, "object": {"type": "message", "id": "s1"}})["object"]["id"] == "m1"


def test_what_is_not_known_stays() -> None:
    known = References()
    assert known.meant(_reply("m1")) == _reply("m1")
    known.follow(_said("m1", "s1"))
    assert known.meant(_reply("m1", {"id": "bob@x.example", "type": "person"}))["object"]["inReplyTo"]["id"] == "m1"
    other = {**ROOM, "id": "other@muc.example"}
    assert known.meant(_reply("m1", other))["object"]["inReplyTo"]["id"] == "m1"


def test_only_the_room_gives_ids() -> None:
    """XEP-0359 §6: anybody can write such an element."""
    known = References()
    known.follow(_said("m1", "forged", by="mallory@x.example"))
    assert known.meant(_reply("m1")) == _reply("m1")


def test_history_is_learnt_from() -> None:
    known = References()
    item = {"type": "send", "target": ROOM, "object": {"type": "message", "id": "m1"}, "xmpp:archive": {"id": "s1"}}
    known.follow({"type": "collection", "items": [item]})
    assert known.meant(_reply("m1"))["object"]["inReplyTo"]["id"] == "s1"


def test_what_a_room_says_again_is_known_by_its_id() -> None:
    known = References()
    late = {"xmpp:delay": {"from": ROOM["id"]}}
    assert not known.told_before(_said("m1", "s1") | late), "it has not been told yet"
    known.follow(_said("m1", "s1"))
    assert known.told_before(_said("m1", "s1") | late)
    assert not known.told_before(_said("m1", "s1")), "that is said now, whatever its id"
    assert not known.told_before(_said("m1", "s1") | {"xmpp:delay": {"from": "mallory@x.example"}})
    assert not known.told_before(_said("m2", "s1", by="mallory@x.example") | late)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=50))
def test_both_ways_agree(pairs: list[tuple[int, int]]) -> None:
    """What a client names by what it was told is what the room is told."""
    known = References()
    for sent, given_ in pairs:
        known.follow(_said(f"m{sent}", f"s{given_}"))
    for _, given_ in pairs:
        read = known.follow(_reply(f"s{given_}"))["object"]["inReplyTo"]["id"]
        assert read.startswith("m")


def test_what_is_remembered_is_bounded() -> None:
    known = References()
    for number in range(MAX_MESSAGES + 10):
        known.follow(_said(f"m{number}", f"s{number}"))
    assert known.meant(_reply("m0"))["object"]["inReplyTo"]["id"] == "m0"
    assert known.meant(_reply(f"m{MAX_MESSAGES}"))["object"]["inReplyTo"]["id"] == f"s{MAX_MESSAGES}"
    assert len(known._sent) == MAX_MESSAGES
    assert len(known._given) <= MAX_MESSAGES
