"""Which web pages may connect: the gateway's own, and those whose origin is declared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from sockethub.config.checks import is_loopback
from sockethub.config.models import Gateway

ANY: Final = "*"


class Origins:
    """Compares origins exactly, as browsers send them (RFC 6454). What sends none is no page, and passes."""

    def __init__(self, gateway: Gateway) -> None:
        self._declared = frozenset(gateway.origins)
        self._loopback = is_loopback(gateway.host)

    def allows(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether a request with these headers may pass."""
        found = {name.lower(): value for name, value in headers if name.lower() in (b"origin", b"host")}
        origin = found.get(b"origin")
        if origin is None or ANY in self._declared:
            return True
        text = origin.decode("latin-1")
        return text in self._declared or self._own(text, found.get(b"host", b"").decode("latin-1"))

    def _own(self, origin: str, host: str) -> bool:
        if not host or origin not in (f"http://{host}", f"https://{host}"):
            return False
        # A gateway on loopback is reached by loopback names alone. Another name for it is a page elsewhere whose name
        # was pointed here (DNS rebinding), or a proxy's, which is to be declared.
        try:
            name = urlsplit(origin).hostname or ""
        except ValueError:
            return False
        return not self._loopback or is_loopback(name)
