"""Who a client is where proxies stand between."""

from __future__ import annotations

import pytest

from sockethub.gateway.forwarding import PEER, Peer, as_asked, networks, peer
from sockethub.sessions.addresses import parse_address, subscriber

PROXY = "10.0.0.1"
TRUSTED = networks(["10.0.0.0/24", "fd00::/8"])


def seen(*headers: tuple[str, str], by: str = PROXY, kind: str = "x-forwarded-for") -> Peer:
    return peer(by, [(name.lower().encode(), value.encode()) for name, value in headers], TRUSTED, kind)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("6.6.6.6, 203.0.113.7", "203.0.113.7"),
        ("6.6.6.6, 203.0.113.7, 10.0.0.9", "203.0.113.7"),
        ("10.0.0.9, 10.0.0.8", "10.0.0.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        # what cannot be read ends the way there: the client is who asked the last proxy
        ("6.6.6.6, unknown", "10.0.0.1"),
        ("6.6.6.6, unknown, 10.0.0.9", "10.0.0.9"),
        ("", "10.0.0.1"),
        ("6.6.6.6,", "10.0.0.1"),
        ("1.2.3.4:x", "10.0.0.1"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy(value: str, address: str) -> None:
    assert seen(("X-Forwarded-For", value)).address == address


def test_who_is_no_proxy_is_not_believed() -> None:
    lies = [
        ("X-Forwarded-For", "6.6.6.6"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "for=6.6.6.6"),
    ]
    for kind in ("x-forwarded-for", "forwarded"):
        assert seen(*lies, by="203.0.113.9", kind=kind) == Peer("203.0.113.9")


def test_lines_of_one_header_are_one_list() -> None:
    assert seen(("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "203.0.113.7")).address == "203.0.113.7"


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("for=203.0.113.7", "203.0.113.7"),
        ('For="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
        ("for=192.0.2.43, for=203.0.113.7;proto=https;by=10.0.0.1", "203.0.113.7"),
        ("for=_hidden, for=unknown", "10.0.0.1"),
        ('for=6.6.6.6;x=", for=203.0.113.7', "203.0.113.7"),
        ('for=6.6.6.6;x=", for="203.0.113.7:80"', "203.0.113.7"),
        ('for="6.6.6.6\\", for=203.0.113.7', "203.0.113.7"),
        ("for=6.6.6.6 x, for=203.0.113.7", "203.0.113.7"),
        ("proto=https", "10.0.0.1"),
        ("nonsense", "10.0.0.1"),
    ],
)
def test_forwarded(value: str, address: str) -> None:
    assert seen(("Forwarded", value), kind="forwarded").address == address


def test_only_the_declared_header_is_looked_at() -> None:
    both = [("X-Forwarded-For", "203.0.113.7"), ("Forwarded", "for=6.6.6.6;host=evil.example;proto=https")]
    assert seen(*both) == Peer("203.0.113.7", trusted=True, forwarded=True)
    both = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Host", "evil.example"), ("Forwarded", "for=203.0.113.7")]
    assert seen(*both, kind="forwarded") == Peer("203.0.113.7", trusted=True, forwarded=True)


def test_scheme_and_host_are_as_the_nearest_proxy_says() -> None:
    older = [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "ftp, https"), ("X-Forwarded-Host", "a, chat.b")]
    newer = [("Forwarded", 'for=1.1.1.1;host=a, for=203.0.113.7;proto=https;host="chat.b"')]
    wanted = Peer("203.0.113.7", trusted=True, forwarded=True, scheme="https", host="chat.b")
    assert seen(*older) == seen(*newer, kind="forwarded") == wanted


def test_a_scope_says_what_the_client_asked_for() -> None:
    scope = {
        "type": "websocket",
        "scheme": "ws",
        "client": (PROXY, 9),
        "headers": [(b"host", b"inner:1"), (b"a", b"b")],
    }
    changed = as_asked(scope, Peer("203.0.113.7", True, True, "https", "chat.example"))
    assert (changed["client"], changed["scheme"]) == (("203.0.113.7", 0), "wss")
    assert changed["headers"] == [(b"a", b"b"), (b"host", b"chat.example")]
    assert as_asked(scope, Peer(PROXY)) == scope | {PEER: Peer(PROXY)}


@pytest.mark.parametrize(
    "text", ["", "a", "1.2.3", "1.2.3.4:", "[::1", "[::1]x", "1.2.3.4:123456", "::1]", "1.2.3.4:-1"]
)
def test_what_is_no_address(text: str) -> None:
    assert parse_address(text) is None


def test_limits_count_the_network_of_a_subscriber() -> None:
    assert subscriber("2001:db8:1:2:3:4:5:6") == subscriber("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert subscriber("203.0.113.7") == subscriber("::ffff:203.0.113.7") == "203.0.113.7"
    assert subscriber("") == ""
