"""What translation gives is what the published schema promises, and what older clients know or can pass over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from sockethub_translators import irc
from sockethub_translators.testing import irc as some

SCHEMAS = Path(__file__).parents[3] / "schemas"

OLD_VERBS = {"add", "announce", "error", "join", "leave", "query", "remove", "send", "update"}
NEW_VERBS = {"delete", "invite", "irc:raw"}
OLD_OBJECTS = {"address", "attendance", "me", "message", "notice", "presence", "relationship", "topic"}
NEW_OBJECTS = {
    *("content", "ctcp", "history", "irc:raw", "marker", "mode", "person", "profile", "reaction"),
    *("room-list", "typing"),
}


@pytest.fixture(scope="module")
def responses() -> Draft202012Validator:
    schemas = [json.loads(path.read_text()) for path in SCHEMAS.rglob("*.json")]
    registry: Registry[Any] = Registry().with_resources(
        [(schema["$id"], Resource.from_contents(schema)) for schema in schemas if "$id" in schema]
    )
    return Draft202012Validator(json.loads((SCHEMAS / "irc" / "responses.json").read_text()), registry=registry)


@given(line=some.server_lines(), env=some.envs())
def test_activities_are_valid(responses: Draft202012Validator, line: irc.Line, env: irc.Env) -> None:
    for activity in irc.to_activity(line, env):
        for shown in (activity, irc.strip(activity), irc.strip(activity, ext=True)):
            assert not list(responses.iter_errors(shown))


@given(some.server_lines(), some.envs())
def test_new_kinds_are_few_and_named(line: irc.Line, env: irc.Env) -> None:
    """A client that knows only the old verbs and objects can tell what it does not know by its type."""
    for activity in irc.to_activity(line, env):
        assert activity["type"] in OLD_VERBS | NEW_VERBS
        if "object" in activity:
            assert activity["object"]["type"] in OLD_OBJECTS | NEW_OBJECTS


def test_a_kick_stripped_is_a_plain_leave() -> None:
    env = irc.Env(server=some.SERVER, nick="me")
    (kick,) = irc.to_activity(irc.decode(":op!u@h KICK #room bob :out"), env)
    (part,) = irc.to_activity(irc.decode(":bob!u@h PART #room :out"), env)
    assert irc.strip(kick, ext=True) == irc.strip(part, ext=True)
