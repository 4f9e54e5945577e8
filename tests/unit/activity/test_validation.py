"""Verdicts by jsonschema-rs, words by jsonschema: the same verdicts, and words that name place and expectation."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.activity.bundle import BASE, bundle, shipped
from sockethub.activity.validation import EXPLAINED, SchemaValidator
from sockethub.errors import ValidationFailed
from sockethub.jsontext import more_values_than

SCHEMAS = {
    name: bundle(shipped(f"{BASE}{name}.json")) for name in ("dummy/messages", "irc/messages", "irc/credentials")
}
VALIDATORS = {name: SchemaValidator(name.partition("/")[0], schema) for name, schema in SCHEMAS.items()}
REFERENCE = {name: jsonschema.Draft202012Validator(schema) for name, schema in SCHEMAS.items()}

MEMBERS_LIMIT = 5_000
"""Of a block list."""

WORDS = [
    "dummy",
    "irc",
    "echo",
    "send",
    "join",
    "update",
    "query",
    "connect",
    "credentials",
    "message",
    "note",
    "me",
    "topic",
    "address",
    "attendance",
    "person",
    "room",
    "#room@irc.example",
    "alice@irc.example",
    "2026-11-23T12:00:00Z",
    "",
]
MEMBERS = [
    "type",
    "id",
    "name",
    "content",
    "context",
    "@context",
    "actor",
    "target",
    "object",
    "published",
    "irc:account",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 70_000) | st.sampled_from(WORDS) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5),
    max_leaves=15,
)
ENTITIES = st.fixed_dictionaries(
    {"id": st.sampled_from(WORDS)}, optional={"type": st.sampled_from(WORDS), "name": st.sampled_from(WORDS)}
)
ACTIVITIES = st.fixed_dictionaries(
    {"type": st.sampled_from(WORDS), "actor": ENTITIES | VALUES},
    optional={
        "context": st.sampled_from(WORDS) | VALUES,
        "@context": st.lists(st.sampled_from(WORDS), max_size=4),
        "target": ENTITIES,
        "object": VALUES,
        "published": st.sampled_from(WORDS),
        "irc:account": VALUES,
        "extra": VALUES,
    },
)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
@given(activity=ACTIVITIES | VALUES)
def test_both_validators_say_the_same(name: str, activity: Any) -> None:
    expected = REFERENCE[name].is_valid(activity)
    if expected:
        VALIDATORS[name].check(activity)
        return
    with pytest.raises(ValidationFailed) as failed:
        VALIDATORS[name].check(activity)
    assert str(failed.value).startswith(f"[{name.partition('/')[0]}] ")


def said(**more: Any) -> dict[str, Any]:
    activity = {"context": "dummy", "type": "echo", "actor": {"id": "a"}, "object": {"type": "message", "content": "x"}}
    return {key: value for key, value in (activity | more).items() if value is not None}


CONTEXTS = ["https://www.w3.org/ns/activitystreams", "https://sockethub.org/ns/context/v1.jsonld", "https://x.example"]


@pytest.mark.parametrize(
    ("activity", "words"),
    [
        (3, "[dummy] activity stream: must be object"),
        (said(foo=1, bar=2), "[dummy] activity stream: must NOT have additional properties: foo, bar"),
        (said(object=None), "[dummy] activity stream: must have required property 'object'"),
        (said(context=None), "[dummy] activity stream: must have 'context' or '@context'"),
        (
            said(object={"type": "nope", "content": 3}),
            "[dummy] /object/type: must be one of: message, note, me, notice",
        ),
        (said(object={"type": "message"}), "[dummy] /object: must have required property 'content'"),
        (said(actor={}), "[dummy] /actor: must have required property 'id'"),
        (said(published="yesterday"), "[dummy] /published: must be RFC 3339 date and time"),
        (said(**{"@context": CONTEXTS[:1]}), "[dummy] /@context: must NOT have fewer than 3 items"),
    ],
)
def test_words(activity: Any, words: str) -> None:
    with pytest.raises(ValidationFailed) as failed:
        VALIDATORS["dummy/messages"].check(activity)
    assert str(failed.value) == words


def blocked(*members: Any, **more: Any) -> dict[str, Any]:
    actor = {"id": "a@b.example", "type": "person"}
    return {
        "context": "xmpp",
        "type": "block",
        "actor": actor,
        "object": {"type": "blocklist", "members": list(members), **more},
    }


SOMEBODY = {"id": "c@d.example", "type": "person"}
TOO_LARGE = "activity stream: does not match the schema of this platform, and is too large to say where"


@pytest.mark.parametrize(
    ("activity", "words"),
    [
        (blocked(*[1] * 5_000), "/object/members/16: must be object"),
        (blocked(SOMEBODY, {}, *[SOMEBODY] * 3_000), "/object/members/1: must have required property 'id'"),
        (blocked(*[SOMEBODY] * 3_000, {}), TOO_LARGE),
        (blocked(*[SOMEBODY] * (MEMBERS_LIMIT + 1)), TOO_LARGE),
        (blocked(SOMEBODY) | {f"k{n}": 1 for n in range(5_000)}, "must NOT have additional properties: k0, k1, k2"),
        (said(context="xmpp", object={f"k{n}": n for n in range(5_000)}), "/type: must be one of"),
        (said(context="xmpp", object={f"k{n}": [[[n]]] for n in range(5_000)}), TOO_LARGE),
    ],
)
def test_words_for_large_activities_are_looked_for_in_a_part(
    activity: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    validator = SchemaValidator("xmpp", bundle(shipped(f"{BASE}xmpp/messages.json")))
    explained: list[Any] = []
    explain = validator._slow.iter_errors
    monkeypatch.setattr(
        validator, "_slow", SimpleNamespace(iter_errors=lambda value: explained.append(value) or explain(value))
    )
    with pytest.raises(ValidationFailed) as failed:
        validator.check(activity)
    assert words in str(failed.value)
    assert not any(more_values_than(value, EXPLAINED) for value in explained)


def test_as_many_as_a_schema_allows_are_taken() -> None:
    SchemaValidator("xmpp", bundle(shipped(f"{BASE}xmpp/messages.json"))).check(blocked(*[SOMEBODY] * MEMBERS_LIMIT))


def test_words_never_repeat_a_value() -> None:
    activity = said(object={"type": "message", "content": {"password": "hush"}})
    with pytest.raises(ValidationFailed) as failed:
        VALIDATORS["dummy/messages"].check(activity)
    assert "hush" not in str(failed.value)


@pytest.mark.parametrize(
    "activity", [said(), said(context=None, **{"@context": CONTEXTS}), said(**{"irc:account": "a"})]
)
def test_both_forms_of_context_are_taken(activity: Any) -> None:
    VALIDATORS["dummy/messages"].check(activity)


ALTERNATIVES = {
    "oneOf": [
        {"properties": {"type": {"const": "a"}, "x": {"type": "integer"}}, "required": ["x"]},
        {"properties": {"type": {"enum": ["b", "c"]}, "y": {"type": "integer"}}, "required": ["type"]},
    ]
}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"type": "a", "x": "text"}, "[t] /x: must be integer"),
        ({"type": "a"}, "[t] activity stream: must have required property 'x'"),
        ({"type": "c", "y": "text"}, "[t] /y: must be integer"),
        ({"type": "d"}, "[t] /type: must be one of: a, b, c"),
    ],
)
def test_among_alternatives_the_type_decides(value: Any, words: str) -> None:
    assert str(SchemaValidator("t", ALTERNATIVES).explain(value)) == words


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_bundle_needs_no_other_document(name: str) -> None:
    text = json.dumps(SCHEMAS[name])
    assert '"$id"' not in text
    assert '"$ref": "#' in text
    assert text.count('"$ref": "') == text.count('"$ref": "#/$defs/')
