"""IRCv3 sts, in all that servers may write."""

from __future__ import annotations

import pytest

from sockethub.platforms.irc.sts import MAX_SECONDS, Policy, offered_port, port_in, seconds
from sockethub_translators import irc


@pytest.mark.parametrize(
    ("value", "port", "duration"),
    [
        ("port=6697", 6697, None),
        ("duration=300,port=6697", 6697, 300),
        ("duration=0", None, 0),
        ("port=0", None, None),
        ("port=70000", None, None),
        ("port=,duration=", None, None),
        ("port=\u0663", None, None),
        ("duration=99999999999", None, MAX_SECONDS),
        ("preload", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_values(value: str | None, port: int | None, duration: int | None) -> None:
    assert (offered_port(value), seconds(value)) == (port, duration)


def test_it_is_found_among_all_capabilities() -> None:
    lines = [irc.decode(":s CAP * LS * :multi-prefix"), irc.decode(":s CAP * LS :sasl sts=port=6697")]
    assert port_in(lines) == 6697
    assert port_in(lines[:1]) is None


def test_a_policy_is_saved_and_restored() -> None:
    policy = Policy(6697, 1_800_000_000.0)
    assert Policy.restored({"sts": policy.saved()}) == policy
    assert Policy.restored({"joins": []}) is None
