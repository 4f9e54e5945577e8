"""The ``as2`` dialect: an isomorphism, valid JSON-LD of which no term is dropped, and the words that others know."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st
from pyld import jsonld
from pyld.documentloader.frozen import FrozenDocumentLoader

from sockethub_translators import dialects, irc
from sockethub_translators.dialects import AS2, DialectEnv
from sockethub_translators.dialects.as2_terms import OPAQUE, read_id, write_id, write_key
from sockethub_translators.errors import DialectError
from sockethub_translators.testing import irc as some
from sockethub_translators.testing.dialects import activities, entities, json_values

AS = "https://www.w3.org/ns/activitystreams#"
OFFLINE = FrozenDocumentLoader()
"""Knows the context of AS2 and refuses any other address."""

AL = {"id": "al@irc.example", "type": "person", "name": "al"}
BO = {"id": "bo@irc.example", "type": "person", "name": "bo"}
ROOM = {"id": "#a@irc.example", "type": "room", "name": "#a"}


def _activity(verb: str, **members: Any) -> dict[str, Any]:
    return {"context": "irc", "type": verb, "actor": AL, **members}


def read_back(activity: dict[str, Any]) -> dict[str, Any]:
    before = copy.deepcopy(activity)
    raw = json.loads(json.dumps(dialects.encode(activity, AS2)))
    assert activity == before
    assert dialects.detect(raw) == AS2
    back = dialects.decode(raw)
    assert back == activity
    return raw


# --- An isomorphism ---------------------------------------------------------------------------------------------------


@settings(max_examples=max(settings.default.max_examples, 300))
@given(some.server_lines(), some.envs())
def test_whatever_a_server_says_reads_back(line: irc.Line, env: irc.Env) -> None:
    for activity in irc.to_activity(line, env):
        event(f"{activity['type']} {activity.get('object', {}).get('type')}")
        read_back(activity)


@given(some.client_activities())
def test_whatever_a_client_says_reads_back(activity: dict[str, Any]) -> None:
    read_back(activity)


WORDS = st.sampled_from(
    [
        *("send", "add", "remove", "undo", "follow", "like", "move", "request-friend", "make-friend", "remove-friend"),
        *("create", "Create", "update", "delete", "tombstone", "activity", "object", "note", "reaction", "address"),
        *("attendance", "room-list", "collection", "me", "notice", "irc:raw", "irc-raw", "a-1", "emoji-react"),
    ]
)
KEYS = st.sampled_from(
    [
        *(
            "type",
            "id",
            "content",
            "mediaType",
            "sh-mediaType",
            "to",
            "sh:kind",
            "sh:verb",
            "sh-to",
            "context",
            "items",
        ),
        *("totalItems", "members", "rooms", "inReplyTo", "formerType", "irc:by", "irc:wire", "xmpp:by", "@id", "name"),
    ]
)
VALUES = st.one_of(WORDS, st.sampled_from(["text/plain", "👍", "urn:sockethub:x", "https://a.example/"]), json_values)
OBJECTS = st.builds(
    lambda members, kind: {**members, "type": kind},
    st.dictionaries(KEYS.filter(lambda key: key != "inReplyTo"), VALUES, max_size=4),
    WORDS,
)


@settings(max_examples=max(settings.default.max_examples, 300))
@given(WORDS, OBJECTS, st.dictionaries(KEYS, OBJECTS | VALUES, max_size=3), entities(), st.none() | entities())
@example("remove", {"type": "follow"}, {}, AL, BO)
@example("add", {"type": "reaction", "content": "x", "mediaType": "text/plain"}, {}, AL, BO)
@example("delete", {"type": "tombstone", "id": "x"}, {}, AL, ROOM)
@example("send", {"type": "message", "id": 5}, {"id": None}, AL, ROOM)
@example("send", {"type": "message", "content": "x", "mediaType": "text/plain"}, {"to": "x"}, AL, ROOM)
@example("query", {"type": "attendance", "members": [], "totalItems": 3}, {}, AL, None)
def test_words_and_members_that_as2_uses_otherwise_read_back(
    verb: str, obj: dict[str, Any], others: dict[str, Any], actor: dict[str, Any], target: dict[str, Any] | None
) -> None:
    assume(not isinstance(others.get("inReplyTo"), str))  # canonical is an object
    activity = {**others, **_activity(verb, object=obj), "actor": actor}
    if target is not None:
        activity["target"] = target
    read_back(activity)


@given(st.text(min_size=1, max_size=20), st.sampled_from(["irc", "xmpp", "feeds"]), st.sampled_from(["person", "room"]))
@example("a@b/c d", "xmpp", "person")
@example("#a/b@irc.example", "irc", "room")
@example("#@x", "irc", "room")
@example("urn:sockethub:x", "irc", "person")
@example("%23@irc.example", "irc", "person")
@example("https://a.example/", "irc", "person")
@example("irc://x@y", "irc", "person")
@example("room@irc.example", "irc", "room")
def test_every_id_has_an_iri(text: str, platform: str, kind: str) -> None:
    iri = write_id(text, platform, kind)
    assert read_id(iri, platform, kind) == text
    assert iri.partition(":")[0] in ("irc", "xmpp", "urn", "http", "https")
    assert not set(iri) & set(' "<>\\^`{|}') or text.startswith("http")


# --- JSON-LD ----------------------------------------------------------------------------------------------------------


def _properties(raw: Any) -> int:
    """Members of nodes, as they are written."""
    if isinstance(raw, list):
        return sum(map(_properties, raw))
    if not isinstance(raw, dict):
        return 0
    opaque = {write_key(key) for key in OPAQUE}
    keys = [key for key in raw if key not in ("@context", "id", "type")]
    return len(keys) + sum(_properties(raw[key]) for key in keys if key not in opaque)


def _expanded(raw: Any) -> int:
    """Members of nodes, expanded; checks on the way that types and ids are IRIs."""
    if isinstance(raw, list):
        return sum(map(_expanded, raw))
    if not isinstance(raw, dict) or "@value" in raw:
        return 0
    assert all(":" in type_ and not type_.startswith("_:") for type_ in raw.get("@type", []))
    assert ":" in raw.get("@id", ":")
    keys = [key for key in raw if not key.startswith("@")]
    assert all(":" in key and not key.startswith("_:") for key in keys)
    return len(keys) + sum(_expanded(raw[key]) for key in keys)


def check_json_ld(activity: dict[str, Any]) -> None:
    raw = dialects.encode(activity, AS2)
    expanded = jsonld.expand(raw, {"documentLoader": OFFLINE})
    assert len(expanded) == 1
    assert _expanded(expanded) == _properties(raw)


@given(some.server_lines(), some.envs())
@example(irc.decode("@account=x :a!u@h JOIN #c * :Real"), irc.Env("irc.example", "me"))
@example(irc.decode(":a!u@h PART #c"), irc.Env("irc.example", "me"))
@example(irc.decode(":a!u@h MODE #c +bo x!*@* bo"), irc.Env("irc.example", "me", isupport=some.ISUPPORT))
def test_no_term_is_dropped(line: irc.Line, env: irc.Env) -> None:
    for activity in irc.to_activity(line, env):
        check_json_ld(activity)


@given(activities())
def test_no_term_of_any_canonical_activity_is_dropped(activity: dict[str, Any]) -> None:
    check_json_ld(activity)


def test_a_message_means_what_as2_means_by_it() -> None:
    activity = _activity("send", target=ROOM, object={"type": "message", "id": "m1", "content": "hello"})
    (node,) = jsonld.expand(dialects.encode(activity, AS2), {"documentLoader": OFFLINE})
    assert node["@type"] == [AS + "Create"]
    assert node[AS + "actor"][0]["@id"] == "irc://al@irc.example"
    assert node[AS + "actor"][0]["@type"] == [AS + "Person"]
    assert node[AS + "to"] == [{"@id": "irc://irc.example/%23a"}]
    (note,) = node[AS + "object"]
    assert (note["@id"], note["@type"]) == ("urn:sockethub:m1", [AS + "Note"])
    assert note[AS + "content"] == [{"@value": "hello"}]
    assert note[AS + "mediaType"] == [{"@value": "text/plain"}]


def test_nulls_and_order_survive_json_ld() -> None:
    env = irc.Env("irc.example", "me", isupport=some.ISUPPORT)
    (part,) = irc.to_activity(irc.decode(":a!u@h PART #c"), env)
    (node,) = jsonld.expand(dialects.encode(part, AS2), {"documentLoader": OFFLINE})
    assert node["https://sockethub.org/ns/irc#reason"] == [{"@type": "@json", "@value": None}]
    (mode,) = irc.to_activity(irc.decode(":a!u@h MODE #c +ib x!*@*"), env)
    (node,) = jsonld.expand(dialects.encode(mode, AS2), {"documentLoader": OFFLINE})
    (modes,) = node[AS + "object"][0]["https://sockethub.org/ns#modes"]
    assert modes["@value"] == [["+", "i"], ["+", "b", "x!*@*"]]


# --- The words of AS2 -------------------------------------------------------------------------------------------------

REPLY = {"type": "message", "id": "m1"}
NOTE = {"type": "Note", "id": "urn:sockethub:m1"}
AL_IRI, BO_IRI, ROOM_IRI = "irc://al@irc.example", "irc://bo@irc.example", "irc://irc.example/%23a"

SAID: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (_activity("join", target=ROOM), {"type": "Join"}),
    (_activity("leave", target=ROOM, object={"type": "message", "content": "bye"}), {"type": "Leave"}),
    (
        _activity("send", target=BO, object={"type": "me", "content": "waves"}),
        {"type": "Create", "object": {"type": "Note", "sh:kind": "me", "content": "waves", "mediaType": "text/plain"}},
    ),
    (
        _activity("add", target=ROOM, object={"type": "reaction", "content": "👍", "inReplyTo": REPLY}),
        {"type": "Like", "content": "👍", "object": NOTE},
    ),
    (
        _activity("add", target=ROOM, object={"type": "reaction", "content": "🎉", "inReplyTo": REPLY}),
        {"type": "EmojiReact", "content": "🎉", "object": NOTE},
    ),
    (
        _activity("remove", target=ROOM, object={"type": "reaction", "content": "🎉", "inReplyTo": REPLY}),
        {"type": "Undo", "object": {"type": "EmojiReact", "content": "🎉", "object": NOTE}},
    ),
    (
        _activity("delete", target=ROOM, object=REPLY),
        {"type": "Delete", "object": {**NOTE, "type": "Tombstone", "formerType": "as:Note"}},
    ),
    (_activity("update", target=BO, object={"type": "address"}), {"type": "Move", "object": AL_IRI}),
    (_activity("update", target=ROOM, object={"type": "topic", "content": ""}), {"type": "Update"}),
    (
        _activity("invite", target=ROOM, object=BO),
        {"type": "Invite", "object": {"type": "Person", "id": BO_IRI, "name": "bo"}},
    ),
    (
        _activity("request-friend", target=BO),
        {"type": "Follow", "object": {"type": "Person", "id": BO_IRI, "name": "bo"}},
    ),
    (
        _activity("make-friend", target=BO),
        {"type": "Accept", "object": {"type": "Follow", "actor": BO_IRI, "object": AL_IRI}},
    ),
    (
        _activity("remove-friend", target=BO),
        {"type": "Undo", "object": {"type": "Follow", "actor": AL_IRI, "object": BO_IRI}},
    ),
    (_activity("block", target=BO), {"type": "Block"}),
    (
        _activity("query", object={"type": "attendance", "members": [BO]}),
        {
            "type": "Query",
            "object": {
                "type": "Collection",
                "sh:kind": "attendance",
                "totalItems": 1,
                "items": [{"type": "Person", "id": BO_IRI, "name": "bo"}],
            },
        },
    ),
    (
        _activity("collection", target=ROOM, items=[_activity("join", target=ROOM)], totalItems=1),
        {"type": "Collection"},
    ),
    (_activity("error", error="no"), {"type": "Reject", "error": "no"}),
    (_activity("join", target=ROOM, **{"irc:by": BO}), {"sh-irc:by": {"type": "Person", "id": BO_IRI, "name": "bo"}}),
]


@pytest.mark.parametrize(("activity", "members"), SAID, ids=lambda each: each.get("type"))
def test_says_it_as_others_do(activity: dict[str, Any], members: dict[str, Any]) -> None:
    raw = read_back(activity)
    assert {key: raw[key] for key in members} == members
    check_json_ld(activity)


def test_what_an_activitypub_server_says_is_understood() -> None:
    said = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "https://social.example/a/1",
        "type": "Create",
        "actor": "irc://al@irc.example",
        "to": ["https://www.w3.org/ns/activitystreams#Public", "irc://irc.example/%23a"],
        "object": {"type": "Note", "content": "hello", "mediaType": "text/plain", "inReplyTo": "urn:sockethub:m1"},
    }
    assert dialects.detect(said) == AS2
    assert dialects.decode(said) == {
        **_activity("send", target=ROOM, object={"type": "message", "content": "hello", "inReplyTo": REPLY}),
        "id": "https://social.example/a/1",
    }
    bare = {"@context": "https://www.w3.org/ns/activitystreams", "type": "Join", "actor": "irc://al@irc.example"}
    assert dialects.decode({**bare, "target": "irc://irc.example"})["target"]["type"] == "service"
    assert dialects.decode({**bare, "target": {"type": "Group", "id": "irc://irc.example/a"}})["target"] == ROOM
    assert dialects.decode({**bare, "target": "#a"}, DialectEnv(server="irc.example"))["target"] == ROOM
    liked = dialects.decode({**bare, "type": "Like", "object": "https://social.example/n/1"})
    assert liked["object"]["inReplyTo"] == {"type": "message", "id": "https://social.example/n/1"}


def test_an_iri_alone_stands_for_what_it_names_or_was_introduced_as() -> None:
    invite = {"@context": AS[:-1], "type": "Invite", "actor": AL_IRI, "target": ROOM_IRI, "object": BO_IRI}
    assert dialects.decode(invite) == _activity("invite", target=ROOM, object=BO)
    known = {BO_IRI: {"type": "Person", "id": BO_IRI, "name": "Bo", "sh-irc:account": "robert"}}
    introduced = {**BO, "name": "Bo", "irc:account": "robert"}
    env = DialectEnv(objects=known)
    assert dialects.decode(invite, env) == _activity("invite", target=ROOM, object=introduced)
    assert dialects.decode({**invite, "actor": BO_IRI}, env)["actor"] == introduced
    blocked = {**invite, "type": "Block", "actor": "xmpp:al@x.example", "object": "xmpp:bo@x.example"}
    assert dialects.decode({**blocked, "target": None})["object"]["id"] == "bo@x.example"


AS2_KEYS = ["@context", "type", "actor", "target", "object", "to", "id", "sh:platform", "sh:kind", "sh:verb", "content"]
AS2_TYPES = st.sampled_from(["Create", "Like", "Undo", "Follow", "Accept", "Move", "Delete", "Tombstone", "Collection"])


@given(
    st.dictionaries(
        st.sampled_from(AS2_KEYS),
        st.recursive(
            json_values | AS2_TYPES | st.just("irc://al@irc.example"),
            lambda inner: st.dictionaries(st.sampled_from(AS2_KEYS), inner, max_size=4),
            max_leaves=8,
        ),
    ).map(lambda raw: {**raw, "@context": "https://www.w3.org/ns/activitystreams"}),
    AS2_TYPES | st.text(max_size=5),
)
@example({"@context": "https://www.w3.org/ns/activitystreams", "object": {"type": {}}}, "Undo")
def test_anything_in_as2_is_read_or_refused(raw: dict[str, Any], type_: str) -> None:
    raw = {"actor": "irc://al@irc.example", "type": type_, **raw}
    before = copy.deepcopy(raw)
    try:
        activity = dialects.decode(raw)
    except DialectError as error:
        event("refused")
        path = error.path
    else:
        event("read")
        path = "$"
        dialects.encode(activity, AS2)
    assert path.startswith("$")
    assert raw == before


def test_what_is_nested_without_end_is_no_harm() -> None:
    deep: Any = {"type": "message"}
    for _ in range(400):
        deep = {"type": "message", "object": deep}
    read_back(_activity("send", target=ROOM, object=deep))


@pytest.mark.parametrize(
    ("text", "platform", "kind", "iri"),
    [
        ("al@irc.example", "irc", "person", "irc://al@irc.example"),
        ("#a b@irc.example", "irc", "room", "irc://irc.example/%23a%20b"),
        ("[x]@[::1]:6697", "irc", "person", "irc://%5Bx%5D@[::1]:6697"),
        ("irc.example", "irc", "service", "irc://irc.example"),
        ("room@muc.example/Ni ck", "xmpp", "person", "xmpp:room@muc.example/Ni%20ck"),
        ("https://feeds.example/x", "feeds", "feed", "https://feeds.example/x"),
        ("x y", "feeds", "feed", "urn:sockethub:x%20y"),
    ],
)
def test_iris(text: str, platform: str, kind: str, iri: str) -> None:
    assert write_id(text, platform, kind) == iri


def test_extensions_are_in_the_namespace_of_their_protocol() -> None:
    raw = read_back({**_activity("join"), "irc:x": "1", "xmpp:y": "2"})
    assert (raw["sh-irc:x"], raw["sh-xmpp:y"]) == ("1", "2")
    (node,) = jsonld.expand(raw, {"documentLoader": OFFLINE})
    assert node["https://sockethub.org/ns/irc#x"] == [{"@value": "1"}]
    assert node["https://sockethub.org/ns/xmpp#y"] == [{"@value": "2"}]
