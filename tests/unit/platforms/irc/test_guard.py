from __future__ import annotations

import ipaddress
import socket

import pytest

from sockethub.errors import PlatformError
from sockethub.platforms.irc.guard import is_public, resolve
from sockethub.worker.interface import Reach

HERE = Reach(private_addresses=True)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "192.168.1.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "233.252.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b:1::10.0.0.1",
        "2002:7f00:1::", "2002:a00:1::1", "2001:0:a00:1::", "2001:0:0:0:0:0:f5ff:fffe", "fc00::1", "fd12::1", "fe80::1",
        "fec0::1", "ff02::1", "2001:db8::1", "100::1",
    ],
)  # fmt: skip
def test_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"],
)
def test_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.anyio
async def test_literals_need_no_resolver() -> None:
    assert await resolve("127.0.0.1", 6667, HERE) == [(socket.AF_INET, ("127.0.0.1", 6667))]
    assert await resolve("::1", 6667, HERE) == [(socket.AF_INET6, ("::1", 6667, 0, 0))]


@pytest.mark.anyio
async def test_names_are_resolved_and_vetted() -> None:
    assert ("127.0.0.1", 6667) in [address for _, address in await resolve("localhost", 6667, HERE)]
    for host in ("localhost", "127.0.0.1", "::1", "0x7f000001", "2130706433", "127.1"):
        with pytest.raises(PlatformError) as caught:
            await resolve(host, 6667, Reach())
        assert caught.value.condition in ("forbidden", "dns-failure")


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["no-such.invalid", "a" * 64 + ".example", "..", "\ud800"])
async def test_unknown_names(host: str) -> None:
    with pytest.raises(PlatformError) as caught:
        await resolve(host, 6667, HERE)
    assert caught.value.condition == "dns-failure"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("reach", "allowed"),
    [
        (Reach(private_addresses=True, hosts=("LOCALHOST",)), True),
        (Reach(private_addresses=True, hosts=("localhost.",), ports=(6667,)), True),
        (Reach(private_addresses=True, hosts=("irc.example",)), False),
        (Reach(private_addresses=True, ports=(6697,)), False),
        (Reach(hosts=("localhost",)), False),
    ],
    ids=str,
)
async def test_declared_hosts_and_ports(reach: Reach, allowed: bool) -> None:
    if allowed:
        assert await resolve("localhost", 6667, reach)
        return
    with pytest.raises(PlatformError) as caught:
        await resolve("localhost", 6667, reach)
    assert caught.value.condition == "forbidden"
