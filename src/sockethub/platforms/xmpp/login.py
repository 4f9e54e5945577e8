"""The credentials activity as a value: whose account, where its server is, and what to prove it with."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sockethub.errors import PlatformError
from sockethub_translators import xmpp
from sockethub_translators.errors import ParseError

__all__ = ["DIRECT_TLS_PORT", "PORT", "Login"]

PORT: Final = 5222
"""RFC 6120 §14.7."""
DIRECT_TLS_PORT: Final = 5223
"""By convention, where XEP-0368 has no record in the DNS."""

RESOURCE_BYTES: Final = 6
"""Randomness of a resource that nobody chose: enough that two logins of one account do not end each other."""

_SERVER: Final = re.compile(
    r"(?:(?P<scheme>xmpps?)://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/]+)(?::(?P<port>[0-9]{1,5}))?/?"
)


@dataclass(frozen=True, slots=True)
class Login:
    """One user's login. Secrets do not show in the repr.

    ``host`` and ``port`` are where the user says the server is, else None: then the DNS says. ``direct_tls``: TLS
    from the first byte (XEP-0368).
    """

    jid: xmpp.JID
    host: str | None = None
    port: int | None = None
    direct_tls: bool = False
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, credentials: Mapping[str, Any]) -> Login:
        """From the canonical credentials activity, which the schema has checked. Raises :class:`PlatformError`."""
        obj = credentials.get("object")
        if not isinstance(obj, Mapping) or not isinstance(obj.get("userAddress"), str):
            raise _bad("userAddress is missing: the account, as user@server")
        if bool(obj.get("password")) == bool(obj.get("token")):
            raise _bad("give either a password or a token")
        jid = _account(obj["userAddress"])
        resource = obj.get("resource") or jid.resource or f"sockethub-{secrets.token_hex(RESOURCE_BYTES)}"
        host, port, direct = _server(obj.get("server"))
        return cls(
            jid=_parse(f"{jid.bare}/{resource}", "resource"),
            host=host,
            port=int(obj["port"]) if obj.get("port") else port,
            direct_tls=direct,
            password=obj.get("password") or None,
            token=obj.get("token") or None,
        )


def _account(address: str) -> xmpp.JID:
    jid = _parse(address, "userAddress")
    if not jid.local:
        raise _bad("userAddress is not of the form user@server")
    return jid


def _parse(text: str, member: str) -> xmpp.JID:
    try:
        return xmpp.parse_jid(text)
    except ParseError as error:
        raise _bad(f"{member}: {error}") from None


def _server(given: Any) -> tuple[str | None, int | None, bool]:
    """``host``, ``host:port``, ``xmpp://host`` or ``xmpps://host:port``; the last means TLS from the first byte."""
    if not given:
        return None, None, False
    found = _SERVER.fullmatch(given)
    if found is None:
        raise _bad("server is neither a host, nor host:port, nor xmpp://host:port, nor xmpps://host:port")
    return found["host"], int(found["port"]) if found["port"] else None, found["scheme"] == "xmpps"


def _bad(text: str) -> PlatformError:
    return PlatformError(f"credentials: {text}", condition="bad-credentials")
