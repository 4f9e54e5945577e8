"""Ways to connect, and each way in which it can fail, told in plain words and within a bounded time."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import anyio
import pytest

from sockethub.errors import PlatformError
from sockethub.worker.interface import Reach
from tests.integration.irc.driver import Driver, connected, driver
from tests.integration.irc.fake import FakeServer, fake_server, welcome
from tests.support.ircd import SERVER_PASSWORD, IrcServer
from tests.support.processes import free_port
from tests.support.tls import NO_GOOD, issue

pytestmark = pytest.mark.anyio

PREFIX = "unable to connect to server: "


async def refused(it: Driver, **more: Any) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        await it.connect(**more)
    assert str(caught.value).startswith(PREFIX)
    assert not it.platform.connected
    return caught.value


@pytest.mark.parametrize("which", ["ngircd", "inspircd"])
async def test_tls(which: str, request: pytest.FixtureRequest) -> None:
    server: IrcServer = request.getfixturevalue(which)
    options = {"tls_ca_file": str(server.authority)}
    async with driver("ann", ("localhost", server.tls_port), **options) as ann:
        await ann.connect(secure=True)
        await ann.join("#tls")
        await ann.saw("query", "attendance")


async def test_tls_to_an_address(ngircd: IrcServer) -> None:
    async with driver("ann", (ngircd.host, ngircd.tls_port), tls_ca_file=str(ngircd.authority)) as ann:
        await ann.connect(secure=True)


async def test_tls_untrusted(ngircd: IrcServer) -> None:
    async with driver("ann", ("localhost", ngircd.tls_port)) as ann:
        error = await refused(ann, secure=True)
        assert error.condition == "certificate-untrusted"
        assert "cannot be trusted" in str(error)


@pytest.mark.parametrize("certificate", NO_GOOD)
async def test_certificates_that_prove_nothing(certificate: str, tmp_path: Path) -> None:
    files = issue(tmp_path, **NO_GOOD[certificate])
    async with fake_server(tls=files.server_context()) as fake:
        async with driver("ann", ("localhost", fake.port), tls_ca_file=str(files.authority)) as ann:
            assert (await refused(ann, secure=True)).condition == "certificate-untrusted"
        assert fake.lines == [], "and nothing was said to it"


async def test_tls_unverified_by_the_operator(ngircd: IrcServer) -> None:
    async with driver("ann", ("localhost", ngircd.tls_port), tls_verify=False) as ann:
        await ann.connect(secure=True)


async def test_authorities_that_cannot_be_read(ngircd: IrcServer) -> None:
    async with driver("ann", ("localhost", ngircd.tls_port), tls_ca_file="/nowhere/ca.pem") as ann:
        assert (await refused(ann, secure=True)).condition == "misconfigured"


@pytest.mark.parametrize("which", ["ngircd", "inspircd"])
async def test_tls_to_a_plain_port_fails_fast(which: str, request: pytest.FixtureRequest) -> None:
    server: IrcServer = request.getfixturevalue(which)
    async with driver("ann", server, tls_handshake_seconds=2) as ann:
        began = time.monotonic()
        error = await refused(ann, secure=True)
        assert error.condition == "tls-failed"
        assert '"secure" to false' in str(error)
        assert time.monotonic() - began < 4


async def test_plain_to_a_tls_port(ngircd: IrcServer) -> None:
    async with driver("ann", (ngircd.host, ngircd.tls_port), connect_seconds=2) as ann:
        error = await refused(ann)
        assert error.condition in ("connection-closed", "timeout")


async def test_server_password(ngircd_with_password: IrcServer) -> None:
    async with driver("ann", ngircd_with_password) as ann:
        await ann.connect(password=SERVER_PASSWORD)
        assert ann.platform.connected


async def test_wrong_server_password(ngircd_with_password: IrcServer) -> None:
    async with driver("ann", ngircd_with_password) as ann:
        error = await refused(ann, password="let-me-in")
        assert error.condition == "wrong-password"
        assert "let-me-in" not in str(error)


async def test_password_refused_without_sasl(ngircd_with_password: IrcServer) -> None:
    async with driver("ann", ngircd_with_password, password_without_sasl="refuse") as ann:
        assert (await refused(ann, password=SERVER_PASSWORD)).condition == "sasl-failed"


async def test_explicit_mechanism_wants_sasl(ngircd: IrcServer) -> None:
    async with driver("ann", ngircd) as ann:
        assert (await refused(ann, password="p", saslMechanism="PLAIN")).condition == "sasl-failed"


async def test_nick_in_use(ngircd: IrcServer) -> None:
    async with connected("ann", ngircd), driver("ann", ngircd) as other:
        error = await refused(other)
        assert error.condition == "nickname-in-use"
        assert str(error).startswith(PREFIX + "nicknames unavailable")


async def test_connect_after_a_failure(ngircd: IrcServer) -> None:
    async with driver("bob", ngircd) as bob:
        async with connected("bob", ngircd):
            await refused(bob)
        await bob.connect()
        assert bob.platform.connected


async def test_erroneous_nick(ngircd: IrcServer) -> None:
    async with driver("9lives", ngircd) as ann:
        assert (await refused(ann)).condition == "erroneous-nickname"


async def test_nick_that_is_no_word(ngircd: IrcServer) -> None:
    async with driver("bad nick\r\nQUIT", ngircd) as ann:
        assert (await refused(ann)).condition == "bad-credentials"


async def test_nothing_listens() -> None:
    async with driver("ann", ("127.0.0.1", free_port())) as ann:
        assert (await refused(ann)).condition == "connection-refused"


async def test_no_such_host() -> None:
    async with driver("ann", ("no-such-host.invalid", 6667)) as ann:
        assert (await refused(ann)).condition == "dns-failure"


async def test_silent_server() -> None:
    async def silent(server: FakeServer, line: str) -> None: ...

    async with fake_server(silent) as fake, driver("ann", (fake.host, fake.port), connect_seconds=1) as ann:
        began = time.monotonic()
        assert (await refused(ann)).condition == "timeout"
        assert time.monotonic() - began < 3


async def test_server_that_speaks_a_byte_at_a_time() -> None:
    """It gets no more time for that."""

    async def dribble(server: FakeServer, line: str) -> None:
        for byte in b":irc.fake NOTICE * :" + bytes(1000):
            server.writer.write(bytes([byte]))
            await anyio.sleep(0.05)

    async with fake_server(dribble) as fake, driver("ann", (fake.host, fake.port), connect_seconds=1) as ann:
        began = time.monotonic()
        assert (await refused(ann)).condition == "timeout"
        assert time.monotonic() - began < 3


async def test_server_that_hangs_up() -> None:
    async def rude(server: FakeServer, line: str) -> None:
        server.hang_up()

    async with fake_server(rude) as fake, driver("ann", (fake.host, fake.port)) as ann:
        assert (await refused(ann)).condition == "connection-closed"
        assert (await refused(ann, password="p")).condition == "connection-closed"


@pytest.mark.parametrize(
    ("said", "condition"),
    [
        (":irc.fake 465 ann :You are banned from this server", "banned"),
        ("ERROR :Closing link: (a@h) [K-Lined: spam]", "banned"),
        ("ERROR :Too many connections", "connection-closed"),
        (":irc.fake 464 ann :Password incorrect", "wrong-password"),
    ],
)
async def test_server_that_refuses(said: str, condition: str) -> None:
    async def refusing(server: FakeServer, line: str) -> None:
        if line.startswith("USER"):
            server.say(said)
            server.hang_up()

    async with fake_server(refusing) as fake, driver("ann", (fake.host, fake.port)) as ann:
        assert (await refused(ann)).condition == condition


async def test_private_addresses_only_where_allowed(ngircd: IrcServer) -> None:
    for host in ("127.0.0.1", "localhost", "::ffff:127.0.0.1", "64:ff9b::7f00:1"):
        async with driver("ann", (host, ngircd.port)) as ann:
            ann.platform.context = dataclasses.replace(ann.platform.context, reach=Reach())
            assert (await refused(ann)).condition == "forbidden"


async def test_only_declared_hosts_and_ports(ngircd: IrcServer) -> None:
    reaches = (
        Reach(private_addresses=True, hosts=("irc.example",)),
        Reach(private_addresses=True, ports=(6697,)),
    )
    for reach in reaches:
        async with driver("ann", ngircd) as ann:
            ann.platform.context = dataclasses.replace(ann.platform.context, reach=reach)
            assert (await refused(ann)).condition == "forbidden"
    async with driver("ann", ngircd) as ann:
        reach = Reach(private_addresses=True, hosts=("127.0.0.1",), ports=(ngircd.port,))
        ann.platform.context = dataclasses.replace(ann.platform.context, reach=reach)
        await ann.connect()


async def test_nothing_is_sent_before_capabilities_are_known() -> None:
    async with fake_server() as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect(password="p")
        assert fake.lines[0] == "CAP LS 302"
        assert fake.lines.index("PASS p") < fake.lines.index("NICK ann")
        assert fake.lines.count("PASS p") == 1


async def sasl_server(server: FakeServer, line: str) -> None:
    if line.startswith("CAP LS"):
        server.say(":irc.fake CAP * LS * :multi-prefix", ":irc.fake CAP * LS :sasl=PLAIN,OAUTHBEARER")
    elif line.startswith("AUTHENTICATE PLAIN") or line.startswith("AUTHENTICATE OAUTHBEARER"):
        server.say("AUTHENTICATE +")
    elif line == "AUTHENTICATE AGFubgBzZXNhbWU=" or line.startswith("AUTHENTICATE bixhPWFubi"):
        server.say(":irc.fake 900 ann ann!a@h ann :You are now logged in", ":irc.fake 903 ann :SASL successful")
    elif line.startswith("AUTHENTICATE"):
        server.say(":irc.fake 904 ann :SASL authentication failed")
    elif line.startswith("USER"):
        pass
    elif line == "CAP END":
        await welcome(server, "USER")
    else:
        await welcome(server, line)


@pytest.mark.parametrize("secret", [{"password": "sesame"}, {"token": "t0ken"}], ids=str)
async def test_sasl(secret: dict[str, Any]) -> None:
    async with fake_server(sasl_server) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect(**secret)
        assert ann.platform.connected
        assert not [line for line in fake.lines if line.startswith("PASS")]


async def test_sasl_failure() -> None:
    async with fake_server(sasl_server) as fake, driver("ann", (fake.host, fake.port)) as ann:
        error = await refused(ann, password="wrong")
        assert error.condition == "wrong-password"
        assert "wrong\0" not in str(error)
        assert not [line for line in fake.lines if line.startswith("PASS")]
