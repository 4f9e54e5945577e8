"""Sections about who may connect, and how often."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from sockethub.config.secrets import SecretText
from sockethub.config.section import Contradiction, Seconds, Section
from sockethub.crypto import Secret


class Quota(Section):
    """So many within so many seconds, counted over all gateways."""

    count: int = Field(gt=0, le=1_000_000_000, description="How many.")
    seconds: int = Field(60, gt=0, le=86_400, description="The window.")


TOKEN_CHARACTERS = 24
"""Least length of a token that is declared: 24 characters at random are not guessed."""


def _long_enough(token: Secret[str]) -> Secret[str]:
    if len(token.reveal()) < TOKEN_CHARACTERS or not token.reveal().isascii() or " " in token.reveal():
        raise ValueError(
            f"must be {TOKEN_CHARACTERS} or more characters of ASCII without spaces; "
            "`head -c 24 /dev/urandom | base64` makes one"
        )
    return token


class StaticToken(Section):
    """A token of one user, for as long as it is declared."""

    user: str = Field(
        min_length=1, max_length=200, pattern=r"^[!-~]+$", description="Name of the user.", examples=["alice"]
    )
    token: Annotated[SecretText, AfterValidator(_long_enough)] = Field(
        description="The token; use `${env:NAME}` or `${file:PATH}`, never the token itself.",
        examples=["${file:/run/secrets/alice}"],
    )


Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"
]


class Jwt(Section):
    """JSON Web Tokens (RFC 7519) of an identity provider, or of the application itself. `sub` names the user."""

    algorithms: tuple[Algorithm, ...] = Field(
        min_length=1, description="Algorithms that tokens may be signed with.", examples=[["ES256"]]
    )
    jwks_file: Path = Field(
        description="File with the keys, a JSON Web Key Set (RFC 7517 §5); read again when it changes. A relative path "
        "starts at the folder of this file.",
        examples=["/etc/sockethub/jwks.json"],
    )
    audience: str = Field(
        min_length=1, description="What `aud` must hold: this service.", examples=["https://chat.example"]
    )
    issuer: str = Field(
        min_length=1, description="What `iss` must be: who signs the tokens.", examples=["https://id.example"]
    )
    leeway_seconds: int = Field(30, ge=0, le=300, description="By how much clocks may differ.")

    @model_validator(mode="after")
    def _one_kind(self) -> Jwt:
        if 0 < sum(name.startswith("HS") for name in self.algorithms) < len(self.algorithms):
            raise Contradiction(
                ("algorithms",), "give either algorithms with a shared secret (HS…) or with public keys, not both"
            )
        return self


class Authentication(Section):
    """Who may connect: whoever shows one of these. A user's name goes into limits and, blinded, into logs."""

    tokens: tuple[StaticToken, ...] = Field(
        (),
        description=f"Tokens of single users, each with `user`, a name, and `token`, {TOKEN_CHARACTERS} characters or "
        "more that come from `${env:NAME}` or `${file:PATH}`.",
        examples=[[{"user": "alice", "token": "${file:/run/secrets/alice}"}]],
    )
    jwt: Jwt | None = Field(None, description="JSON Web Tokens.")
    user_header: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$", max_length=60)] | None = Field(
        None,
        description="Header in which a proxy says who the user is, once it has seen to that. Believed from "
        "`trusted_proxies` alone; the proxy must remove it from what clients send.",
        examples=["X-Forwarded-User"],
    )
    seconds: Seconds = Field(10.0, description="How long a client that has connected may take to show its token.")
    failures: Quota = Field(
        default_factory=lambda: Quota(count=20, seconds=60),
        description="Refused attempts of one address before more are told to wait, and are no longer logged. "
        "What holds is let in all the same: others may share the address.",
    )

    @model_validator(mode="after")
    def _something(self) -> Authentication:
        if not self.tokens and self.jwt is None and self.user_header is None:
            raise Contradiction((), "declare `tokens`, `jwt` or `user_header`; or write `authentication: none`")
        seen: set[Secret[str]] = set()
        for index, entry in enumerate(self.tokens):
            if entry.token in seen:
                raise Contradiction(("tokens", index, "token"), "is the token of another user too: give each its own")
            seen.add(entry.token)
        return self


NOBODY_ASKED = "none"
"""Written where clients need not authenticate."""


def or_none(value: object) -> object:
    """Before it is validated."""
    if value is None:
        raise ValueError("is empty: declare who may connect, or write `none`")
    return None if value == NOBODY_ASKED else value


def none_in_schema(schema: dict[str, Any]) -> None:
    """The same, for editors."""
    schema["anyOf"] = [{"const": NOBODY_ASKED} if each.get("type") == "null" else each for each in schema["anyOf"]]
    schema["default"] = NOBODY_ASKED


class Tls(Section):
    """TLS, ended by the gateway itself."""

    certificate: Path = Field(
        description="The certificate and those above it, PEM; read again when it changes.",
        examples=["/etc/letsencrypt/live/chat.example/fullchain.pem"],
    )
    key: Path = Field(
        description="Its private key, PEM, without a password, and not for everybody to read.",
        examples=["/etc/letsencrypt/live/chat.example/privkey.pem"],
    )
    minimum_version: Literal["1.2", "1.3"] = Field("1.2", description="Least version of TLS.")
    handshake_seconds: Seconds = Field(10.0, description="How long a client may take for the handshake.")
