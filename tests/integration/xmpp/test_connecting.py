"""Getting to a server, and everything that can be in the way."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sockethub.errors import PlatformError
from sockethub.worker.interface import Reach
from tests.integration.xmpp.driver import connected, driver, person
from tests.support.processes import free_port
from tests.support.prosody import XmppServer, run_prosody
from tests.support.streamserver import tcp_server
from tests.support.tcpproxy import tcp_proxy
from tests.support.tls import NO_GOOD, issue

pytestmark = pytest.mark.anyio


async def test_tls_that_is_asked_for(prosody: XmppServer) -> None:
    async with connected("alice", prosody) as alice:
        assert alice.platform.connected


async def test_tls_from_the_first_byte(prosody: XmppServer) -> None:
    async with driver("alice", prosody) as alice:
        await alice.connect(server=f"xmpps://{prosody.host}:{prosody.tls_port}", port=None)
        assert alice.platform.connected


async def test_a_server_that_only_the_address_names(prosody: XmppServer) -> None:
    """The domain itself; the DNS has nothing to say about ``localhost``."""
    async with driver("alice", prosody) as alice:
        await alice.connect(server=None)
        assert alice.platform.connected


async def test_connecting_again_changes_nothing_and_tells_what_one_can_do(prosody: XmppServer) -> None:
    async with connected("alice", prosody) as alice:
        await alice.saw("update", "capabilities")
        alice.emitted.clear()
        await alice.connect()
        assert (await alice.saw("update", "capabilities"))["xmpp:services"]["rooms"] == prosody.rooms


async def _refusal(prosody: XmppServer, *, reach: Reach | None = None, **changes: object) -> PlatformError:
    options = {key: changes.pop(key) for key in ("tls_ca_file", "require_tls", "connect_seconds") if key in changes}
    more = {} if reach is None else {"reach": reach}
    async with driver("alice", prosody, **more, **options) as alice:
        with pytest.raises(PlatformError) as caught:
            await alice.connect(**changes)
        assert str(caught.value).startswith(("connection failed: ", "credentials: "))
        assert not alice.platform.connected
        assert alice.losses == []
        return caught.value


async def test_a_wrong_password(prosody: XmppServer) -> None:
    error = await _refusal(prosody, password="not-this-one")
    assert error.condition == "wrong-password"
    assert "not-this-one" not in str(error)


async def test_an_account_that_is_not_there(prosody: XmppServer) -> None:
    assert (await _refusal(prosody, userAddress="nobody-here@localhost")).condition == "wrong-password"


async def test_a_token_where_none_is_taken(prosody: XmppServer) -> None:
    assert (await _refusal(prosody, password=None, token="abc")).condition == "sasl-failed"


async def test_a_host_that_is_not_there(prosody: XmppServer) -> None:
    assert (await _refusal(prosody, server="no-such-host.invalid")).condition == "dns-failure"


async def test_a_port_where_nothing_listens(prosody: XmppServer) -> None:
    assert (await _refusal(prosody, port=free_port())).condition == "connection-refused"


async def test_a_certificate_that_nobody_trusts(prosody: XmppServer) -> None:
    """After STARTTLS, and where TLS comes first."""
    assert (await _refusal(prosody, tls_ca_file=None)).condition == "certificate-untrusted"
    direct = {"server": f"xmpps://{prosody.host}", "port": prosody.tls_port}
    assert (await _refusal(prosody, tls_ca_file=None, **direct)).condition == "certificate-untrusted"


@pytest.mark.parametrize("certificate", NO_GOOD)
async def test_certificates_that_prove_nothing(certificate: str, tmp_path: Path) -> None:
    with run_prosody(issue(tmp_path, **NO_GOOD[certificate])) as server:
        assert (await _refusal(server)).condition == "certificate-untrusted"


async def test_tls_from_the_first_byte_where_there_is_none(prosody: XmppServer) -> None:
    direct = {"server": f"xmpps://{prosody.host}", "port": prosody.port}
    assert (await _refusal(prosody, **direct)).condition == "tls-failed"


async def test_a_domain_that_the_server_does_not_serve(prosody: XmppServer) -> None:
    error = await _refusal(prosody, userAddress="alice@elsewhere.example")
    assert error.condition in ("host-unknown", "certificate-untrusted")


async def test_a_host_that_the_operator_forbids(prosody: XmppServer) -> None:
    assert (await _refusal(prosody, reach=Reach())).condition == "forbidden"


@pytest.mark.parametrize(
    "changes",
    [
        {"userAddress": "nodomain"},
        {"userAddress": "@localhost"},
        {"userAddress": "a b@localhost"},
        {"server": "http://localhost"},
        {"password": None},
        {"token": "both"},
        {"resource": "\x00"},
    ],
    ids=str,
)
async def test_credentials_that_cannot_be(prosody: XmppServer, changes: dict[str, str | None]) -> None:
    assert (await _refusal(prosody, **changes)).condition == "bad-credentials"


HEADER = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>"


@asynccontextmanager
async def _scripted(*parts: bytes, stay: bool = True) -> AsyncIterator[int]:
    """A server that says one part after each thing it hears; the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            if not await reader.read(65_536):
                break
            writer.write(part)
        while stay and await reader.read(65_536):
            pass

    async with tcp_server(serve) as port:
        yield port


