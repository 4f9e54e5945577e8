"""The example bots, as anybody would start them, and the programs in the documentation: on real servers."""

from __future__ import annotations

import functools
import os
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from sockethub.client import connect
from tests.support.deployment import Deployment, deployment
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer
from tests.support.processes import find_server
from tests.support.prosody import XmppServer
from tests.support.web import web_server

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]
BOTS = ROOT / "examples" / "bots"
CLIENT = ROOT / "clients" / "javascript" / "sockethub.js"
REFERENCE = ROOT / "docs" / "reference"
SHOWN = {page: REFERENCE / f"{page}-client.md" for page in ("javascript", "python")}
READY_SECONDS = 40.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, prosody: XmppServer) -> Iterator[Deployment]:
    """A deployment that trusts the tests' authority and may fetch from this machine."""
    platforms = {
        "xmpp": {"options": {"tls_ca_file": str(prosody.authority)}},
        "feeds": {"policy": {"private_addresses": True}},
    }
    with deployment(tmp_path_factory.mktemp("bots"), {"platforms": platforms}) as running:
        yield running


@asynccontextmanager
async def bot(name: str, house: Deployment, *arguments: str, **environment: str) -> AsyncIterator[None]:
    """Runs a bot from the moment that it is ready until the block ends."""
    command = [sys.executable, str(BOTS / f"{name}.py"), "--gateway", house.url, *arguments]
    async with await anyio.open_process(
        command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=None
    ) as process:
        try:
            assert process.stdout is not None
            with anyio.fail_after(READY_SECONDS):
                assert await BufferedByteReceiveStream(process.stdout).receive_until(b"\n", 1_000) == b"ready"
            yield
            assert process.returncode is None
        finally:
            process.terminate()
            await process.wait()


def where(server: IrcServer, channel: str, nick: str) -> list[str]:
    return ["--server", server.host, "--port", str(server.port), "--plain", "--channel", channel, "--nick", nick]


async def test_the_echo_bot(house: Deployment, ngircd: IrcServer) -> None:
    async with irc_peer("caller", ngircd.host, ngircd.port) as peer:
        await peer.join("#echo")
        async with bot("echo_bot", house, *where(ngircd, "#echo", "echo")):
            await peer.send("PRIVMSG #echo :nobody: is spoken to")
            await peer.send("PRIVMSG #echo :echo: žluťoučký kůň")
            await peer.line(lambda line: line.endswith(" PRIVMSG #echo :caller: žluťoučký kůň"))
        assert sum("PRIVMSG #echo" in line for line in peer.lines) == 1


def feed(*titles: str) -> str:
    items = "".join(
        f"<item><title>{title}</title><link>http://site.example/{title}</link><description>x</description></item>"
        for title in titles
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'


async def test_the_feed_bot(house: Deployment, ngircd: IrcServer) -> None:
    async with web_server() as site, irc_peer("reader", ngircd.host, ngircd.port) as peer:
        await peer.join("#news")
        url = site.page("/feed", feed("Old"), "application/rss+xml")
        arguments = [*where(ngircd, "#news", "feeds"), "--feed", url, "--every", "0.3"]
        async with bot("feed_to_room", house, *arguments):
            site.page("/feed", feed("Newest", "Newer", "Old"), "application/rss+xml")
            await peer.line(lambda line: line.endswith(" PRIVMSG #news :Newest http://site.example/Newest"))
            asked = len(site.requests)
            with anyio.fail_after(20):
                while len(site.requests) < asked + 2:  # noqa: ASYNC110 - it is asked again, and nothing is new
                    await anyio.sleep(0.05)
        said = [
            line.rpartition(":http")[0] or line.split(" :", 1)[1] for line in peer.lines if " PRIVMSG #news " in line
        ]
        assert [text.split()[0] for text in said] == ["Newer", "Newest"]


async def test_the_bridge(house: Deployment, ngircd: IrcServer, prosody: XmppServer) -> None:
    place = f"bridge-{secrets.token_hex(4)}@{prosody.rooms}"
    address = f"erin@{prosody.domain}"
    arguments = [*where(ngircd, "#bridge", "bridge"), "--address", address, "--room", place]
    arguments += ["--xmpp-server", f"xmpp://{prosody.host}", "--xmpp-port", str(prosody.port)]
    async with irc_peer("irish", ngircd.host, ngircd.port) as peer, connect(house.url) as client:
        await peer.join("#bridge")
        async with bot("bridge", house, *arguments, XMPP_PASSWORD=prosody.password("erin")):
            dave = client.actor("xmpp", {"id": f"dave@{prosody.domain}", "type": "person", "name": "dave"})
            await dave.credentials(
                userAddress=f"dave@{prosody.domain}",
                password=prosody.password("dave"),
                resource="test",
                server=f"xmpp://{prosody.host}",
                port=prosody.port,
            )
            await dave.connect()
            heard = client.messages(
                lambda activity: activity["type"] == "send" and "<" in activity["object"]["content"]
            )
            await dave.room(place).join()
            await dave.room(place).send("hello from XMPP")
            await peer.line(lambda line: line.endswith(" PRIVMSG #bridge :<dave> hello from XMPP"))
            await peer.send("PRIVMSG #bridge :hello from IRC")
            assert (await heard.next(within=20))["object"]["content"] == "<irish> hello from IRC"
        assert sum("PRIVMSG #bridge" in line for line in peer.lines) == 1, "nothing comes back"


def _shown(language: str, name: str, house: Deployment, server: IrcServer) -> list[str]:
    """A program of a page, with addresses of here: what to run."""
    marker = {"python": "python", "javascript": "js"}[language]
    found = re.search(rf"^```{marker} {name}\n(.*?)^```", SHOWN[language].read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    text = found[1].replace("http://localhost:10550", house.url)
    if language == "python":
        where = f'"{server.host}", port={server.port}, secure=False'
        return [sys.executable, "-c", text.replace('"irc.libera.chat"', where)]
    where = f'"{server.host}", port: {server.port}, secure: false'
    text = text.replace('"irc.libera.chat"', where).replace('"sockethub-py-client"', f'"{CLIENT.as_uri()}"')
    return [find_server("node", "nodejs"), "--experimental-websocket", "--input-type=module", "-e", text]


@pytest.mark.parametrize("language", SHOWN)
async def test_the_first_program_on_the_page(language: str, house: Deployment, ngircd: IrcServer) -> None:
    room = "#sockethub-test"
    async with irc_peer("stranger", ngircd.host, ngircd.port) as peer, anyio.create_task_group() as tasks:
        await peer.join(room)
        run = functools.partial(anyio.run_process, _shown(language, "first", house, ngircd), stderr=None)
        tasks.start_soon(run)
        await peer.line(lambda line: line.startswith(":alice!") and line.endswith(f" PRIVMSG {room} :Hello!"))
        await peer.send(f"PRIVMSG {room} :Hello yourself")


@pytest.mark.parametrize("language", SHOWN)
async def test_the_program_that_meets_an_error(language: str, house: Deployment, ngircd: IrcServer) -> None:
    done = await anyio.run_process(_shown(language, "errors", house, ngircd), stderr=None)
    assert done.stdout.decode().startswith("refused: credentials not found for irc:alice")
