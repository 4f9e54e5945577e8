"""Resolving a host once, vetting every address, connecting to a vetted one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final, TypeAlias

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from sockethub.errors import PlatformError
from sockethub.guard.addresses import vet
from sockethub.guard.hosts import Host, canonical
from sockethub.guard.reach import Reach

Endpoint: TypeAlias = "tuple[socket.AddressFamily, tuple[Any, ...]]"
"""A family and an address, as :func:`socket.getaddrinfo` gives them."""

Resolver: TypeAlias = Callable[[str, int], Awaitable[list[Endpoint]]]
"""From a name and a port to endpoints; raises OSError when there are none."""

ATTEMPT_SECONDS: Final = 4.0
"""For one address of several: an address family that leads nowhere must not use up all the time. Long enough for TCP to
ask three times (RFC 6298: again after 1 s and 3 s)."""

LOOKUP_SECONDS: Final = 10.0
"""For a name. The system's resolver goes on for longer, in its thread."""

LOOKUPS: Final = 16
"""Names looked up at once in one process, each in a thread. More than one slow name server can hold up, and few
enough for the threads' stacks."""

ADDRESSES: Final = 16
"""Addresses of one name that are looked at; a longer answer is somebody's way to have us knock at many doors."""

_lookups: Final = RunVar[anyio.CapacityLimiter]("sockethub.guard.lookups")


async def system_resolver(name: str, port: int) -> list[Endpoint]:
    """What the system knows: files, DNS."""
    try:
        limiter = _lookups.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(LOOKUPS)
        _lookups.set(limiter)
    ask = partial(socket.getaddrinfo, name, port, type=socket.SOCK_STREAM)
    found = await anyio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=limiter)
    endpoints: list[Endpoint] = []
    for family, _, _, _, address in found:
        if family in (socket.AF_INET, socket.AF_INET6) and (family, address) not in endpoints:
            endpoints.append((family, address))
    return endpoints


async def resolve(host: str, port: int, reach: Reach, resolver: Resolver = system_resolver) -> list[Endpoint]:
    """The endpoints of a host that may be connected to, in the order to try them.

    A name of which *any* address is refused is refused: an honest name does not mix.
    Raises :class:`~sockethub.errors.PlatformError`, condition ``bad-host``, ``forbidden``, ``dns-failure`` or
    ``timeout``.
    """
    known = canonical(host)
    if reach.refuses_host(str(known)):
        raise _forbidden(f"{known} is not among the hosts that may be used here")
    if reach.refuses_port(port):
        raise _forbidden(f"port {port} is not among the ports that may be used here")
    endpoints = await _look_up(known, port, resolver)
    for _, address in endpoints:
        refusal = vet(ip_address(address[0]), reach)
        if refusal is not None:
            raise _forbidden(f"{known} may not be used: its address {refusal}")
    return endpoints


async def connect(endpoints: list[Endpoint]) -> socket.socket:
    """A connected socket to the first endpoint that answers; raises the last one's OSError."""
    last: OSError = ConnectionError("no address to try")
    for index, (family, address) in enumerate(endpoints):
        final = index == len(endpoints) - 1
        try:
            with anyio.fail_after(None if final else ATTEMPT_SECONDS):
                return await _connected(family, address)
        except OSError as error:  # TimeoutError is one.
            last = error
    raise last


async def _look_up(host: Host, port: int, resolver: Resolver) -> list[Endpoint]:
    # A literal needs no resolver, and no thread.
    if isinstance(host, IPv4Address):
        return [(socket.AF_INET, (str(host), port))]
    if isinstance(host, IPv6Address):
        return [(socket.AF_INET6, (str(host), port, 0, 0))]
    try:
        with anyio.fail_after(LOOKUP_SECONDS):
            endpoints = await resolver(host, port)
    except TimeoutError:
        raise PlatformError(f"nobody says where {host} is (DNS)", condition="timeout") from None
    except (socket.gaierror, UnicodeError):
        endpoints = []
    if not endpoints:
        raise PlatformError(f"there is no host named {host} (DNS)", condition="dns-failure")
    return endpoints[:ADDRESSES]


async def _connected(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        # Commands are small and each waits for its answer: Nagle's algorithm would only delay them.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def _forbidden(text: str) -> PlatformError:
    return PlatformError(text, condition="forbidden")
