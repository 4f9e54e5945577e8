"""Nobody but a trusted proxy decides who a client is."""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import example, given
from hypothesis import strategies as st

from sockethub.gateway.forwarding import networks, peer
from sockethub.sessions.addresses import parse_address

TRUSTED = networks(["10.0.0.0/8", "fd00::/8"])
CLIENTS = st.ip_addresses().filter(lambda found: not any(parse_address(str(found)) in network for network in TRUSTED))
PROXIES = st.integers(0, 2**24 - 1).map(lambda number: ip_address((10 << 24) + number))
SAID = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60)
KINDS = st.sampled_from(["x-forwarded-for", "forwarded"])


def written(kind: str, address: object, *, quoted: bool) -> str:
    text = f"[{address}]" if ":" in str(address) else str(address)
    if kind == "x-forwarded-for":
        return str(address)
    return f'for="{text}"' if quoted or ":" in text else f"for={text}"


@given(KINDS, SAID, CLIENTS, st.lists(PROXIES, min_size=1, max_size=4), st.booleans(), st.booleans())
@example("forwarded", 'for=6.6.6.6;x="', ip_address("203.0.113.7"), [ip_address("10.0.0.1")], True, False)
@example("forwarded", 'for="6.6.6.6\\', ip_address("203.0.113.7"), [ip_address("10.0.0.1")], True, False)
def test_what_a_client_says_before_its_proxies_changes_nothing(
    kind: str, said: str, client: object, proxies: list[object], quoted: bool, lines: bool
) -> None:
    appended = [written(kind, hop, quoted=quoted) for hop in [client, *proxies[:-1]]]
    values = [said, *appended] if lines else [", ".join([said, *appended])]
    headers = [(kind.encode(), value.encode("latin-1")) for value in values]
    expected = parse_address(str(client))
    assert peer(str(proxies[-1]), headers, TRUSTED, kind).address == str(expected)


@given(
    KINDS, st.lists(st.tuples(st.sampled_from([b"x-forwarded-for", b"forwarded", b"x-forwarded-host"]), SAID)), CLIENTS
)
def test_nobody_else_is_believed(kind: str, headers: list[tuple[bytes, str]], client: object) -> None:
    found = peer(str(client), [(name, said.encode("latin-1")) for name, said in headers], TRUSTED, kind)
    assert (found.address, found.trusted, found.forwarded) == (str(parse_address(str(client))), False, False)
    assert (found.scheme, found.host) == (None, None)


@given(KINDS, st.lists(SAID, max_size=5), PROXIES)
def test_whatever_a_proxy_sends_is_an_address_or_its_own(kind: str, values: list[str], proxy: object) -> None:
    headers = [(kind.encode(), value.encode("latin-1")) for value in values]
    found = peer(str(proxy), headers, TRUSTED, kind)
    assert parse_address(found.address) is not None
