"""Existing clients compile the schemas the registry publishes, and check what they send against them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from sockethub.activity.platforms import Platforms
from sockethub.activity.registry import Registry
from sockethub.config import load
from sockethub_translators.dialects import context_array
from tests.support.processes import find_server

SCRIPT = Path(__file__).parents[1] / "js" / "ajv.mjs"


def activity(platform: str, kind: str, **members: Any) -> dict[str, Any]:
    actor = {"id": "me@irc.example", "type": "person", "name": "me"}
    return {"type": kind, "@context": context_array(platform), "actor": actor, **members}


def fetch(platform: str, kind: str, url: str = "https://site.example/page", **members: Any) -> dict[str, Any]:
    return {**activity(platform, "fetch", **members), "actor": {"id": url, "type": kind}}


ROOM = {"id": "irc.example/#room", "type": "room", "name": "#room"}
PLACE = {"id": "owls@muc.example", "type": "room", "name": "owls"}
VALID = {
    "dummy": [activity("dummy", "echo", object={"type": "message", "content": "hello"})],
    "irc": [
        activity("irc", "connect"),
        activity("irc", "join", target=ROOM),
        activity("irc", "send", target=ROOM, object={"type": "message", "content": "hello"}),
        activity("irc", "update", target=ROOM, object={"type": "topic", "content": "a topic"}),
        activity("irc", "query", target=ROOM, object={"type": "attendance"}),
    ],
    "feeds": [
        fetch("feeds", "feed"),
        fetch("feeds", "feed", object={"limit": 5}),
        fetch("feeds", "feed", object={"since": "2026-11-23T12:00:00Z", "limit": 1}),
    ],
    "metadata": [fetch("metadata", "website")],
    "xmpp": [
        activity("xmpp", "connect"),
        activity("xmpp", "join", target=PLACE),
        activity("xmpp", "send", target=PLACE, object={"type": "message", "id": "m-2", "content": "hello"}),
        activity("xmpp", "update", object={"type": "presence", "presence": "away", "content": "brb"}),
        activity("xmpp", "query", target=PLACE, object={"type": "room-info"}),
        activity("xmpp", "request-friend", target={"id": "bob@x.example", "type": "person", "name": "bob"}),
    ],
}
INVALID = {
    "dummy": [activity("dummy", "no-such-verb")],
    "irc": [
        activity("irc", "send", target=ROOM, object={"type": "message", "content": 5}),
        activity("irc", "send", target=ROOM, object={"type": "bogus", "content": "x"}),
        {**activity("irc", "join", target=ROOM), "@context": ["https://www.w3.org/ns/activitystreams"]},
    ],
    "feeds": [
        fetch("feeds", "feed", "file:///etc/passwd"),
        fetch("feeds", "feed", "not a url"),
        fetch("feeds", "feed", object={"limit": 0}),
        fetch("feeds", "feed", object={"since": "yesterday"}),
    ],
    "metadata": [fetch("metadata", "website", "javascript:alert(1)"), activity("metadata", "send")],
    "xmpp": [
        activity("xmpp", "send", target=PLACE, object={"type": "message", "content": 5}),
        activity("xmpp", "request-friend"),
        activity("xmpp", "update", object={"type": "presence", "presence": "asleep"}),
    ],
}


def test_ajv_compiles_them_and_agrees() -> None:
    registry = Registry(Platforms(load(None, {}), Path.cwd())).answer()
    done = subprocess.run(
        [find_server("node", "nodejs"), str(SCRIPT)],
        input=json.dumps({"registry": registry, "valid": VALID, "invalid": INVALID}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name, (good, bad) in json.loads(done.stdout).items():
        platform = name.split()[0]
        assert good == [True] * len(VALID[platform]), name
        assert bad == [False] * len(INVALID[platform]), name
