"""Where the declaration lets us connect to: names, ports and addresses, looked at once and then kept.

A name is resolved once; the addresses are vetted; and the connection goes to a vetted address, not to the name, so
that a second answer of the DNS cannot lead elsewhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any, Final, TypeAlias

from sockethub.errors import PlatformError
from sockethub.platforms.irc.refusals import connect_error
from sockethub.worker.interface import Reach

__all__ = ["Endpoint", "is_public", "resolve"]

Endpoint: TypeAlias = "tuple[socket.AddressFamily, tuple[Any, ...]]"
"""A family and an address, as :func:`socket.getaddrinfo` gives them."""

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

# Prefixes that carry an IPv4 address: it is what counts. NAT64 (RFC 6052, RFC 8215): the last 32 bits.
_NAT64: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_SITE_LOCAL: Final = ipaddress.IPv6Network("fec0::/10")


def is_public(address: IPAddress) -> bool:
    """Whether an address is one of the open internet; IPv4 inside IPv6 is taken out first."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        if address in _SITE_LOCAL or address in _COMPATIBLE:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


async def resolve(host: str, port: int, reach: Reach) -> list[Endpoint]:
    """The addresses of a host that may be connected to, in the order to try them.

    Raises :class:`PlatformError`, with the condition ``forbidden`` or ``dns-failure``.
    """
    if reach.hosts and host.rstrip(".").lower() not in {name.rstrip(".").lower() for name in reach.hosts}:
        raise connect_error(f"{host} is not among the servers that may be used here", "forbidden")
    if reach.ports and port not in reach.ports:
        raise connect_error(f"port {port} is not among the ports that may be used here", "forbidden")
    endpoints = await _look_up(host, port)
    if not reach.private_addresses:
        endpoints = [endpoint for endpoint in endpoints if is_public(ipaddress.ip_address(_plain(endpoint)))]
        if not endpoints:
            raise connect_error(f"{host} is not a public address; those may not be used here", "forbidden")
    return endpoints


def _plain(endpoint: Endpoint) -> str:
    address: str = endpoint[1][0]
    return address.partition("%")[0]


async def _look_up(host: str, port: int) -> list[Endpoint]:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return await _ask(host, port)
    # A literal needs no resolver, and no thread.
    if address.version == 4:
        return [(socket.AF_INET, (str(address), port))]
    return [(socket.AF_INET6, (str(address), port, 0, 0))]


async def _ask(host: str, port: int) -> list[Endpoint]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise _unknown(host) from None
    endpoints: list[Endpoint] = []
    for family, _, _, _, address in found:
        if family in (socket.AF_INET, socket.AF_INET6) and (family, address) not in endpoints:
            endpoints.append((family, address))
    if not endpoints:
        raise _unknown(host)
    return endpoints


def _unknown(host: str) -> PlatformError:
    return connect_error(f"there is no server named {host} (DNS)", "dns-failure")
