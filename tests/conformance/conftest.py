"""Our own platforms as the conformance kit looks at them, each with a real service behind it."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sockethub.testing import Subject
from tests.support.deployment import declaration
from tests.support.ircd import IrcServer
from tests.support.prosody import XmppServer
from tests.support.sites import site

DOCS = Path(__file__).parents[2] / "docs" / "reference"
_BLOCK = re.compile(r"^```json (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LOCAL = {"private_addresses": True}
RSS = (
    '<rss version="2.0"><channel><title>What owls read</title><item><title>Mice, and where to find them</title>'
    "<description>In barns, mostly.</description><guid>1</guid></item></channel></rss>"
)
PAGE = (
    "<!doctype html><html><head><title>Where owls live</title>"
    '<meta name="description" content="In barns, mostly."></head></html>'
)
FLOOD = 40
"""Each of these takes a request, or several."""
LIVELY = {"reconnect_delay_seconds": 0.05, "reconnect_delay_max_seconds": 0.2, "reconnect_seconds": 10}


@pytest.fixture(scope="session")
def pages() -> Iterator[str]:
    found = {
        "/feed": ("application/rss+xml", RSS.encode()),
        "/page": ("text/html", PAGE.encode()),
        "/tickets/7": ("application/json", b'{"ticket": {"text": "The lamp is broken"}}'),
        "/tickets": ("application/json", b'{"ticket": {"number": 7}}'),
    }
    with site(found) as url:
        yield url


def stanza(platform: str, **options: Any) -> dict[str, Any]:
    """As shipped, but for what the tests need."""
    shipped = declaration()["platforms"][platform]
    return {**shipped, "policy": LOCAL, "options": shipped.get("options", {}) | options}


def documented(platform: str) -> list[dict[str, Any]]:
    """The requests that a page of the reference shows."""
    shown = _BLOCK.findall((DOCS / f"{platform}.md").read_text())
    return [json.loads(text) for kind, text in shown if kind == "request"]


@pytest.fixture(scope="session")
def dummy() -> Subject:
    def said(verb: str) -> dict[str, Any]:
        actor = {"id": "alice@dummy", "type": "person"}
        object_ = {"type": "message", "content": f"said to {verb}"}
        return {"context": "dummy", "type": verb, "actor": actor, "object": object_}

    deadly = ("exit0", "exit1", "sigterm", "sigkill", "hang")
    return Subject(
        name="dummy",
        stanza=stanza("dummy"),
        examples=[said("echo"), said("greet")],
        refused=[said(verb) for verb in ("fail", "throw", "throwTypeError", "throwReferenceError")],
        documented=[said(verb) for verb in deadly],
    )


@pytest.fixture(scope="session")
def feeds(pages: str) -> Subject:
    return Subject(
        name="feeds",
        # Every fetch is made: what is kept would be given again without one.
        stanza=stanza("feeds", cache_bytes=0),
        flood=FLOOD,
        examples=[{"context": "feeds", "type": "fetch", "actor": {"id": f"{pages}/feed", "type": "feed"}}],
        refused=[{"context": "feeds", "type": "fetch", "actor": {"id": f"{pages}/page", "type": "feed"}}],
        documented=documented("feeds"),
    )


@pytest.fixture(scope="session")
def metadata(pages: str) -> Subject:
    return Subject(
        name="metadata",
        stanza=stanza("metadata", cache_bytes=0),
        flood=FLOOD,
        examples=[{"context": "metadata", "type": "fetch", "actor": {"id": f"{pages}/page", "type": "website"}}],
        refused=[{"context": "metadata", "type": "fetch", "actor": {"id": f"{pages}/nothing", "type": "website"}}],
        documented=documented("metadata"),
    )


@pytest.fixture(scope="session")
def http(pages: str) -> Subject:
    ann = {"id": "ann", "type": "person"}
    requests = {
        "fetch": {"url": f"{pages}/tickets/{{/target/id}}", "response": {"/object/content": "/ticket/text"}},
        "send": {
            "url": f"{pages}/tickets",
            "body": {"text": "{/object/content}"},
            "response": {"/object/id": "/ticket/number"},
        },
    }
    return Subject(
        name="http",
        flood=FLOOD,
        stanza={"use": "http", "verbs": ["fetch", "send"], "policy": LOCAL, "options": {"requests": requests}},
        examples=[
            {"context": "http", "type": "fetch", "actor": ann, "target": {"id": "7"}},
            {"context": "http", "type": "send", "actor": ann, "object": {"content": "The lamp is broken"}},
        ],
        refused=[{"context": "http", "type": "fetch", "actor": ann, "target": {"id": "8"}}],
    )


@pytest.fixture(scope="session")
def irc(ngircd: IrcServer) -> Subject:
    me = {"id": f"owl@{ngircd.host}", "type": "person", "name": "owl"}
    room = {"id": f"#barn{secrets.token_hex(2)}@{ngircd.host}", "type": "room"}
    bob = {"id": f"bob@{ngircd.host}", "type": "person"}
    where = {"nick": "owl", "server": ngircd.host, "port": ngircd.port, "secure": False}
    nowhere = {**where, "port": 1}

    def asked(verb: str, **members: Any) -> dict[str, Any]:
        return {"context": "irc", "type": verb, "actor": me, **members}

    return Subject(
        name="irc",
        stanza=stanza("irc", flood_rate=0, **LIVELY),
        flood=FLOOD,
        credentials=asked("credentials", object={"type": "credentials", **where}),
        wrong_credentials=asked("credentials", object={"type": "credentials", **nowhere}),
        examples=[
            asked("join", target=room),
            asked("send", target=room, object={"type": "message", "content": "Whooo is there?"}),
            asked("query", target=room, object={"type": "attendance"}),
            asked("leave", target=room),
        ],
        refused=[asked("send", target=room, object={"type": "message", "content": "not in there any more"})],
        documented=[
            *documented("irc"),
            asked("invite", target=room, object=bob),
            asked("remove", target=room, object={"type": "relationship", "relationship": "operator", "subject": bob}),
            asked("remove-friend", target=bob),
        ],
    )


@pytest.fixture(scope="session")
def xmpp(prosody: XmppServer) -> Subject:
    jid = f"alice@{prosody.domain}"
    me = {"id": jid, "type": "person"}
    room = {"id": f"barn{secrets.token_hex(2)}@{prosody.rooms}", "type": "room"}
    bob = {"id": f"bob@{prosody.domain}", "type": "person"}
    where = {"userAddress": jid, "server": prosody.host, "port": prosody.port, "resource": secrets.token_hex(4)}
    secret = {"password": prosody.password("alice")}

    def asked(verb: str, **members: Any) -> dict[str, Any]:
        return {"context": "xmpp", "type": verb, "actor": me, **members}

    return Subject(
        name="xmpp",
        stanza=stanza("xmpp", tls_ca_file=str(prosody.authority), **LIVELY),
        flood=FLOOD,
        credentials=asked("credentials", object={"type": "credentials", **where, **secret}),
        wrong_credentials=asked("credentials", object={"type": "credentials", **where, "password": "a-wrong-one"}),
        examples=[
            asked("join", target=room),
            asked("send", target=room, object={"type": "message", "content": "Whooo is there?"}),
            asked("query", target=room, object={"type": "attendance"}),
            asked("leave", target=room),
        ],
        documented=[
            *documented("xmpp"),
            asked("invite", target=room, object=bob),
            asked(
                "remove", target=room, object={"type": "relationship", "relationship": "affiliation", "subject": bob}
            ),
            asked("undo", object={"type": "blocklist"}),
            *(asked(verb, target=bob) for verb in ("request-friend", "make-friend", "remove-friend", "block")),
        ],
    )
