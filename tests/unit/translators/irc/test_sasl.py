"""SASL mechanisms against the examples of their RFCs, and against servers that cheat."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from sockethub_translators.irc import sasl
from sockethub_translators.irc.sasl import MAX_ITERATIONS, SaslError, saslprep

# RFC 7677 §3
NONCE = "rOprNGfwEbeRWgbNEkqO"
FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
PROOF = b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def challenged() -> sasl.Mechanism:
    mechanism, first = sasl.ScramSha256("user", "pencil", NONCE).respond(b"")
    assert first == b"n,,n=user,r=" + NONCE.encode()
    return mechanism


def test_scram_sha_256_as_in_the_rfc() -> None:
    mechanism, final = challenged().respond(FIRST)
    assert final.endswith(PROOF)
    assert not mechanism.finished
    mechanism, last = mechanism.respond(FINAL)
    assert (mechanism.finished, last) == (True, b"")


@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"\xff",
        b"r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        f"r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".encode(),
        FIRST.replace(b"s=W22ZaJ0SNY7soEsUEjb6gQ==", b"s="),
        FIRST.replace(b"W22Z", b"*22Z"),
        FIRST.replace(b"4096", b"1"),
        FIRST.replace(b"4096", str(MAX_ITERATIONS + 1).encode()),
        FIRST.replace(b"4096", b"9" * 30),
        b"m=ext," + FIRST,
    ],
)
def test_scram_refuses_a_bad_challenge(challenge: bytes) -> None:
    with pytest.raises(SaslError):
        challenged().respond(challenge)


@pytest.mark.parametrize("final", [b"v=" + base64.b64encode(b"x" * 32), b"", b"e=invalid-proof", b"v=*"])
def test_scram_refuses_a_server_that_does_not_know_the_password(final: bytes) -> None:
    mechanism, _ = challenged().respond(FIRST)
    with pytest.raises(SaslError):
        mechanism.respond(final)


def test_scram_with_names_and_passwords_beyond_ascii() -> None:
    mechanism, first = sasl.ScramSha256("a=b,\u00aa", "pa\u00adss\u2168", "n" * 18).respond(b"")
    assert first == b"n,,n=a=3Db=2Ca,r=" + b"n" * 18
    salt = base64.b64encode(b"salt").decode()
    _, final = mechanism.respond(f"r={'n' * 18}s,s={salt},i=4096".encode())
    salted = hashlib.pbkdf2_hmac("sha256", b"passIX", b"salt", 4096)
    key = hmac.digest(salted, b"Client Key", "sha256")
    signed = f"n=a=3Db=2Ca,r={'n' * 18},r={'n' * 18}s,s={salt},i=4096,c=biws,r={'n' * 18}s".encode()
    signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
    proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
    assert final.decode().rpartition("p=")[2] == base64.b64encode(proof).decode()


def test_plain_external_oauthbearer() -> None:
    assert sasl.Plain("jilles", "sesame").respond(b"")[1] == b"\0jilles\0sesame"
    assert sasl.External().respond(b"")[1] == b""
    bearer, first = sasl.OAuthBearer("us=er", "t0k").respond(b"")
    assert first == b"n,a=us=3Der,\x01auth=Bearer t0k\x01\x01"
    assert bearer.respond(b'{"status":"invalid_token"}')[1] == b"\x01"


def test_plain_cannot_carry_nul() -> None:
    with pytest.raises(SaslError):
        sasl.Plain("a\0b", "c").respond(b"")


@pytest.mark.parametrize("text", ["\u0007", "\u200e", "\u0627\u0031", "\ufffd", "\U000f0000", "\u0627a\u0627"])
def test_saslprep_prohibits(text: str) -> None:
    with pytest.raises(SaslError):
        saslprep(text)


def test_saslprep_maps() -> None:
    assert saslprep("I\u00adX") == "IX"
    assert saslprep("\u2168") == "IX"
    assert saslprep("a\u00a0b") == "a b"
    assert saslprep("\u0627\u0031\u0628") == "\u0627\u0031\u0628"