PLAIN = b"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
ANONYMOUS = PLAIN.replace(b"PLAIN", b"ANONYMOUS")


async def test_no_password_goes_to_a_server_without_tls(prosody: XmppServer) -> None:
    heard = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(65_536))
        writer.write(HEADER + b"<stream:features>" + PLAIN + b"</stream:features>")
        while data := await reader.read(65_536):
            heard.extend(data)

    async with tcp_server(serve) as port:
        for required in (True, False):
            error = await _refusal(prosody, port=port, require_tls=required)
            assert error.condition == "tls-failed"
    assert b"<auth" not in heard


async def test_a_login_that_proves_nothing_is_not_taken(prosody: XmppServer) -> None:
    """A server that lets anybody in could be any server."""
    async with _scripted(HEADER + b"<stream:features>" + ANONYMOUS + b"</stream:features>") as port:
        assert (await _refusal(prosody, port=port)).condition in ("tls-failed", "sasl-failed")


async def test_a_server_that_is_silent(prosody: XmppServer) -> None:
    async with _scripted() as port:
        error = await _refusal(prosody, port=port, connect_seconds=0.3)
    assert error.condition == "timeout"


async def test_a_server_that_closes_at_once(prosody: XmppServer) -> None:
    async with _scripted(HEADER, stay=False) as port:
        assert (await _refusal(prosody, port=port)).condition == "connection-closed"


@pytest.mark.parametrize(
    ("said", "condition"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "timeout"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + HEADER, "garbage"),
        (HEADER + b"<stream:features><", "timeout"),
        (
            HEADER + b"<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>evil.example"
            b"</see-other-host></stream:error></stream:stream>",
            "see-other-host",
        ),
        (HEADER + b"<a>" * 500, "garbage"),
    ],
    ids=["another protocol", "a document type", "never ending", "elsewhere", "too deep"],
)
async def test_what_is_no_xmpp(prosody: XmppServer, said: bytes, condition: str) -> None:
    async with _scripted(said) as port:
        assert (await _refusal(prosody, port=port, connect_seconds=0.5)).condition == condition


async def test_the_same_resource_elsewhere_ends_this_login(prosody: XmppServer) -> None:
    """Fighting for it would never end: the later login stays."""
    async with driver("alice", prosody) as first, driver("alice", prosody) as second:
        await first.connect(resource="desk")
        await second.connect(resource="desk")
        await first.until(lambda: bool(first.losses))
        assert "another login with the same resource" in first.losses[0]
        assert second.platform.connected


async def test_channel_binding_where_the_server_has_it(prosody: XmppServer) -> None:
    """SCRAM-…-PLUS (RFC 5802 §6) is what is chosen; Prosody offers it up to TLS 1.2."""
    from sockethub.platforms.xmpp import XmppPlatform
    from sockethub.platforms.xmpp import platform as module

    context = ssl.create_default_context(cafile=str(prosody.authority))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    original = module.tls_context
    module.tls_context = lambda options: context
    try:
        async with connected("alice", prosody) as alice:
            assert isinstance(alice.platform, XmppPlatform)
            assert alice.platform._session is not None
            mechanism = alice.platform._session._stream.plugin["feature_mechanisms"].mech.name
            assert mechanism.endswith("-PLUS")
    finally:
        module.tls_context = original


async def test_a_slow_way_is_still_a_way(prosody: XmppServer) -> None:
    async with tcp_proxy(prosody.host, prosody.port) as proxy, driver("alice", prosody) as alice:
        await alice.connect(server=proxy.host, port=proxy.port)
        await alice.say(person(alice.jid), "to myself")
        assert proxy.connections == 1
