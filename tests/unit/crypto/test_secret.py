"""A secret shows itself nowhere."""

from __future__ import annotations

import json
import logging
import pickle

import pytest

from sockethub.crypto import Secret

CANARY = "canary-4711"


def test_no_way_of_printing_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(CANARY)
    logging.getLogger("test").warning("the secret is %s, %r", secret, secret)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", "%s" % secret, repr([secret]), caplog.text]  # noqa: UP031
    assert not any(CANARY in text for text in shown)


def test_it_is_not_carried_off() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(CANARY))
    with pytest.raises(TypeError):
        json.dumps(Secret(CANARY))


def test_it_is_compared_by_value_and_only_with_its_like() -> None:
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret("other")
    assert Secret(CANARY) != CANARY
    assert len({Secret(b"a"), Secret(b"a"), Secret(b"b")}) == 2
    assert not Secret("")
    assert Secret(CANARY).reveal() == CANARY
