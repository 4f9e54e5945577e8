"""The first tutorial, followed: its pieces put together as it says, in a real Chromium, on the local IRC server.

And the first lines of code on the first page.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml

from tests.support.deployment import deployment
from tests.support.ircpeer import irc_peer
from tests.support.markdown import ROOT, blocks
from tests.support.node import node
from tests.support.processes import find_server, free_port
from tests.support.web import web_server

PAGE = ROOT / "docs" / "tutorials" / "a-chat-page-in-ten-minutes.md"
HERE = "// what follows goes here"

pytestmark = pytest.mark.anyio


def put_together(gateway: str, irc: int) -> str:
    """``chat.html`` as a reader has it in the end, on other ports."""
    (page,) = (block.text for block in blocks(PAGE, "html"))
    before, here, after = page.partition(HERE)
    assert here
    return elsewhere(before + "\n".join(block.text for block in blocks(PAGE, "js")) + after, gateway, irc)


def first_page(gateway: str, irc: int) -> str:
    """A page of what the README shows, as somebody else; its title says when all is done."""
    (shown,) = (block.text for block in blocks(ROOT / "README.md", "js"))
    code = shown.replace("alice", "dora")
    return f'<script type="module">{elsewhere(code, gateway, irc)};document.title = "done"</script>'


def elsewhere(whole: str, gateway: str, irc: int) -> str:
    """The same on the ports of the test."""
    for shown, real in (("http://127.0.0.1:10550/", gateway), ("port: 6667", f"port: {irc}")):
        assert whole.count(shown) == 1
        whole = whole.replace(shown, real)
    return whole


def origins_told() -> str:
    """The value of the variable in the first command."""
    first = next(blocks(PAGE, "console")).text
    return first.partition("SOCKETHUB__GATEWAY__ORIGINS='")[2].partition("'")[0]


@pytest.mark.timeout(180)
async def test_two_people_talk_in_the_page_of_the_tutorial_and_one_in_that_of_the_readme(tmp_path: Path) -> None:
    find_server("chromium", "chromium")
    irc = free_port()
    async with web_server() as site:
        origin = f"http://127.0.0.1:{site.port}"
        assert yaml.safe_load(origins_told()) == ["http://127.0.0.1:8000"]
        declared: dict[str, Any] = {"gateway": {"origins": [origin]}, "local_irc": {"enabled": True, "port": irc}}
        with deployment(tmp_path, declared) as house:
            address = site.page("/chat.html", put_together(house.url, irc))
            readme = site.page("/readme.html", first_page(house.url, irc))
            asked = json.dumps({"page": address, "readme": readme, "screenshots": os.environ.get("SCREENSHOTS")})
            async with irc_peer("carol", "127.0.0.1", irc) as carol:
                await carol.join("#owls")
                told = await anyio.to_thread.run_sync(node, str(Path(__file__).with_name("tutorial.mjs")), asked)
                await carol.line(lambda line: line.endswith(" PRIVMSG #owls :Hello from a web page!"))
    report = json.loads(told)
    assert report["complaints"] == []
    assert "alice" in report["refused"]
    assert report["said"]["alice"] == ["bob has entered", "you: Hello, <b>Bob</b>!", "bob: Hello from the other tab"]
    assert report["said"]["bob"] == ["alice: Hello, <b>Bob</b>!", "you: Hello from the other tab"]
