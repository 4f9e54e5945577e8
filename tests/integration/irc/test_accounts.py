"""Accounts on a real network: InspIRCd with Atheme's NickServ and SaslServ."""

from __future__ import annotations

import datetime
import secrets

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sockethub.errors import PlatformError
from tests.integration.irc.driver import Driver, connected, driver
from tests.support.ircd import IrcServer

pytestmark = pytest.mark.anyio


def _fresh() -> str:
    return f"u{secrets.token_hex(4)}"


async def _tell(it: Driver, text: str, expected: str) -> None:
    """Say something to NickServ, and wait for an answer with this word in it."""
    await it.say(it.person("NickServ"), text)
    await it.until(lambda: any(expected in str(each.get("object", {}).get("content")) for each in it.emitted))


async def _registered(server: IrcServer, nick: str, password: str = "sesame") -> None:
    async with connected(nick, server) as it:
        await _tell(it, f"REGISTER {password} {nick}@test.example", "registered")


async def _account(server: IrcServer, nick: str) -> str | None:
    """The account that others see somebody have (330 in WHOIS)."""
    async with connected(_fresh(), server) as it:
        profile = await it.do("query", it.person(nick), {"type": "profile"})
        assert profile is not None
        account = profile["object"].get("irc:account")
        assert account is None or isinstance(account, str)
        return account


async def test_plain(services: IrcServer) -> None:
    nick = _fresh()
    await _registered(services, nick)
    async with driver(nick, services) as it:
        await it.connect(password="sesame")
        assert await _account(services, nick) == nick


async def test_an_account_of_another_name(services: IrcServer) -> None:
    account, nick = _fresh(), _fresh()
    await _registered(services, account)
    async with driver(nick, services) as it:
        await it.connect(password="sesame", username=account)
        assert await _account(services, nick) == account


async def test_a_wrong_password(services: IrcServer) -> None:
    nick = _fresh()
    await _registered(services, nick)
    async with driver(nick, services) as it:
        with pytest.raises(PlatformError) as caught:
            await it.connect(password="wrong")
        assert caught.value.condition == "wrong-password"
        assert not it.platform.connected


def _certificate() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (builder.sign(key, hashes.SHA256()).public_bytes(pem) + secret).decode()


async def test_external(services: IrcServer) -> None:
    """The certificate is made known to NickServ by a login that has it, and from then on is enough."""
    nick, pem = _fresh(), _certificate()
    tls = {"secure": True, "certificate": pem}
    place = (services.host, services.tls_port)
    await _registered(services, nick)
    trust = {"tls_ca_file": str(services.authority)}
    async with driver(nick, place, **trust) as it:
        await it.connect(password="sesame", **tls)
        await _tell(it, "CERT ADD", "fingerprint")
    async with driver(nick, place, **trust) as it:
        await it.connect(saslMechanism="EXTERNAL", **tls)
        assert await _account(services, nick) == nick
    async with driver(nick, place, **trust) as it:
        with pytest.raises(PlatformError) as caught:
            await it.connect(saslMechanism="EXTERNAL", **tls | {"certificate": _certificate()})
        assert caught.value.condition == "wrong-password"


@pytest.mark.parametrize("pem", ["-----BEGIN nothing-----", _certificate().partition("-----BEGIN PRIVATE")[0]])
async def test_a_certificate_that_is_none(services: IrcServer, pem: str) -> None:
    async with driver(_fresh(), (services.host, services.tls_port), tls_ca_file=str(services.authority)) as it:
        with pytest.raises(PlatformError) as caught:
            await it.connect(saslMechanism="EXTERNAL", secure=True, certificate=pem)
        assert caught.value.condition == "bad-credentials"


async def test_what_proves_nothing_is_not_sent(services: IrcServer) -> None:
    async with driver(_fresh(), services) as it:
        with pytest.raises(PlatformError, match="EXTERNAL needs a certificate"):
            await it.connect(saslMechanism="EXTERNAL")
        with pytest.raises(PlatformError, match="a certificate is for TLS"):
            await it.connect(saslMechanism="EXTERNAL", certificate=_certificate())


async def test_nickserv_where_there_is_no_sasl(services_without_sasl: IrcServer) -> None:
    nick = _fresh()
    await _registered(services_without_sasl, nick)
    async with driver(nick, services_without_sasl, password_without_sasl="nickserv") as it:
        await it.connect(password="sesame")
        assert await _account(services_without_sasl, nick) == nick
    async with driver(nick, services_without_sasl, password_without_sasl="nickserv") as it:
        with pytest.raises(PlatformError) as caught:
            await it.connect(password="wrong")
        assert caught.value.condition == "wrong-password"


async def test_no_nickserv(ngircd: IrcServer) -> None:
    async with driver(_fresh(), ngircd, password_without_sasl="nickserv") as it:
        with pytest.raises(PlatformError, match="there is no NickServ"):
            await it.connect(password="sesame")
