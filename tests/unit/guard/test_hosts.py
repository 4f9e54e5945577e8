from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.errors import PlatformError
from sockethub.guard import canonical


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Example.ORG", "example.org"),
        ("example.org.", "example.org"),
        ("localhost", "localhost"),
        ("_xmpp.example.org", "_xmpp.example.org"),
        ("1and1.example", "1and1.example"),
        ("0x7f.example", "0x7f.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("127.0.0.1", IPv4Address("127.0.0.1")),
        ("127.0.0.1.", IPv4Address("127.0.0.1")),
        ("\uff11\uff12\uff17.0.0.1", IPv4Address("127.0.0.1")),
        ("127。0。0。1", IPv4Address("127.0.0.1")),
        ("①②⑦.0.0.1", IPv4Address("127.0.0.1")),
        ("::1", IPv6Address("::1")),
        ("[::1]", IPv6Address("::1")),
        ("::FFFF:127.0.0.1", IPv6Address("::ffff:127.0.0.1")),
    ],
)
def test_one_spelling(text: str, host: object) -> None:
    assert canonical(text) == host


@pytest.mark.parametrize(
    "text",
    [
        # numbers that some program takes for 127.0.0.1
        "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0X7F.0.0.1", "0177.0.0.1", "0177.1", "017700000001",
        "127.0.0.0x1", "00127.0.0.1", "127.0.0.01", "0x", "example.1", "1.2.3.4.5", "256.0.0.1", "127.1.",
        # no hosts
        "", ".", "..", "a..b", ".a", "a b", "a\nb", "a\0b", "a/b", "a@b", "a%2e", "a#b", "a?b", "a\\b", "-a", "\ud800",
        "a" * 64, "a." * 127 + "aa", "[::1", "::1]", "[::1%25lo]", "fe80::1%eth0", "[1.2.3.4]", ":::", "1:2",
        "xn--\u00fc",
    ],
    ids=ascii,
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(PlatformError) as caught:
        canonical(text)
    assert caught.value.condition == "bad-host"


@given(st.text())
def test_total_and_stable(text: str) -> None:
    try:
        host = canonical(text)
    except PlatformError:
        return
    assert canonical(str(host)) == host
    assert str(host).isascii()
