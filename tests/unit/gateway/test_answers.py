from __future__ import annotations

import pytest

from sockethub.gateway.answers import failed, succeeded, unknown

SECRET = {"type": "credentials", "actor": {"id": "a"}, "object": {"type": "credentials", "password": "hush"}}
SAID = {"type": "send", "id": "1", "object": {"type": "message", "content": "x"}}


def test_the_submitted_activity_comes_back() -> None:
    assert succeeded(SAID, None) == SAID
    assert succeeded(SAID, {"type": "collection"}) == {"type": "collection", "id": "1"}
    assert failed(SAID, "no") == SAID | {"error": "no"}
    assert unknown(SAID, "late")["outcome"] == "unknown"
    assert unknown(SAID, "late")["error"] == "outcome: unknown (late)"


def test_secrets_do_not() -> None:
    for raw in (SECRET, SECRET | {"type": "connect"}, SECRET | {"object": {"password": "hush"}}):
        assert "hush" not in str(failed(raw, "no"))


@pytest.mark.parametrize("key", ["type", "@type", "sh:verb", "sh:kind"])
@pytest.mark.parametrize("word", ["credentials", "Credentials"])
def test_secrets_of_no_dialect_do(key: str, word: str) -> None:
    secret = {"password": "hush"}
    for raw in ({key: word, "object": secret}, {"type": "Create", "object": {**secret, key: word}}):
        assert "hush" not in str(failed(raw, "no"))


def test_what_is_no_activity_is_answered_too() -> None:
    assert failed("text", "no") == failed(None, "no") == {"error": "no"}


def test_only_the_gateway_says_what_is_unknown_or_may_be_sent_again() -> None:
    submitted = {"type": "send", "retry": True, "outcome": "unknown", "error": "mine"}
    assert failed(submitted, "no") == {"type": "send", "error": "no"}
    assert failed(submitted, "later", retry=True) == {"type": "send", "error": "later", "retry": True}
    assert unknown(submitted, "lost")["outcome"] == "unknown"
