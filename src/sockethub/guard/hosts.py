"""A host as somebody wrote it, in its one spelling: a name in ASCII, or an address. Pure.

What reads as a number in some way is an address in some program: ``127.1``, ``0x7f.1``, ``0177.0.0.1`` and
``2130706433`` are loopback to ``inet_aton`` and to browsers (WHATWG URL §3.5). Here only the plain spelling is taken.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, TypeAlias

import idna

from sockethub.errors import PlatformError

HOST_CHARACTERS: Final = 253
"""RFC 1035 §2.3.4, without the last dot."""

Host: TypeAlias = str | IPv4Address | IPv6Address

_NUMBER: Final = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
_NAME: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*")


def canonical(text: str) -> Host:
    """The host that ``text`` names: a lower-case ASCII name without a dot at its end, or an address.

    Raises :class:`~sockethub.errors.PlatformError`, condition ``bad-host``.
    """
    if text.startswith("[") and text.endswith("]"):
        return _address6(text[1:-1])
    if ":" in text:
        return _address6(text)
    name = _ascii(text)
    name = name.removesuffix(".")
    if not name or len(name) > HOST_CHARACTERS or not _NAME.fullmatch(name):
        raise _bad("is not a host name")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return _address4(name)
    return name


def _ascii(text: str) -> str:
    """RFC 5891 through UTS #46: digits and dots of other scripts become those of ASCII."""
    try:
        if text.isascii():
            return text.lower()
        return idna.encode(text, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise _bad("is not a host name") from None


def _address4(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except AddressValueError:
        raise _bad("must be written as four decimal numbers") from None


def _address6(text: str) -> IPv6Address:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise _bad("is not an address") from None
    if address.scope_id is not None:
        raise _bad("must not have a zone")
    return address


def _bad(why: str) -> PlatformError:
    return PlatformError(f"the host {why}", condition="bad-host")
