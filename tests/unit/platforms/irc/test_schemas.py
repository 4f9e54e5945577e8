"""The schemas of the IRC platform: what they let through, what they refuse, and that they agree with the code."""

from __future__ import annotations

import dataclasses
from typing import Any

import jsonschema
import pytest

from sockethub.platforms.irc.options import Options
from tests.support.schemas import loaded, shipped

ME = {"id": "me@irc.example", "type": "person", "name": "me"}
ROOM = {"id": "#room@irc.example", "type": "room", "name": "#room"}
OLD = {"context": "irc"}
NEW = {
    "@context": [
        "https://www.w3.org/ns/activitystreams",
        "https://sockethub.org/ns/context/v1.jsonld",
        "https://sockethub.org/ns/context/platform/irc/v1.jsonld",
    ]
}


MESSAGES = shipped("irc/messages.json")
CREDENTIALS = shipped("irc/credentials.json")

ACCEPTED: list[dict[str, Any]] = [
    {"type": "connect"},
    {"type": "disconnect"},
    {"type": "disconnect", "object": {"type": "message", "content": "bye"}},
    {"type": "join", "target": ROOM},
    {"type": "join", "target": ROOM, "irc:key": "sesame"},
    {"type": "leave", "target": ROOM, "object": {"type": "note", "content": "bye"}},
    {"type": "send", "target": ROOM, "object": {"type": "message", "content": "hi"}},
    {"type": "send", "target": ROOM, "object": {"type": "note", "content": "hi"}, "id": "1"},
    {"type": "send", "target": ROOM, "object": {"type": "me", "content": "waves\nand again"}},
    {"type": "send", "target": ME, "object": {"type": "notice", "content": "hi"}},
    {"type": "update", "target": ROOM, "object": {"type": "topic", "content": "tea"}},
    {"type": "update", "target": ROOM, "object": {"type": "topic", "topic": "tea"}},
    {"type": "update", "target": ME, "object": {"type": "address"}},
    {"type": "update", "object": {"type": "presence", "presence": "away", "content": "lunch"}},
    {"type": "query", "target": ROOM, "object": {"type": "attendance"}},
    {"type": "query", "target": ROOM, "object": {"type": "history", "limit": 50}},
    {"type": "query", "target": ROOM, "object": {"type": "history", "before": "2026-11-23T12:00:00Z"}},
    {"type": "query", "target": ROOM, "object": {"type": "history", "around": {"type": "message", "id": "m1"}}},
    {"type": "query", "target": ROOM, "object": {"type": "marker"}},
    {"type": "update", "target": ROOM, "object": {"type": "marker", "published": "2026-11-23T12:00:00Z"}},
    {"type": "send", "target": ME, "object": {"type": "ctcp", "name": "VERSION"}},
    {"type": "send", "target": ME, "object": {"type": "ctcp", "name": "PING", "params": "1 2", "reply": True}},
]

REFUSED: list[dict[str, Any]] = [
    {"type": "dance"},
    {"type": "join"},
    {"type": "join", "target": {"name": "#room"}},
    {"type": "send", "target": ROOM},
    {"type": "send", "target": ROOM, "object": {"type": "message"}},
    {"type": "send", "target": ROOM, "object": {"type": "message", "content": 5}},
    {"type": "send", "target": ROOM, "object": {"type": "song", "content": "la"}},
    {"type": "send", "object": {"type": "message", "content": "hi"}},
    {"type": "update", "target": ROOM, "object": {"type": "topic"}},
    {"type": "update", "target": ROOM, "object": {"type": "topic", "content": "a\nQUIT"}},
    {"type": "update", "object": {"type": "presence", "presence": "asleep"}},
    {"type": "query", "target": ROOM},
    {"type": "query", "target": ROOM, "object": {"type": "history", "limit": 0}},
    {"type": "query", "target": ROOM, "object": {"type": "history", "around": {"id": "m"}, "before": {"id": "n"}}},
    {"type": "update", "target": ROOM, "object": {"type": "marker", "published": "yesterday"}},
    {"type": "send", "target": ME, "object": {"type": "ctcp", "name": "VERSION\r\nQUIT"}},
    {"type": "send", "target": ME, "object": {"type": "ctcp"}},
    {"type": "connect", "password": "secret"},
    {"type": "join", "target": ROOM, "irc:key": "two words"},
]


@pytest.mark.parametrize("context", [OLD, NEW], ids=["context", "@context"])
@pytest.mark.parametrize("activity", ACCEPTED, ids=str)
def test_accepts(activity: dict[str, Any], context: dict[str, Any]) -> None:
    MESSAGES.validate({**context, "actor": ME, **activity})


@pytest.mark.parametrize("activity", REFUSED, ids=str)
def test_refuses(activity: dict[str, Any]) -> None:
    assert not MESSAGES.is_valid({**OLD, "actor": ME, **activity})


def credentials(**obj: Any) -> dict[str, Any]:
    return {**OLD, "type": "credentials", "actor": ME, "object": {"nick": "me", "server": "irc.example", **obj}}


@pytest.mark.parametrize(
    "obj",
    [
        {},
        {"type": "credentials", "port": 6697, "secure": True, "username": "u", "realname": "Real Name"},
        {"password": "two words", "saslMechanism": "PLAIN"},
        {"token": "t", "saslMechanism": "OAUTHBEARER"},
        {"server": "::1"},
        {"nick": "[žluť]`_^"},
    ],
    ids=str,
)
def test_accepts_credentials(obj: dict[str, Any]) -> None:
    CREDENTIALS.validate(credentials(**obj))


@pytest.mark.parametrize(
    "obj",
    [
        {"nick": ""},
        {"nick": "bad nick"},
        {"nick": "#room"},
        {"nick": "me\r\nQUIT"},
        {"server": ""},
        {"server": "http://irc.example/"},
        {"port": 0},
        {"port": "6667"},
        {"password": "p", "token": "t"},
        {"password": "p\r\nQUIT"},
        {"realname": "a\nb"},
        {"saslMechanism": "CRAM-MD5"},
        {"allowInvalidCert": True},
    ],
    ids=str,
)
def test_refuses_credentials(obj: dict[str, Any]) -> None:
    assert not CREDENTIALS.is_valid(credentials(**obj))


def test_secrets_are_write_only() -> None:
    properties = loaded("irc/credentials.json")["properties"]["object"]["properties"]
    assert {name for name, schema in properties.items() if schema.get("writeOnly")} == {
        "certificate",
        "password",
        "token",
    }


def test_option_schema_and_code_agree() -> None:
    schema = loaded("irc/options.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert {name: each["default"] for name, each in schema["properties"].items()} == dataclasses.asdict(Options())
    assert all(each["description"] for each in schema["properties"].values())
    jsonschema.Draft202012Validator(schema).validate(dataclasses.asdict(Options()))
    assert Options.of({"flood_rate": 5}).flood_rate == 5
