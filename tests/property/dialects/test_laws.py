"""Each dialect is an isomorphism on the canonical form; every spelling of an id means one thing."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from sockethub_translators import dialects
from sockethub_translators.dialects import Dialect, DialectEnv
from sockethub_translators.errors import DialectError
from sockethub_translators.ids import Name, format_id, parse_id
from sockethub_translators.testing.dialects import activities, envs, json_values, names, servers
from sockethub_translators.testing.dialects import dialects as dialect_values

FORMS = st.sampled_from(["bare", "at", "slash", "plain"])


def _room_activity(room: str, server: str) -> dict[str, Any]:
    entity = {"id": f"{room}@{server}", "type": "room", "name": room}
    return {"context": "irc", "type": "join", "actor": entity, "target": entity}


@given(activities(), dialect_values, envs)
@example(_room_activity("#a@b", "irc.example"), Dialect(rooms="bare"), DialectEnv(server="irc.example"))
@example(_room_activity("#a/b", "irc.example"), Dialect(rooms="slash"), DialectEnv(server="irc.example"))
@example(_room_activity("##double", "irc.example"), Dialect(rooms="plain"), DialectEnv())
@example(_room_activity("&local", "irc.example"), Dialect(rooms="plain"), DialectEnv())
def test_reading_undoes_writing(activity: dict[str, Any], dialect: Dialect, env: DialectEnv) -> None:
    event(f"{dialect.context} {dialect.rooms}")
    before = copy.deepcopy(activity)
    written = dialects.encode(activity, dialect, env)
    kept = copy.deepcopy(written)
    assert dialects.decode(written, env) == activity
    assert activity == before
    assert written == kept


@given(activities(), dialect_values, envs)
def test_writing_what_was_read_is_stable(activity: dict[str, Any], dialect: Dialect, env: DialectEnv) -> None:
    written = dialects.encode(activity, dialect, env)
    assert dialects.encode(dialects.decode(written, env), dialect, env) == written


@given(dialect_values)
def test_the_dialect_shows_in_what_is_written(dialect: Dialect) -> None:
    """A client that says what it was told is taken to speak the same dialect."""
    activity = {
        "context": "irc",
        "type": "send",
        "actor": {"id": "alice@irc.example", "type": "person", "name": "alice"},
        "target": {"id": "#room@irc.example", "type": "room", "name": "#room"},
        "object": {"type": "message", "content": "hello"},
    }
    written = dialects.encode(activity, dialect, DialectEnv(server="irc.example"))
    assert dialects.detect(written) == dialect


@given(
    json_values
    | st.dictionaries(st.sampled_from(["context", "@context", "type", "actor", "target", "object"]), json_values)
)
@example({"context": "irc", "type": "send", "actor": "a", "object": {"type": ["note"]}})
@example({"context": "irc", "type": "send", "actor": "a", "object": {"type": "attendance", "members": [{"id": 3}]}})
@example({"context": "irc", "type": "send", "actor": {"id": "x", "type": ["room"], "name": 5}})
@example({"@context": [{"a": 1}], "type": "send", "actor": "a"})
def test_anything_is_read_or_refused(raw: Any) -> None:
    before = copy.deepcopy(raw)
    try:
        activity = dialects.decode(raw)
    except DialectError as error:
        event("refused")
        path = error.path
    else:
        path = "$"
        event("read")
        dialects.encode(activity, dialects.detect(raw))
    assert path.startswith("$")
    assert raw == before


@given(names(), FORMS, servers | st.just(""))
@example(Name("#/", "irc.example", True), "plain", "")
@example(Name("#a/b", "irc.example", True), "plain", "")
def test_every_form_of_an_id_reads_back(name: Name, form: Any, server: str) -> None:
    text = format_id(name, form, server=server)
    kind = "room" if name.room else "person"
    assert parse_id(text, kind=kind, name=name.name, server=server) == name


@given(st.from_regex(r"[#&][a-z0-9_-]{1,10}", fullmatch=True), st.sampled_from(["irc.example", "127.0.0.1"]))
def test_every_historical_spelling_of_a_room_means_that_room(room: str, server: str) -> None:
    spellings = [f"{room}@{server}", f"{server}/{room}", f"irc://{server}/{room}", f"{room[1:]}@{server}", room]
    assert {parse_id(text, kind="room", name=room, server=server).id for text in spellings} == {f"{room}@{server}"}


@given(st.from_regex(r"[a-z][a-z0-9_-]{0,10}", fullmatch=True), st.sampled_from(["irc.example", "127.0.0.1"]))
def test_every_historical_spelling_of_a_person_means_that_person(nick: str, server: str) -> None:
    spellings = [f"{nick}@{server}", f"irc://{nick}@{server}", f"{server}/{nick}", nick]
    assert {parse_id(text, kind="person", server=server).id for text in spellings} == {f"{nick}@{server}"}


@given(st.sampled_from(["dummy", "xmpp", "feeds"]), st.text(min_size=1, max_size=20), dialect_values)
def test_ids_of_other_platforms_are_themselves(platform: str, text: str, dialect: Dialect) -> None:
    activity = {"context": platform, "type": "echo", "actor": {"id": text, "type": "person"}}
    assert dialects.decode(dialects.encode(activity, dialect)) == activity


def test_the_architecture_documents_message_arrives_as_it_is_written_there() -> None:
    said = {
        "type": "send",
        "context": "irc",
        "actor": {"id": "alice@irc.example", "type": "person", "name": "alice"},
        "target": {"id": "#room@irc.example", "type": "room", "name": "#room"},
        "object": {"type": "message", "content": "hello world"},
    }
    assert dialects.encode(said, dialects.SEED, DialectEnv(server="irc.example")) == {
        "type": "send",
        "context": "irc",
        "actor": {"id": "alice", "type": "person"},
        "target": {"id": "#room", "type": "room"},
        "object": {"type": "note", "content": "hello world"},
    }


@pytest.mark.parametrize("dialect", [dialects.SEED, dialects.V4, dialects.V5], ids=str)
def test_the_activities_in_a_collection_are_written_as_activities(dialect: Dialect) -> None:
    said = {
        "context": "irc",
        "type": "send",
        "actor": {"id": "ann@irc.example", "type": "person", "name": "ann"},
        "target": {"id": "#room@irc.example", "type": "room", "name": "#room"},
        "object": {"type": "message", "content": "hello"},
    }
    service = {"id": "irc.example", "type": "service"}
    items = [said, {"type": "no activity"}, 5]
    collection = {"context": "irc", "type": "collection", "actor": service, "items": items}
    env = DialectEnv(server="irc.example")
    written = dialects.encode(collection, dialect, env)
    assert written["items"] == [dialects.encode(said, dialect, env), {"type": "no activity"}, 5]
    assert dialects.decode(written, env) == collection


@pytest.mark.parametrize(
    ("said", "kind"),
    [("#a", "room"), ("al", "person"), ("irc.example/#a", "room"), ("irc.example/al", "person"), ("#a@x", "room")],
)
@pytest.mark.parametrize("member", ["actor", "target"])
def test_an_id_alone_tells_what_it_is(said: str, kind: str, member: str) -> None:
    raw = {"context": "irc", "type": "join", "actor": "bo", member: said}
    assert dialects.decode(raw, DialectEnv(server="irc.example"))[member]["type"] == kind


@pytest.mark.parametrize("dialect", [dialects.SEED, dialects.V4, dialects.V5, dialects.AS2], ids=str)
@pytest.mark.parametrize("kind", ["note", "article"])
def test_a_published_note_stays_a_note(dialect: Dialect, kind: str) -> None:
    feed = {"id": "https://site.example/feed", "type": "feed", "name": "Feed"}
    published = {"id": "https://site.example/1", "type": kind, "content": "hello", "contentType": "text"}
    post = {"context": "feeds", "type": "post", "actor": feed, "object": published}
    collection = {"context": "feeds", "type": "collection", "actor": feed, "summary": "Feed", "items": [post]}
    assert dialects.decode(dialects.encode(collection, dialect)) == collection
    if dialect != dialects.AS2:
        assert dialects.encode(collection, dialect)["items"][0]["object"] == published
