"""Opening the way to a server: where it is (DNS SRV), TCP through the guard, TLS from the first byte where wanted."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from slixmpp.xmlstream import resolver

from sockethub import guard
from sockethub.errors import PlatformError
from sockethub.platforms.xmpp.login import DIRECT_TLS_PORT, PORT, Login
from sockethub.platforms.xmpp.options import Options
from sockethub.platforms.xmpp.refusals import connect_error
from sockethub.worker.interface import Reach

__all__ = ["Dialler", "Place", "find_services", "tls_context"]

DIRECT: Final = "xmpps-client"
STARTTLS: Final = "xmpp-client"
PLACES: Final = 8
"""Servers of one domain that are tried; a longer answer of the DNS is somebody's way to have us knock at many doors."""


class Place(NamedTuple):
    """Where a server is, and whether it speaks TLS from the first byte."""

    host: str
    port: int
    direct_tls: bool


FindServices = Callable[[str], Awaitable[list[Place]]]


def tls_context(options: Options) -> ssl.SSLContext:
    """TLS as the operator wants it; by default the system's authorities and full verification."""
    context = ssl.create_default_context(cafile=options.tls_ca_file)
    if not options.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def find_services(domain: str) -> list[Place]:
    """What the DNS says (RFC 6120 §3.2.1, XEP-0368), in the order to try; empty when it says nothing."""
    loop = asyncio.get_running_loop()
    asked = resolver.default_resolver(loop=loop)
    found = await resolver.get_SRV(domain, PORT, [DIRECT, STARTTLS], resolver=asked)
    return [Place(host, port, service == DIRECT) for service, host, port in found if host.rstrip(".")]


@dataclass(frozen=True, slots=True)
class Dialler:
    """Connects a protocol to the server of a login. ``tls`` is for services with TLS from the first byte."""

    options: Options
    reach: Reach
    tls: ssl.SSLContext
    find: FindServices = find_services

    async def __call__(self, protocol: asyncio.BaseProtocol, login: Login) -> None:
        """Connect. Raises :class:`PlatformError`: the last one, where several places were tried."""
        last = connect_error(f"nothing says where the server of {login.jid.domain} is", "dns-failure")
        for place in await self._places(login):
            try:
                await self._connect(protocol, place, login.jid.domain)
            except PlatformError as error:
                last = error
                continue
            return
        raise last

    async def _places(self, login: Login) -> list[Place]:
        domain = login.jid.domain
        if login.host is not None or login.port is not None:
            host = (login.host or domain).removeprefix("[").removesuffix("]")
            return [Place(host, login.port or (DIRECT_TLS_PORT if login.direct_tls else PORT), login.direct_tls)]
        if _is_local(domain):
            return [Place(domain, PORT, False)]
        return (await self.find(domain))[:PLACES] or [Place(domain, PORT, False)]

    async def _connect(self, protocol: asyncio.BaseProtocol, place: Place, domain: str) -> None:
        try:
            connected = await guard.connect(await guard.resolve(place.host, place.port, self.reach))
        except PlatformError as error:
            raise connect_error(str(error), error.condition) from None
        except OSError as error:  # TimeoutError is one.
            raise _tcp_error(error, place) from None
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: protocol,
                sock=connected,
                ssl=self.tls if place.direct_tls else None,
                # The certificate is the domain's, wherever the DNS has led (RFC 6120 §13.7.1.2).
                server_hostname=domain if place.direct_tls else None,
                ssl_handshake_timeout=self.options.tls_handshake_seconds if place.direct_tls else None,
            )
        except (OSError, asyncio.IncompleteReadError) as error:
            connected.close()
            raise tls_error(error, place.host) from None
        except BaseException:
            connected.close()
            raise


def _is_local(domain: str) -> bool:
    """Whether the DNS has nothing to say: an address, or a name of this machine."""
    return domain == "localhost" or domain.startswith("[") or domain.replace(".", "").isdigit()


def _tcp_error(error: OSError, place: Place) -> PlatformError:
    if isinstance(error, ConnectionRefusedError):
        return connect_error(
            f"{place.host}:{place.port} refuses connections; nothing listens there", "connection-refused"
        )
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return connect_error(f"{place.host}:{place.port} does not answer", "timeout")
    return connect_error(f"{place.host}:{place.port} cannot be reached", "unreachable")


def tls_error(error: Exception, host: str) -> PlatformError:
    """Why there is no TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return connect_error(f"the certificate of {host} cannot be trusted ({why})", "certificate-untrusted")
    return connect_error(f"no TLS with {host}; is it the port for TLS from the first byte?", "tls-failed")
