"""The credentials activity as a value: whom to be, where, and what to prove it with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sockethub.errors import PlatformError
from sockethub.platforms.irc.options import Options
from sockethub_translators import irc
from sockethub_translators.irc import sasl
from sockethub_translators.irc.negotiation import Plan, underscores

__all__ = ["Login", "offers_sasl"]

PLAIN_PORT: Final = 6667
TLS_PORT: Final = 6697
NONCE_BYTES: Final = 18
"""Randomness of a SCRAM nonce (RFC 5802 asks for enough that none repeats)."""


@dataclass(frozen=True, slots=True)
class Login:
    """One user's login. Secrets do not show in the repr."""

    nick: str
    server: str
    port: int
    secure: bool
    username: str | None = None
    realname: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    mechanism: str | None = None
    certificate: str | None = field(default=None, repr=False)
    """PEM of a client certificate and its key."""

    @classmethod
    def of(cls, credentials: Mapping[str, Any]) -> Login:
        """From the canonical credentials activity, which the schema has checked. TLS unless ``secure`` is false."""
        obj = credentials.get("object")
        if not isinstance(obj, Mapping) or not obj.get("nick") or not obj.get("server"):
            raise PlatformError("credentials need at least nick and server", condition="bad-credentials")
        if obj.get("password") and obj.get("token"):
            raise PlatformError("give either a password or a token, not both", condition="bad-credentials")
        secure = obj.get("secure", True) is not False
        if obj.get("certificate") and not secure:
            raise PlatformError("a certificate is for TLS, and secure is false", condition="bad-credentials")
        if obj.get("saslMechanism") == "EXTERNAL" and not obj.get("certificate"):
            raise PlatformError("EXTERNAL needs a certificate", condition="bad-credentials")
        return cls(
            nick=obj["nick"],
            server=obj["server"],
            port=int(obj.get("port") or (TLS_PORT if secure else PLAIN_PORT)),
            secure=secure,
            username=obj.get("username") or None,
            realname=obj.get("realname") or None,
            password=obj.get("password") or None,
            token=obj.get("token") or None,
            mechanism=obj.get("saslMechanism") or None,
            certificate=obj.get("certificate") or None,
        )

    @property
    def account(self) -> str:
        """Whom the password is for."""
        return self.username or self.nick

    @property
    def must_authenticate(self) -> bool:
        """Whether nothing but SASL will do, whatever the server offers."""
        return self.token is not None or self.mechanism is not None

    @property
    def may_use_pass(self) -> bool:
        """Whether the password may go out as PASS where there is no SASL."""
        return self.password is not None and not self.must_authenticate

    def plan(self, options: Options, nick: str | None = None, *, use_pass: bool = False) -> Plan:
        """How to register; ``nick`` where it has changed since, ``use_pass`` for a server without SASL."""
        mechanisms = () if use_pass else self._mechanisms()
        return Plan(
            nick=nick or self.nick,
            username=self.username or options.username,
            realname=self.realname or options.realname,
            password=self.password if use_pass else None,
            sasl=mechanisms,
            sasl_required=bool(mechanisms),
            alternatives=underscores(nick or self.nick) if options.nick_collision == "underscore" else (),
        )

    def _mechanisms(self) -> tuple[sasl.Mechanism, ...]:
        account = self.account
        if self.mechanism == "EXTERNAL":
            return (sasl.External(),)
        if self.token is not None:
            if self.mechanism == "PLAIN":
                return (sasl.Plain(account, self.token),)
            return (sasl.OAuthBearer(account, self.token),)
        if self.password is None:
            return ()
        if self.mechanism == "OAUTHBEARER":
            raise PlatformError("OAUTHBEARER needs a token, not a password", condition="bad-credentials")
        scram = sasl.ScramSha256(account, self.password, secrets.token_urlsafe(NONCE_BYTES))
        plain = sasl.Plain(account, self.password)
        if self.mechanism == "PLAIN":
            return (plain,)
        return (scram,) if self.mechanism == "SCRAM-SHA-256" else (scram, plain)


def offers_sasl(lines: list[irc.Line]) -> bool | None:
    """Whether the answers to ``CAP LS 302`` offer SASL; None while more may come."""
    offered = False
    for line in lines:
        if line.command in ("421", "451", "ERROR"):  # A server that does not know CAP.
            return False
        if line.command == "CAP" and len(line.params) > 2 and line.params[1].upper() == "LS":
            names = (name.partition("=")[0] for name in line.params[-1].split(" "))
            offered = offered or "sasl" in names
            if not (len(line.params) > 3 and line.params[2] == "*"):
                return offered
    return None
