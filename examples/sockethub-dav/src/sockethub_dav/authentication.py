"""How a request proves who asks: Digest (RFC 7616), Basic (RFC 7617), Bearer (RFC 6750)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from sockethub.errors import PlatformError
from sockethub_dav.challenges import Challenge

ALGORITHMS: Final = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}
"""Of Digest, the better one first. MD5 is what RFC 2617 had; the password is not sent with either."""

SESSION: Final = "-sess"


class Scheme(Protocol):
    """One way, as far as it was negotiated."""

    def header(self, method: str, target: str) -> str:
        """The value of ``Authorization`` for a request."""


class Fixed:
    """Basic and Bearer: always the same."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Fixed(…)"

    def header(self, method: str, target: str) -> str:
        return self._value


class Digest:
    """One nonce of a server, used again and again; the count says how often."""

    def __init__(self, user: str, password: str, challenge: Challenge) -> None:
        self._user, self._password, self._challenge = user, password, challenge
        self._count = 0

    def __repr__(self) -> str:
        return "Digest(…)"

    def header(self, method: str, target: str) -> str:
        self._count += 1
        return digest(self._user, self._password, self._challenge, method, target, secrets.token_hex(16), self._count)


def digest(user: str, password: str, challenge: Challenge, method: str, target: str, cnonce: str, count: int) -> str:
    """The value of ``Authorization`` (RFC 7616 §3.4); ``challenge`` is one that :func:`chosen` chooses. Pure."""
    asked = challenge.parameters
    algorithm = asked.get("algorithm", "MD5")
    hashed = ALGORITHMS[algorithm.upper().removesuffix(SESSION.upper())]

    def of(*parts: str) -> str:
        return hashed(":".join(parts).encode()).hexdigest()

    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    secret = of(user, realm, password)
    if algorithm.lower().endswith(SESSION):
        secret = of(secret, nonce, cnonce)
    request = of(method, target)
    said = {"username": user, "realm": realm, "nonce": nonce, "uri": target}
    plain = {"algorithm": algorithm} if "algorithm" in asked else {}
    if "qop" in asked:
        number = f"{count:08x}"
        said |= {"response": of(secret, nonce, number, cnonce, "auth", request), "cnonce": cnonce}
        plain |= {"qop": "auth", "nc": number}
    else:  # as servers of RFC 2069 have it
        said["response"] = of(secret, nonce, request)
    if "opaque" in asked:
        said["opaque"] = asked["opaque"]
    fields = [f"{name}={_quoted(value)}" for name, value in said.items()]
    return "Digest " + ", ".join(fields + [f"{name}={value}" for name, value in plain.items()])


def chosen(offered: Sequence[Challenge], credentials: Mapping[str, Any], *, secure: bool) -> Scheme:
    """The best of what is offered that the credentials can do; ``secure`` where nobody can listen.

    Raises :class:`~sockethub.errors.PlatformError`, condition ``unsupported-authentication`` or ``forbidden``.
    """
    token = credentials.get("token")
    if token is not None:
        return Fixed(f"Bearer {_in_the_open(str(token), 'a token', secure)}")
    user, password = str(credentials["username"]), str(credentials["password"])
    for algorithm in ALGORITHMS:
        for each in offered:
            if each.scheme == "digest" and _usable(each, algorithm):
                return Digest(user, password, each)
    if any(each.scheme == "basic" for each in offered):
        if ":" in user:
            raise PlatformError("a username must not hold a colon (RFC 7617)", condition="bad-request")
        both = _in_the_open(f"{user}:{password}", "a password", secure)
        return Fixed("Basic " + base64.b64encode(both.encode()).decode())
    names = ", ".join(sorted({each.scheme for each in offered}))[:100] or "nothing"
    raise PlatformError(f"the server offers {names}, and no Basic or Digest", condition="unsupported-authentication")


def _usable(challenge: Challenge, algorithm: str) -> bool:
    asked = challenge.parameters
    qops = {each.strip() for each in asked.get("qop", "auth").split(",")}
    named = asked.get("algorithm", "MD5").upper().removesuffix(SESSION.upper())
    return named == algorithm and "auth" in qops and bool(asked.get("nonce"))


def _in_the_open(secret: str, what: str, secure: bool) -> str:
    if not secure:
        raise PlatformError(f"{what} is not sent without TLS; use https", condition="forbidden")
    return secret


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
