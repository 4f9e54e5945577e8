"""Our clients on a real gateway and IRC server: what is said and heard survives cut connections and new gateways."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest

from tests.integration.clients.driven import Driven, Failed, driven, said
from tests.support.halves import READY_SECONDS, declare, half
from tests.support.ircd import IrcServer
from tests.support.ircpeer import IrcPeer, irc_peer
from tests.support.processes import find_server
from tests.support.tcpproxy import tcp_proxy

pytestmark = pytest.mark.anyio

KINDS = ("python", "node", "chromium")
CHANNEL = "#clients"


@pytest.fixture
def folder(tmp_path: Path, redis_url: str) -> Path:
    return declare(tmp_path, redis_url)


async def _until(condition: Callable[[], bool], what: str) -> None:
    with anyio.move_on_after(30):
        while not condition():  # noqa: ASYNC110 - other processes tell nobody
            await anyio.sleep(0.02)
        return
    raise AssertionError(what)


async def _each(clients: dict[str, Driven], text: str, peer: IrcPeer) -> None:
    """Everybody says something, which is said once."""
    async with anyio.create_task_group() as tasks:
        for kind, client in clients.items():
            tasks.start_soon(lambda kind=kind, client=client: client.do("say", text=f"{text} {kind}"))
    for kind in clients:
        await peer.line(lambda line, kind=kind: line.endswith(f" PRIVMSG {CHANNEL} :{text} {kind}"))


async def _log_in(clients: dict[str, Driven], server: IrcServer) -> None:
    async with anyio.create_task_group() as tasks:
        for kind, client in clients.items():
            nick = f"the{kind}"
            credentials = {"nick": nick, "server": server.host, "port": server.port, "secure": False}
            parts = {"nick": nick, "credentials": credentials, "channel": CHANNEL}
            tasks.start_soon(lambda client=client, parts=parts: client.do("login", **parts))


async def _errors(client: Driven) -> None:
    assert (await client.do("echo", text="hi"))["object"]["content"] == "hi"
    assert (await client.do("context"))[2].endswith("/irc/v1.jsonld")
    for what, name, pointer in (
        ("fail", "CommandError", None),
        ("bad", "CommandError", "/object/content"),
        ("hang", "OutcomeUnknownError", None),
    ):
        with pytest.raises(Failed) as failure:
            await client.do(what, text="on purpose")
        assert (failure.value.name, failure.value.pointer) == (name, pointer)


@pytest.mark.timeout(180)
async def test_cut_off_and_with_another_gateway_nothing_is_lost_or_said_twice(folder: Path, ngircd: IrcServer) -> None:
    find_server("chromium", "chromium")
    async with AsyncExitStack() as stack:
        stack.enter_context(half("workers", folder))
        peer = await stack.enter_async_context(irc_peer("clientpeer", ngircd.host, ngircd.port))
        await peer.join(CHANNEL)
        with half("gateway", folder) as gateway:
            port = urlsplit(gateway.websocket).port
            assert port is not None
            proxy = await stack.enter_async_context(tcp_proxy("127.0.0.1", port))
            address = f"http://127.0.0.1:{proxy.port}/"
            clients = {kind: await stack.enter_async_context(driven(kind, address)) for kind in KINDS}
            await _log_in(clients, ngircd)
            for client in clients.values():
                await _errors(client)
            await _each(clients, "first", peer)

            # Cut off: somebody speaks meanwhile, and so do they.
            proxy.refuse(True)
            proxy.cut()
            await peer.send(f"PRIVMSG {CHANNEL} :peer 1")
            for client in clients.values():
                await _until(lambda client=client: "waiting" in str(client.told[-1]), "it notices")
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_each, clients, "away", peer)
                await anyio.sleep(0.1)
                proxy.refuse(False)
            await _until(lambda: all(said(client, "peer 1".__eq__) for client in clients.values()), "what was missed")
            assert all("anew" not in dict(client.told) for client in clients.values())

            gateway.process.send_signal(signal.SIGTERM)
            gateway.process.wait(READY_SECONDS)
        with half("gateway", folder) as gateway:
            new_port = urlsplit(gateway.websocket).port
            assert new_port is not None
            proxy.to = ("127.0.0.1", new_port)
            await _each(clients, "anew", peer)
            await peer.send(f"PRIVMSG {CHANNEL} :peer 2")
            for kind, client in clients.items():
                await _until(lambda client=client: bool(said(client, "peer 2".__eq__)), f"{kind} hears again")
            for kind, client in clients.items():
                assert said(client, lambda text: text.startswith("peer")) == ["peer 1", "peer 2"], kind
                assert [detail for name, detail in client.told if name == "anew"] == [{"reason": "unknown"}]
                assert "refused" not in dict(client.told)
                assert "pageerror" not in dict(client.told)
                await client.do("close")
            for kind in KINDS:
                for text in ("first", "away", "anew"):
                    assert sum(line.endswith(f" :{text} {kind}") for line in peer.lines) == 1
                assert sum(line.startswith(f":the{kind}!") and " JOIN " in line for line in peer.lines) == 1
            await stack.aclose()
