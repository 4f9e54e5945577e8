"""The declared ways of telling who a client is, together."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import pytest

from sockethub.auth import tokens
from sockethub.auth.authenticator import REFUSED, Authenticator, Evidence
from sockethub.auth.user import User
from sockethub.config.admission import Authentication
from sockethub.crypto import Secret
from sockethub.errors import Unauthenticated
from tests.support.tokens import AUDIENCE, ISSUER, Provider

ALICE, BOB = "alice-alice-alice-alice-alice", "bob-bob-bob-bob-bob-bob-bob-bob"
STATIC = [{"user": "alice", "token": ALICE}, {"user": "bob", "token": BOB}]
PROVIDER = Provider("ES256")


def authenticator(**declared: Any) -> Authenticator:
    return Authenticator(Authentication.model_validate(declared))


def shown(token: str | None = None, asserted: str | None = None) -> Evidence:
    return Evidence(Secret(token) if token is not None else None, asserted)


def test_each_token_is_its_users() -> None:
    found = authenticator(tokens=STATIC)
    assert found.user(shown(ALICE)) == User("alice")
    assert found.user(shown(BOB)) == User("bob")


@pytest.mark.parametrize("token", ["", ALICE[:-1], ALICE + "x", ALICE.upper(), "\ud800", "é" * 30, "x" * 100_000])
def test_other_tokens_are_nobodys(token: str) -> None:
    with pytest.raises(Unauthenticated, match=f"^{REFUSED}$"):
        authenticator(tokens=STATIC).user(shown(token))


def test_every_token_is_compared_with_all_of_the_known_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timing itself is a matter of the machine; what it follows from is that the same is done for every token."""
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return hmac.compare_digest(one, other)

    found = tokens.StaticTokens(Authentication.model_validate({"tokens": STATIC}).tokens)

    class Watched:
        compare_digest = staticmethod(compare)

    monkeypatch.setattr(tokens, "hmac", Watched)
    for token in (ALICE, BOB, "", "x" * 1000):
        compared.clear()
        found.user(token)
        assert compared == [(32, 32), (32, 32)]


def test_a_wrong_token_is_not_passed_over_for_what_a_proxy_says() -> None:
    found = authenticator(tokens=STATIC, user_header="X-User")
    assert found.user(shown(asserted="carol")) == User("carol")
    assert found.user(shown(ALICE, "carol")) == User("alice")
    for evidence in (shown("wrong", "carol"), shown(asserted=""), shown(asserted="a\tb"), shown(asserted="a" * 201)):
        with pytest.raises(Unauthenticated):
            found.user(evidence)
    with pytest.raises(Unauthenticated):
        found.user(shown())


def test_tokens_of_both_kinds(tmp_path: Path) -> None:
    keys = PROVIDER.publish(tmp_path / "jwks.json")
    jwt = {"algorithms": ["ES256"], "jwks_file": keys, "audience": AUDIENCE, "issuer": ISSUER}
    found = authenticator(tokens=STATIC, jwt=jwt)
    assert found.user(shown(ALICE)).expires is None
    assert found.user(shown(PROVIDER.token(sub="dave"))).id == "dave"
    with pytest.raises(Unauthenticated, match=f"^{REFUSED}$"):
        found.user(shown(Provider("ES256").token()))


def test_evidence_shows_nothing_of_itself() -> None:
    assert ALICE not in repr(shown(ALICE, "carol"))
    assert "carol" not in repr(shown(ALICE, "carol"))
