"""The console page in a real Chromium: two tabs talk through a real ircd."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.deployment import deployment
from tests.support.ircd import IrcServer
from tests.support.processes import find_server
from tests.support.prosody import XmppServer

HERE = Path(__file__).parent
NODE_WITHIN_SECONDS = 90.0


def node(*arguments: str) -> str:
    """Run node; its standard output."""
    done = subprocess.run(
        [find_server("node", "nodejs"), *arguments],
        capture_output=True,
        text=True,
        timeout=NODE_WITHIN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_model_folds_activities() -> None:
    assert "# fail 0" in node("--test", "--test-reporter=tap", str(HERE / "model.test.mjs"))


@pytest.mark.timeout(180)
def test_two_tabs_talk(tmp_path: Path, ngircd: IrcServer) -> None:
    find_server("chromium", "chromium")
    with deployment(tmp_path) as house:
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
def test_irc_and_xmpp_side_by_side(tmp_path: Path, ngircd: IrcServer, prosody: XmppServer) -> None:
    find_server("chromium", "chromium")
    trust = {"platforms": {"xmpp": {"options": {"tls_ca_file": str(prosody.authority)}}}}
    with deployment(tmp_path, trust) as house:
        arguments = {
            "page": house.url,
            "irc": {"server": ngircd.host, "port": ngircd.port},
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
    for tab in report.values():
        assert tab["complaints"] == []
        for context in ("irc", "xmpp"):
            said = "\n".join(tab[context]["timeline"])
            assert said.count(f"hello {context}") == 1
            assert said.count(f"back over {context}") == 1
        assert any("ben" in member for member in tab["irc"]["members"])
        assert any("bob" in member for member in tab["xmpp"]["members"])
