"""Who a client is on the network, where reverse proxies stand between (RFC 7239, and the older ``X-Forwarded-For``).

Each proxy appends whom it was asked by. Read from the right, an entry is to be believed as long as the one who wrote it
is trusted; the first address that is not a trusted proxy's is the client's. Everything to the left of it was written by
the client, or by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import islice
from typing import Any, Final

from sockethub.guard.reach import Network
from sockethub.sessions.addresses import Address, parse_address

Headers = Iterable[tuple[bytes, bytes]]

PEER: Final = "sockethub.peer"
"""Where an ASGI scope has its :class:`Peer`."""

HOPS: Final = 20
"""Entries that are looked at: more proxies in a row there are not."""

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_DELIMITERS: Final = re.compile(r'[\s;,="]')


@dataclass(frozen=True, slots=True)
class Peer:
    """The client of one request.

    ``address`` is ``""`` where it is not known. ``scheme`` and ``host`` are as the client asked for them, None where
    no proxy says. ``trusted`` is whether the request came by a trusted proxy, ``forwarded`` whether that said for whom.
    """

    address: str
    trusted: bool = False
    forwarded: bool = False
    scheme: str | None = None
    host: str | None = None


def peer(socket_address: str, headers: Headers, trusted: Sequence[Network], kind: str) -> Peer:
    """The client of a request that came from ``socket_address``.

    ``kind`` is ``x-forwarded-for`` or ``forwarded``: the header that the proxies in ``trusted`` write.
    """
    nearest = parse_address(socket_address)
    if nearest is None or not _within(nearest, trusted):
        return Peer(str(nearest) if nearest is not None else socket_address)
    read = _rfc7239 if kind == "forwarded" else _x_forwarded
    entries, scheme, host = read(list(headers))
    address = nearest
    for entry in reversed(entries[-HOPS:]):
        found = parse_address(entry)
        if found is None:  # "unknown", or a name that the proxy made up: nobody can be told apart beyond it
            break
        address = found
        if not _within(address, trusted):
            break
    return Peer(str(address), trusted=True, forwarded=bool(entries), scheme=scheme, host=host)


def networks(declared: Iterable[str]) -> tuple[Network, ...]:
    """``gateway.trusted_proxies``."""
    return tuple(map(ip_network, declared))


def header(headers: Headers, name: bytes) -> list[str]:
    """The values of a header, in their order; ``name`` in lower case."""
    return [value.decode("latin-1") for key, value in headers if key.lower() == name]


def as_asked(scope: Any, found: Peer) -> Any:
    """An ASGI scope as if the client had come without a proxy, and with ``found`` in it."""
    changed = {**scope, PEER: found, "client": (found.address, 0) if found.forwarded else scope.get("client")}
    if found.scheme is not None:
        secure = found.scheme == "https"
        changed["scheme"] = ("wss" if secure else "ws") if scope["type"] == "websocket" else found.scheme
    if found.host is not None:
        others = [(key, value) for key, value in scope["headers"] if key.lower() != b"host"]
        changed["headers"] = [*others, (b"host", found.host.encode("latin-1", "replace"))]
    return changed


def _within(address: Address, ranges: Sequence[Network]) -> bool:
    return any(address in network for network in ranges)  # of another version: False


def _x_forwarded(headers: Sequence[tuple[bytes, bytes]]) -> tuple[list[str], str | None, str | None]:
    entries = [entry for value in header(headers, b"x-forwarded-for") for entry in value.split(",")]
    return entries, _scheme(_last(headers, b"x-forwarded-proto")), _last(headers, b"x-forwarded-host")


def _last(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> str | None:
    """What the nearest proxy wrote."""
    values = header(headers, name)
    return values[-1].rpartition(",")[2].strip() or None if values else None


def _rfc7239(headers: Sequence[tuple[bytes, bytes]]) -> tuple[list[str], str | None, str | None]:
    elements = list(islice(_elements(", ".join(header(headers, b"forwarded"))), HOPS))
    nearest = elements[0] if elements else {}
    return (
        [element.get("for", "") for element in reversed(elements)],
        _scheme(nearest.get("proto")),
        nearest.get("host"),
    )


def _elements(text: str) -> Iterator[dict[str, str]]:
    """The elements of ``Forwarded`` (RFC 7239 §4), the last one first, up to the first that is malformed.

    Read from the right, lest a quote that a client leaves open reaches into what proxies have written behind it.
    """
    element: dict[str, str] = {}
    rest = text.rstrip()
    while rest:
        value, rest = _quoted(rest) if rest.endswith('"') else _plain(rest)
        name = _NAME.search(rest[:-1]) if value is not None and rest.endswith("=") else None
        if value is None or name is None:
            return
        element[name[0].lower()] = value
        rest = rest[: name.start()].rstrip()
        if not rest or rest.endswith(","):
            yield element
            element = {}
        elif not rest.endswith(";"):
            return
        rest = rest[:-1].rstrip()


def _quoted(text: str) -> tuple[str | None, str]:
    """The quoted string (RFC 9110 §5.6.4) that ends ``text``, and what stands before it."""
    start = len(text) - 1
    while (start := text.rfind('"', 0, start)) >= 0:
        before = text[:start]
        if (len(before) - len(before.rstrip("\\"))) % 2 == 0:
            return re.sub(r"\\(.)", r"\1", text[start + 1 : -1]), before
    return None, text


def _plain(text: str) -> tuple[str, str]:
    """The token that ends ``text``, and what stands before it."""
    last = max((found.end() for found in _DELIMITERS.finditer(text)), default=0)
    return text[last:], text[:last]


def _scheme(text: str | None) -> str | None:
    scheme = (text or "").lower()
    return {"ws": "http", "wss": "https"}.get(scheme, scheme) if scheme in ("http", "https", "ws", "wss") else None
