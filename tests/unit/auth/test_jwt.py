"""JSON Web Tokens: those that hold, and every way to forge one (RFC 8725 §2)."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from sockethub.auth import jwks
from sockethub.auth.jwt import MAX_CHARACTERS, JwtVerifier
from sockethub.config.admission import Jwt
from sockethub.errors import ConfigError
from tests.support.tokens import AUDIENCE, ISSUER, Provider, claims, unpadded

RSA = Provider("RS256")
EC = Provider("ES256")


def verifier(folder: Path, *providers: Provider, algorithms: tuple[str, ...] = ()) -> JwtVerifier:
    path = providers[0].publish(folder / "jwks.json", *providers[1:])
    named = algorithms or tuple(dict.fromkeys(provider.algorithm for provider in providers))
    declared = {"algorithms": named, "jwks_file": path, "audience": AUDIENCE, "issuer": ISSUER, "leeway_seconds": 0}
    return JwtVerifier(Jwt.model_validate(declared))


@pytest.mark.parametrize("algorithm", [*jwks.FITS])
def test_a_token_says_who_its_bearer_is(tmp_path: Path, algorithm: str) -> None:
    provider = Provider(algorithm, key=RSA.key if jwks.FITS[algorithm][0] == "RSA" else None)
    expires = int(time.time()) + 100
    user = verifier(tmp_path, provider).user(provider.token(exp=expires))
    assert user is not None
    assert (user.id, user.expires) == ("alice", expires)


def test_a_key_without_an_id_is_tried(tmp_path: Path) -> None:
    nameless = Provider("ES256", kid=None)
    both = verifier(tmp_path, EC, nameless)
    assert both.user(nameless.token()) is not None
    assert both.user(EC.token()) is not None


NOW = int(time.time())
CLAIMS: dict[str, dict[str, Any]] = {
    "expired": {"exp": NOW - 1},
    "not yet": {"nbf": NOW + 1_000},
    "issued later": {"iat": NOW + 1_000},
    "other audience": {"aud": "https://other.example"},
    "other audiences": {"aud": ["https://other.example", "https://chat.example.evil.example"]},
    "other issuer": {"iss": "https://evil.example"},
    "no expiry": {"exp": None},
    "no audience": {"aud": None},
    "no issuer": {"iss": None},
    "no subject": {"sub": None},
    "empty subject": {"sub": ""},
    "long subject": {"sub": "a" * 201},
    "subject of two lines": {"sub": "alice\nadmin"},
    "expiry of another type": {"exp": "soon"},
    "expiry without end": {"exp": float("inf")},
    "expiry that is none": {"exp": float("nan")},
    "expiry beyond all numbers": {"exp": 10**400},
    "expiry as text": {"exp": str(NOW + 1_000)},
    "audience of another type": {"aud": 5},
}


@pytest.mark.parametrize("wrong", CLAIMS.values(), ids=CLAIMS)
def test_each_claim_must_hold(tmp_path: Path, wrong: dict[str, Any]) -> None:
    body = f"{unpadded({'alg': 'ES256', 'kid': EC.kid})}.{unpadded(claims(**wrong))}"
    signature = jwt.get_algorithm_by_name("ES256").sign(body.encode(), EC.key)
    assert verifier(tmp_path, EC).user(f"{body}.{unpadded(signature)}") is None


def test_an_audience_may_be_one_of_several(tmp_path: Path) -> None:
    assert verifier(tmp_path, EC).user(EC.token(aud=["https://other.example", AUDIENCE])) is not None


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_a_token_that_nobody_signed(tmp_path: Path, algorithm: str) -> None:
    head = unpadded({"alg": algorithm, "kid": RSA.kid})
    found = verifier(tmp_path, RSA)
    assert found.user(f"{head}.{unpadded(claims())}.") is None
    assert found.user(f"{head}.{unpadded(claims())}.{RSA.token().rpartition('.')[2]}") is None


@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
def test_a_public_key_is_no_shared_secret(tmp_path: Path, form: Encoding) -> None:
    """The classic: HS256 with the public RSA key, which everybody has, as the secret (RFC 8725 §2.1)."""
    public = RSA.key.public_key().public_bytes(form, PublicFormat.SubjectPublicKeyInfo)
    body = f"{unpadded({'alg': 'HS256', 'kid': RSA.kid})}.{unpadded(claims())}"
    forged = f"{body}.{unpadded(hmac.digest(public, body.encode(), hashlib.sha256))}"
    assert verifier(tmp_path, RSA).user(forged) is None
    assert verifier(tmp_path, RSA, algorithms=("RS256", "ES256")).user(forged) is None


def test_keys_that_a_token_brings_along_are_not_used(tmp_path: Path) -> None:
    own = Provider("ES256")
    for header in ({"jwk": own.jwk()}, {"jku": "https://evil.example/keys"}, {"kid": "../../dev/null"}):
        forged = jwt.encode(claims(), own.key, "ES256", {"kid": EC.kid, **header})
        assert verifier(tmp_path, EC).user(forged) is None
    critical = jwt.encode(claims(), EC.key, "ES256", {"kid": EC.kid, "crit": ["b64"], "b64": False})
    assert verifier(tmp_path, EC).user(critical) is None


def test_a_key_is_good_for_its_own_algorithm_alone(tmp_path: Path) -> None:
    other = Provider("RS512", key=RSA.key)
    assert verifier(tmp_path, RSA).user(other.token()) is None
    narrow = Provider("RS256", key=RSA.key, extra={"alg": "RS256"})
    assert verifier(tmp_path, narrow, EC, algorithms=("RS256", "RS512", "ES256")).user(other.token()) is None


def test_no_bit_of_a_token_may_change(tmp_path: Path) -> None:
    found, token = verifier(tmp_path, EC), EC.token()
    assert found.user(token) is not None
    for part in range(3):
        parts = token.split(".")
        middle = len(parts[part]) // 2
        parts[part] = parts[part][:middle] + ("A" if parts[part][middle] != "A" else "B") + parts[part][middle + 1 :]
        assert found.user(".".join(parts)) is None


PART = st.one_of(st.binary(max_size=30).map(unpadded), st.text(max_size=8))
VALUE = st.one_of(st.none(), st.integers(), st.just("ES256"))
JUNK = st.one_of(
    st.text(max_size=40),
    st.lists(st.one_of(st.binary(max_size=30).map(unpadded), st.text(max_size=8)), min_size=3, max_size=3).map(
        ".".join
    ),
    st.dictionaries(
        st.sampled_from(["alg", "kid", "typ", "crit", "b64"]), st.one_of(st.none(), st.integers(), st.just("ES256"))
    )
    .map(unpadded)
    .map(lambda head: f"{head}.e30.AAAA"),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> JwtVerifier:
    return verifier(tmp_path_factory.mktemp("keys"), EC, RSA)


@given(token=JUNK)
def test_whatever_comes_is_refused_and_raises_nothing(found: JwtVerifier, token: str) -> None:
    assert found.user(token) is None


def test_a_long_token_is_not_looked_at(tmp_path: Path) -> None:
    token = EC.token(padding="x" * MAX_CHARACTERS)
    assert verifier(tmp_path, EC).user(token) is None


def test_keys_are_read_again_when_their_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwks, "LOOK_SECONDS", 0.0)
    found, new = verifier(tmp_path, EC), Provider("ES256", kid="key-2")
    assert found.user(new.token()) is None
    EC.publish(tmp_path / "jwks.json", new)
    assert found.user(new.token()) is not None
    assert found.user(EC.token()) is not None
    new.publish(tmp_path / "next.json")
    os.replace(tmp_path / "next.json", tmp_path / "jwks.json")
    assert found.user(EC.token()) is None
    for broken in ("{", '{"keys": []}', ""):
        (tmp_path / "jwks.json").write_text(broken)
        assert found.user(new.token()) is not None
    (tmp_path / "jwks.json").unlink()
    assert found.user(new.token()) is not None


def weak() -> dict[str, Any]:
    return Provider("RS256", key=rsa.generate_private_key(public_exponent=65537, key_size=1024)).jwk()


def private() -> dict[str, Any]:
    return EC.jwk() | {"d": "c2VjcmV0LXNlY3JldA"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "is no JSON Web Key Set"),
        ('{"keys": {}}', "is no JSON Web Key Set"),
        ('{"keys": [5, {}, {"kty": "RSA", "use": "enc"}]}', "has no key for RS256 or ES256"),
        (json.dumps({"keys": [{"kty": "RSA", "n": "c2VjcmV0", "e": 5}]}), "key 1 is malformed"),
        (json.dumps({"keys": [EC.jwk() | {"x": "c2VjcmV0"}]}), "key 1 is malformed"),
        (json.dumps({"keys": [weak()]}), "key 1 has 1024 bits; an RSA key has 2048 or more"),
        (json.dumps({"keys": [EC.jwk(), private()]}), "key 2 is a private key: give the public ones alone"),
    ],
)
def test_keys_that_cannot_be_used_are_named_and_not_shown(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as error:
        jwks.parse(text.encode(), ["RS256", "ES256"])
    assert "c2VjcmV0" not in str(error.value)
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_a_shared_secret_is_long_and_nobody_elses(tmp_path: Path) -> None:
    short = {"keys": [{"kty": "oct", "k": unpadded(b"x" * 31)}]}
    with pytest.raises(ConfigError, match="key 1 is too short for HS256: it takes 32 bytes"):
        jwks.parse(json.dumps(short).encode(), ["HS256"])
    path = Provider("HS256").publish(tmp_path / "jwks.json")
    assert jwks.read(path, ["HS256"])
    path.chmod(0o644)
    with pytest.raises(ConfigError, match=r"others can read .*jwks\.json, which holds a shared secret; run: chmod 600"):
        jwks.read(path, ["HS256"])
