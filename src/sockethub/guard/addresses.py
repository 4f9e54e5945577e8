"""Whether an IP address may be connected to, in every disguise. Pure.

``ipaddress.is_global`` is not enough: what it calls global has differed between releases of Python, and it passes
NAT64, 6to4, multicast and site-local addresses that lead to a machine nearby. So the ranges are spelled out, from the
IANA special-purpose address registries (RFC 6890 and its updates).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

from sockethub.guard.reach import Network, Reach

IPAddress: TypeAlias = IPv4Address | IPv6Address

METADATA_SERVICES: Final = (
    IPv4Network("169.254.169.254/32"),  # most clouds
    IPv4Network("169.254.170.2/32"),  # Amazon ECS
    IPv4Network("169.254.170.23/32"),  # Amazon EKS
    IPv4Network("100.100.100.200/32"),  # Alibaba
    IPv4Network("168.63.129.16/32"),  # Azure; a public address by the registries
    IPv4Network("192.0.0.192/32"),  # Oracle
    IPv6Network("fd00:ec2::254/128"),  # Amazon
    IPv6Network("fd00:ec2::23/128"),  # Amazon EKS
    IPv6Network("fd20:ce::254/128"),  # Google
)
"""Where clouds hand out credentials to whoever asks: refused even where private addresses are allowed."""

NEVER: Final = (
    IPv4Network("0.0.0.0/8"),  # "this network" (RFC 791); 0.0.0.0 leads to loopback
    IPv4Network("224.0.0.0/4"),  # multicast (RFC 5771)
    IPv4Network("240.0.0.0/4"),  # reserved, and limited broadcast (RFC 1112, RFC 919)
    IPv6Network("::/128"),  # unspecified (RFC 4291)
    IPv6Network("ff00::/8"),  # multicast (RFC 4291)
)
"""Addresses that no connection is made to, whatever is allowed."""

_NOT_PUBLIC_4: Final = tuple(
    map(
        IPv4Network,
        (
            "10.0.0.0/8",  # private (RFC 1918)
            "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
            "127.0.0.0/8",  # loopback (RFC 1122)
            "169.254.0.0/16",  # link-local (RFC 3927)
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments (RFC 6890)
            "192.0.2.0/24",  # documentation (RFC 5737)
            "192.88.99.0/24",  # 6to4 relays (RFC 7526)
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarking (RFC 2544)
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "233.252.0.0/24",  # documentation, multicast
        ),
    )
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""All that IANA has allocated to the public so far; the rest is private, local or unassigned."""

_NOT_PUBLIC_6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments (RFC 2928): Teredo, benchmarking, ORCHID
            "2001:db8::/32",  # documentation (RFC 3849)
            "2002::/16",  # 6to4 (RFC 7526): a tunnel to whatever IPv4 address is inside
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that a translator connects to."""

_NAT64_LOCAL: Final = IPv6Network("64:ff9b:1::/48")
"""RFC 8215: where the IPv4 address sits is the network's own affair, so that nothing inside can be trusted."""

_TRANSLATED: Final = IPv6Network("::ffff:0:0:0/96")
"""RFC 2765: IPv4-translated."""

_COMPATIBLE: Final = IPv6Network("::/96")
"""RFC 4291 §2.5.5.1: IPv4-compatible, long deprecated."""

_ISATAP: Final = (0x00005EFE, 0x02005EFE)
"""RFC 5214 §6.1: an interface identifier with an IPv4 address in its last 32 bits."""


def vet(address: IPAddress | str, reach: Reach = Reach()) -> str | None:  # noqa: B008 - a frozen value
    """Why ``address`` may not be connected to, in words that follow "its address"; None when it may.

    IPv4 inside IPv6 counts by what is inside as well. Raises ValueError for what is no address.
    """
    if isinstance(address, str):
        address = _parse(address)
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return "has a zone: it is of this machine's own links"
    faces = (address, *_embedded(address))
    if _within(faces, reach.denied_networks):
        return "is denied here"
    if _within(faces, NEVER):
        return "is none that can be connected to"
    if _within((address,), reach.allowed_networks):
        return None
    if _within(faces, METADATA_SERVICES):
        return "is that of a cloud's metadata service"
    if reach.private_addresses or is_public(address):
        return None
    return "is not public; those may not be used here"


def is_public(address: IPAddress) -> bool:
    """Whether an address is one of the open internet, and not a way into another network.

    A NAT64 address is what is inside it.
    """
    if isinstance(address, IPv4Address):
        return not _within((address,), (*_NOT_PUBLIC_4, *NEVER))
    if address in _NAT64 or address.ipv4_mapped is not None:
        return all(map(is_public, _embedded(address)))
    if any(not is_public(inner) for inner in _isatap(address)):
        return False
    return address in _GLOBAL_UNICAST and not _within((address,), _NOT_PUBLIC_6)


def _embedded(address: IPAddress) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address may lead to."""
    if isinstance(address, IPv4Address):
        return ()
    last = IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour, *_isatap(address))
    if address.teredo is not None:
        return address.teredo
    if any(address in network for network in (_NAT64, _NAT64_LOCAL, _TRANSLATED)):
        return (last,)
    if address in _COMPATIBLE and int(address) > 1:
        return (last,)
    return _isatap(address)


def _isatap(address: IPv6Address) -> tuple[IPv4Address, ...]:
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


def _within(addresses: Iterable[IPAddress], networks: Iterable[Network]) -> bool:
    ranges = tuple(networks)
    return any(address.version == network.version and address in network for address in addresses for network in ranges)


def _parse(text: str) -> IPAddress:
    return IPv6Address(text) if ":" in text else IPv4Address(text)
