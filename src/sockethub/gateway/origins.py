"""Which web pages may connect: the gateway's own, by names that are declared, and those whose origin is declared."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from sockethub.config.checks import is_loopback
from sockethub.config.gateway import Gateway
from sockethub.gateway.forwarding import PEER, Peer

ANY: Final = "*"

FORBIDDEN: Final = (
    "this origin may not connect; the operator declares those that may in gateway.origins, "
    "and the gateway's own names in gateway.hosts"
)


class Origins:
    """Compares origins exactly, as browsers send them (RFC 6454). What sends none is no page, and passes."""

    def __init__(self, gateway: Gateway) -> None:
        self.replace(gateway)

    def replace(self, gateway: Gateway) -> None:
        """From now on these are declared."""
        self._declared = frozenset(gateway.origins)
        origins = (_name(origin) for origin in gateway.origins)
        self._hosts = frozenset(host.lower() for host in (*gateway.hosts, *origins) if host)
        self._loopback = is_loopback(gateway.host)

    def allows(self, scope: Any) -> bool:
        """Whether a request may pass, by its ASGI scope."""
        return self.refused(scope) is None

    def refused(self, scope: Any) -> str | None:
        """The origin for which a request may not pass, by its ASGI scope."""
        found = {name.lower(): value for name, value in scope["headers"] if name.lower() in (b"origin", b"host")}
        origin = found.get(b"origin")
        if origin is None or ANY in self._declared:
            return None
        text: str = origin.decode("latin-1")
        peer: Peer = scope.get(PEER) or Peer("")
        if text in self._declared or self._own(text, found.get(b"host", b"").decode("latin-1"), peer):
            return None
        return text

    def _own(self, origin: str, host: str, peer: Peer) -> bool:
        schemes = ("http", "https") if peer.scheme is None else (peer.scheme,)
        if not host or origin not in [f"{scheme}://{host}" for scheme in schemes]:
            return False
        name = _name(origin)
        if is_loopback(name) or name in self._hosts:
            return True
        # A name that is not declared may be anybody's who has pointed it here (DNS rebinding), by a proxy or not.
        # An address cannot be pointed; but on loopback nobody asks by another one, unless a proxy was asked so.
        return _is_address(name) and (peer.forwarded or not self._loopback)


def _name(origin: str) -> str:
    """The host of an origin, in lower case; ``""`` where it has none."""
    try:
        return urlsplit(origin).hostname or ""
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
