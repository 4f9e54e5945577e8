"""Which pages may connect: by what they are, and by which name they have asked."""

from __future__ import annotations

from typing import Any

import pytest

from sockethub.config.gateway import Gateway
from sockethub.gateway.forwarding import PEER, Peer
from sockethub.gateway.origins import Origins

BEYOND = "0.0.0.0"
LOOPBACK = "127.0.0.1"


def allows(origin: str, asked: str, *, by: Peer | None = None, **declared: Any) -> bool:
    gateway = Gateway(**{"host": BEYOND, "authentication": "none", **declared})
    headers = [(b"Host", asked.encode("latin-1")), (b"origin", origin.encode("latin-1"))]
    return Origins(gateway).allows({"headers": headers, **({} if by is None else {PEER: by})})


def proxied(**more: Any) -> Peer:
    return Peer("203.0.113.7", trusted=True, forwarded=True, **more)


@pytest.mark.parametrize("by", [None, proxied(), proxied(scheme="http", host="evil.example:10550")])
@pytest.mark.parametrize("host", [BEYOND, "192.168.1.5", "::", LOOPBACK, "localhost"])
@pytest.mark.parametrize("name", ["evil.example", "app.corp.example.evil.example", "localhost.evil.example", "0x7f.1"])
def test_a_name_that_nobody_declared_is_not_ours(name: str, host: str, by: Peer | None) -> None:
    """Whoever it is of may have pointed it here after the page was loaded (DNS rebinding)."""
    declared = {"origins": ["https://app.corp.example"], "hosts": ["chat.corp.example"]}
    assert not allows(f"http://{name}:10550", f"{name}:10550", by=by, host=host, **declared)


@pytest.mark.parametrize("by", [None, proxied()])
@pytest.mark.parametrize("host", [BEYOND, LOOPBACK])
@pytest.mark.parametrize("name", ["app.corp.example", "chat.corp.example", "CHAT.corp.example"])
def test_a_name_that_is_declared_is_ours(name: str, host: str, by: Peer | None) -> None:
    declared = {"origins": ["https://app.corp.example"], "hosts": ["Chat.Corp.Example"]}
    assert allows(f"http://{name}:10550", f"{name}:10550", by=by, host=host, **declared)
    assert not allows("http://evil.example:10550", f"{name}:10550", by=by, host=host, **declared)


@pytest.mark.parametrize(
    ("name", "host", "by", "ours"),
    [
        ("127.0.0.1", LOOPBACK, None, True),
        ("localhost", LOOPBACK, None, True),
        ("[::1]", "::1", None, True),
        ("192.168.1.5", LOOPBACK, None, False),
        ("192.168.1.5", LOOPBACK, proxied(), True),
        ("192.168.1.5", BEYOND, None, True),
        ("[2001:db8::5]", "::", None, True),
        ("localhost", BEYOND, None, True),
    ],
)
def test_addresses_cannot_be_pointed_elsewhere(name: str, host: str, by: Peer | None, ours: bool) -> None:
    assert allows(f"http://{name}:10550", f"{name}:10550", by=by, host=host) is ours


def test_the_scheme_that_a_proxy_was_asked_by_counts() -> None:
    for scheme in ("http", "https"):
        peer = proxied(scheme=scheme)
        assert allows("https://chat.example", "chat.example", by=peer, hosts=["chat.example"]) is (scheme == "https")


@pytest.mark.parametrize("origin", ["null", "http://[", "http://", "", "http://\xe9"])
def test_what_is_no_origin_is_not_ours(origin: str) -> None:
    assert not allows(origin, origin.removeprefix("http://"))


def test_hosts_are_followed_by_a_reload() -> None:
    origins = Origins(Gateway())
    scope = {"headers": [(b"host", b"chat.example"), (b"origin", b"http://chat.example")]}
    assert not origins.allows(scope)
    origins.replace(Gateway(hosts=("chat.example",)))
    assert origins.allows(scope)
