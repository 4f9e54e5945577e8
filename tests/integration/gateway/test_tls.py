"""TLS that the gateway ends itself, with real clients."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketStream

from sockethub.gateway import server
from tests.integration.gateway.conftest import House, Make
from tests.integration.gateway.test_authentication import ALICE, ECHO, STATIC
from tests.support.tls import Certificates, issue
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio


@pytest.fixture
def served(certificates: Certificates, tmp_path: Path) -> Certificates:
    """Files of the test's own, to be replaced."""
    for file in (certificates.certificate, certificates.key, certificates.authority):
        shutil.copy(file, tmp_path / file.name)
    (tmp_path / "key.pem").chmod(0o600)
    return Certificates(tmp_path / "ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem")


@pytest.fixture
async def house(house_of: Make, served: Certificates, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(server, "BEAT_SECONDS", 0.1)
    tls = {"certificate": str(served.certificate), "key": str(served.key), "handshake_seconds": 1}
    async with house_of(tls=tls, authentication=STATIC | {"seconds": 5}) as running:
        yield running


def secure(house: House) -> str:
    return f"wss://localhost:{house.port}/ws"


def shown(house: House, context: ssl.SSLContext) -> bytes | None:
    """The certificate that a new connection gets, as DER."""
    with (
        socket.create_connection(("127.0.0.1", house.port), 5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wrapped,
    ):
        return wrapped.getpeercert(binary_form=True)


async def test_both_transports_by_tls(house: House, served: Certificates) -> None:
    async with ws_client(secure(house), ssl=served.client_context()) as client:
        assert (await client.ok("authenticate", {"token": ALICE}))["user"] == "alice"
        await client.ok("message", ECHO)
    command = ["node", "auth.mjs", f"https://localhost:{house.port}", "websocket", ALICE]
    environment = os.environ | {"NODE_EXTRA_CA_CERTS": str(served.authority)}
    scripts = Path(__file__).parents[1] / "js"
    with anyio.fail_after(40):
        done = await anyio.run_process(command, cwd=scripts, env=environment, check=False)
    assert json.loads(done.stdout)["ack"]["object"]["content"] == "hi", done.stderr.decode()


async def ended(stream: SocketStream) -> bytes:
    """All that comes until the gateway ends the connection."""
    received = b""
    with anyio.fail_after(10), suppress(anyio.EndOfStream, anyio.BrokenResourceError):
        while True:
            received += await stream.receive()
    return received


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_versions_weak_ciphers_and_plain_text_are_refused(house: House, served: Certificates) -> None:
    old, weak = served.client_context(), served.client_context()
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("AES128-SHA:ECDHE+SHA1")
    for context in (old, weak):
        with pytest.raises(ssl.SSLError):
            await anyio.to_thread.run_sync(shown, house, context)
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"HTTP" not in await ended(stream)


async def test_a_slow_hello_is_cut(house: House) -> None:
    began = time.monotonic()
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(b"\x16\x03\x01\x02\x00")  # the head of a hello, and nothing more
        await ended(stream)
    assert time.monotonic() - began < 5


async def test_a_renewed_certificate_is_shown_and_a_broken_one_is_not(house: House, served: Certificates) -> None:
    async with ws_client(secure(house), ssl=served.client_context()) as client:
        await client.ok("authenticate", {"token": ALICE})
        before = await anyio.to_thread.run_sync(shown, house, served.client_context())
        served.key.write_text("no key")
        await anyio.sleep(0.5)
        assert await anyio.to_thread.run_sync(shown, house, served.client_context()) == before
        renewed = issue(served.key.parent)
        renewed.key.chmod(0o600)
        with anyio.fail_after(10):
            after = None
            while after is None:
                await anyio.sleep(0.1)
                with suppress(ssl.SSLError):  # of the authority before
                    after = await anyio.to_thread.run_sync(shown, house, renewed.client_context())
        assert after != before
        await client.ok("message", ECHO)
