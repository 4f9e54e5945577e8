"""The console page in a real Chromium: two tabs talk through a real ircd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.deployment import Deployment
from tests.support.ircd import IrcServer
from tests.support.node import node, node_tests
from tests.support.processes import find_server
from tests.support.prosody import XmppServer

HERE = Path(__file__).parent


def test_the_model_folds_activities() -> None:
    node_tests(HERE / "model.test.mjs")


def test_the_log_shows_no_secrets() -> None:
    node_tests(HERE / "secrets.test.mjs")


@pytest.mark.timeout(180)
def test_two_tabs_talk(tmp_path: Path, house: Deployment, ngircd: IrcServer) -> None:
    find_server("chromium", "chromium")
    arguments = {
        "page": house.url,
        "server": ngircd.host,
        "port": ngircd.port,
        "room": "#console",
        "screenshots": str(tmp_path),
    }
    report = json.loads(node(str(HERE / "two_tabs.mjs"), json.dumps(arguments)))
    for tab in report.values():
        assert tab["complaints"] == []
        assert tab["bold"] == 0
        assert tab["sent"] >= 5
        assert tab["received"] >= 8
        assert any("hello back, žluťoučký 🐎" in line for line in tab["timeline"])
    assert any("bob" in member for member in report["alice"]["members"])
    assert (tmp_path / "console-alice.png").stat().st_size > 10_000


@pytest.mark.timeout(180)
def test_irc_and_xmpp_side_by_side(tmp_path: Path, house: Deployment, inspircd: IrcServer, prosody: XmppServer) -> None:
    """With replies, reactions, corrections, presence, history, feeds and the log; and nobody is kept out of it."""
    find_server("chromium", "chromium")
    arguments = {
        "page": house.url,
        "irc": {"server": inspircd.host, "port": inspircd.port},
        "xmpp": {
            "server": prosody.host,
            "port": prosody.port,
            "domain": prosody.domain,
            "rooms": prosody.rooms,
            "passwords": {user: prosody.password(user) for user in ("alice", "bob")},
        },
        "screenshots": str(tmp_path),
    }
    report = json.loads(node(str(HERE / "side_by_side.mjs"), json.dumps(arguments)))
    assert report["barriers"] == [], "\n".join(report["barriers"])
    assert report["focused"], "what is drawn again keeps the focus"
    assert report["once"], "what was said before is shown once"
    assert report["lookup"]["card"] == "Sockethub console"
    assert report["lookup"]["feed"][:3] == ["Owl news", "An owl was seen", "It flew low."]
    assert report["log"]["count"] == 1
    assert "await client.send({" in report["log"]["copied"]
    for tab in report["tabs"].values():
        assert tab["complaints"] == []
        for context in ("irc", "xmpp"):
            said = "\n".join(tab[context]["timeline"])
            assert said.count(f"hello {context}") == 1
            assert said.count(f"back over {context}") == 1
        assert any("ben" in member for member in tab["irc"]["members"])
        assert any("bob" in member for member in tab["xmpp"]["members"])
