"""Addresses of clients, and what limits count them as."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

SUBSCRIBER_BITS: Final = 64
"""What one subscriber has of IPv6 (RFC 6177 §2); it may take another address within it for each connection."""


def subscriber(address: str) -> str:
    """What limits count ``address`` as: itself, for IPv6 its network of 64 bits."""
    found = parse_address(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, SUBSCRIBER_BITS), strict=False))
    return str(found) if found is not None else address


def parse_address(text: str) -> Address | None:
    """An address with or without a port, brackets or zone; IPv4 in IPv6 as IPv4. None where it is none."""
    text = text.strip()
    if text.startswith("["):
        text, bracket, port = text[1:].partition("]")
        if not bracket or (port and not _is_port(port)):
            return None
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        if not _is_port(":" + port):
            return None
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _is_port(text: str) -> bool:
    return text.startswith(":") and text[1:].isascii() and text[1:].isdigit() and len(text) <= 6
