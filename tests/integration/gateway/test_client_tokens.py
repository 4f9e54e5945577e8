"""Our clients at a gateway that asks who they are, with tokens that expire."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from sockethub.client import NotSentError, connect
from tests.integration.gateway.conftest import House, Make
from tests.support.node import node
from tests.support.processes import find_server
from tests.support.tokens import AUDIENCE, ISSUER, Provider

pytestmark = pytest.mark.anyio

PROVIDER = Provider("ES256")
SCRIPT = Path(__file__).parents[1] / "js" / "token.mjs"
CONSOLE = Path(__file__).parents[2] / "browser" / "token.mjs"


@pytest.fixture
async def strict(house_of: Make, tmp_path: Path) -> AsyncIterator[House]:
    keys = PROVIDER.publish(tmp_path / "jwks.json")
    jwt = {"algorithms": ["ES256"], "jwks_file": str(keys), "audience": AUDIENCE, "issuer": ISSUER, "leeway_seconds": 0}
    async with house_of(authentication={"jwt": jwt}) as house:
        yield house


def lasting(seconds: int) -> str:
    return PROVIDER.token(exp=int(time.time()) + seconds)


async def test_the_python_client_stays_and_comes_back(strict: House) -> None:
    """The second token is shown in time, the third does not come; the fourth resumes, the last does not hold."""
    asked: list[str] = []

    async def token() -> str:
        asked.append("")
        match len(asked):
            case 1:
                raise OSError("the provider is away")
            case 2 | 3:
                return lasting(3)
            case 4:
                await anyio.sleep_forever()
            case 5:
                return lasting(2)
        return "wrong"

    async with connect(strict.websocket, token=token) as client, client.events() as events:
        me = client.actor("dummy", "me")
        assert (await me.act("echo", type="message", content="hi"))["object"]["content"] == "hi"
        with anyio.fail_after(20):
            async for event in events:
                if event.detail.get("code") == 4003:
                    break
        assert len(asked) == 4, "the connection stayed once"
        await client.ready()
        assert (await me.act("echo", type="message", content="hi"))["object"]["content"] == "hi"
        with anyio.fail_after(20):
            told = [event async for event in events]
        assert (told[-1].detail["code"], told[-1].detail["reason"]) == (4001, "authentication failed")
        assert "anew" not in {event.name for event in told}
        with pytest.raises(NotSentError, match="closed"):
            await me.act("echo", type="message", content="hi")


async def test_the_javascript_client_does_too(strict: House) -> None:
    async with await anyio.open_process(["node", str(SCRIPT), strict.websocket], stderr=None) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        output = BufferedByteReceiveStream(process.stdout)
        said: list[str] = []

        async def until(wanted: str) -> None:
            while not said or wanted not in said[-1]:
                said.append((await output.receive_until(b"\n", 10_000)).decode())

        async def give(seconds: int) -> None:
            await until("token")
            said.append("")
            assert process.stdin is not None
            await process.stdin.send(lasting(seconds).encode() + b"\n")

        with anyio.fail_after(30):
            await give(3)
            await until("echo hi")
            await give(3)
            await until("token")  # it is not given another one
            await until('"code":4003')
            await process.stdin.send(b"for the one that is waited for no more\n")
            await give(60)
            await until('"state":"ready"')
            await process.stdin.aclose()
        assert not any(line in ("anew", "error") for line in said)
        process.terminate()


async def test_a_token_that_is_wrong_and_one_that_is_missing_are_told_clearly(strict: House) -> None:
    for token, text in (("wrong", "authentication failed"), (None, "the first frame has to be authenticate")):
        async with connect(strict.websocket, token=token) as client:
            with pytest.raises(NotSentError, match=text):
                await client.ready()


async def test_the_console_asks_for_a_token(house_of: Make) -> None:
    find_server("chromium", "chromium")
    right = "alice-token-alice-token-alice"
    async with house_of(authentication={"tokens": [{"user": "alice", "token": right}]}) as house:
        arguments = json.dumps({"page": f"{house.url}/", "wrong": "wrong-token-wrong-token-wrong", "right": right})
        report = json.loads(await anyio.to_thread.run_sync(node, str(CONSOLE), arguments))
    assert report == {"complaints": [], "barriers": [], "leaked": False}
