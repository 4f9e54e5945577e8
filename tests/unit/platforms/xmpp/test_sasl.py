"""What is proven to a server, and what is refused to one."""

from __future__ import annotations

from typing import Any

import pytest
from slixmpp.util.sasl.client import MECHANISMS, SASLCancelled
from slixmpp.util.sasl.mechanisms import SCRAM

from sockethub.platforms.xmpp.sasl import MAX_ITERATIONS, OAuthBearer, Scram

ENCRYPTED = {"encrypted": True, "binding_proposed": False, "tls_version": "TLSv1.3", "unencrypted_scram": False}


def _scram(name: str = "SCRAM-SHA-256", kind: type[SCRAM] = Scram) -> Any:
    credentials = {"username": b"user", "password": b"pencil", "authzid": b"", "channel_binding": b""}
    return kind(name, credentials, ENCRYPTED)


@pytest.mark.parametrize("name", ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_the_key_is_derived_as_slixmpp_does_it(name: str) -> None:
    assert _scram(name).Hi(b"pencil", b"salt", 100) == _scram(name, SCRAM).Hi(b"pencil", b"salt", 100)
    assert MECHANISMS[name] is Scram
    assert MECHANISMS[f"{name}-PLUS"] is Scram


def test_a_conversation_is_that_of_rfc_7677() -> None:
    """Section 3, with its nonce in the place of ours."""
    it = _scram()
    it.process_1(b"")
    it.cnonce = b"rOprNGfwEbeRWgbNEkqO"
    it.gs2_header, it.client_first_message_bare = b"n,,", b"n=user,r=rOprNGfwEbeRWgbNEkqO"
    final = it.process(b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
    assert final.endswith(b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    assert it.process(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=") == b""


def test_no_nonce_is_like_another() -> None:
    said = {_scram().process(b"") for _ in range(10)}
    assert len(said) == 10
    assert all(len(each.partition(b"r=")[2]) >= 24 for each in said)


def test_a_server_cannot_have_us_count_for_hours() -> None:
    it = _scram()
    nonce = it.process(b"").partition(b"r=")[2]
    with pytest.raises(SASLCancelled):
        it.process(b"r=" + nonce + b"x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=%d" % (MAX_ITERATIONS + 1))


def test_a_token_is_said_as_rfc_7628_has_it() -> None:
    credentials = {"username": "us=er,@example.org", "access_token": "vF9dft4qmT"}
    it = OAuthBearer("OAUTHBEARER", credentials, {"encrypted": True})
    assert it.process() == b"n,a=us=3Der=2C@example.org,\x01auth=Bearer vF9dft4qmT\x01\x01"
    assert it.process(b'{"status":"invalid_token"}') == b"\x01"


def test_a_token_is_not_said_in_the_clear() -> None:
    with pytest.raises(SASLCancelled):
        OAuthBearer("OAUTHBEARER", {"username": "a", "access_token": "b"}, {"encrypted": False})
