"""Every disguise in which an address of this machine, of its network or of a cloud's metadata service may come."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.guard import Reach, vet

ANY = Reach(private_addresses=True)

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "11.0.0.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
    "192.0.1.1", "192.169.0.1", "198.17.0.1", "198.20.0.1", "203.0.114.1", "223.255.255.255", "126.0.0.1",
    "2606:4700::1111", "2a00:1450:4001::200e", "2001:4860:4860::8888", "2001:200::1",
    "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2606:4700::5efe:1.1.1.1",
]  # fmt: skip

PRIVATE = [
    # IPv4
    "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.8.8.8", "169.254.1.1", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.7", "203.0.113.1",
    # IPv6
    "::1", "100::1", "fc00::1", "fd12::1", "fe80::1", "febf::1", "fec0::1", "2001:db8::1", "3fff::1", "2001:2::1",
    "2001:10::1", "2001:20::1", "4000::1", "5f00::1", "1::1",
    # IPv4 inside IPv6: mapped, translated, compatible, NAT64, 6to4, Teredo, ISATAP
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::ffff:0:127.0.0.1", "::127.0.0.1", "::1.1.1.1",
    "64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::10.0.0.1", "64:ff9b:1::1.1.1.1",
    "2002:7f00:1::", "2002:a00:1::1", "2002:101:101::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:0:a00:1::f5ff:fffe", "2001:0:101:101::fefe:fefe",
    "2606:4700::5efe:127.0.0.1", "2606:4700::200:5efe:10.0.0.1", "fe80::5efe:127.0.0.1",
]  # fmt: skip

METADATA = [
    "169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254",
    "64:ff9b:1::169.254.169.254", "2002:a9fe:a9fe::1", "::169.254.169.254", "2606:4700::5efe:169.254.169.254",
]  # fmt: skip

NEVER = [
    "0.0.0.0", "0.1.2.3", "224.0.0.1", "233.252.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "ff02::1", "ff0e::1", "::ffff:0.0.0.0", "::ffff:224.0.0.1", "64:ff9b::0.0.0.0",
    "64:ff9b:1:7f00:0:100::", "2001:0:a00:1::1", "2001::f5ff:fffe", "fe80::1%eth0",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_used(address: str) -> None:
    assert vet(address) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_others_may_be_used_where_declared(address: str) -> None:
    assert vet(address) == "is not public; those may not be used here"
    assert vet(address, ANY) is None


@pytest.mark.parametrize("address", METADATA)
def test_metadata_services_stay_closed_where_private_addresses_are_open(address: str) -> None:
    assert vet(address, Reach()) == "is that of a cloud's metadata service"
    assert vet(address, ANY) == "is that of a cloud's metadata service"
    assert vet(address, Reach(allowed_addresses=(f"{address}/128" if ":" in address else address,))) is None


@pytest.mark.parametrize("address", NEVER)
def test_some_are_never_used(address: str) -> None:
    assert vet(address, ANY) is not None
    assert vet(address, Reach(private_addresses=True, allowed_addresses=("0.0.0.0/0", "::/0"))) is not None


def test_denied_ranges_count_more_than_allowed_ones() -> None:
    reach = Reach(private_addresses=True, allowed_addresses=("10.0.0.0/8",), denied_addresses=("10.1.0.0/16",))
    assert vet("10.2.0.1", reach) is None
    assert vet("10.1.0.1", reach) == "is denied here"
    assert vet("::ffff:10.1.0.1", reach) == "is denied here"
    assert vet("64:ff9b::10.1.0.1", reach) == "is denied here"


def test_allowed_ranges_open_themselves_alone() -> None:
    reach = Reach(allowed_addresses=("10.1.0.0/16", "fd12::/32"))
    assert vet("10.1.2.3", reach) is None
    assert vet("fd12::1", reach) is None
    assert vet("10.2.0.1", reach) is not None
    assert vet("fd13::1", reach) is not None


def test_what_is_no_address_is_an_error() -> None:
    for text in ("", "host", "1.2.3", "127.1", "0x7f.1", "1.2.3.4.5", "::g"):
        with pytest.raises(ValueError, match=r"."):
            vet(text)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_no_wrapping_opens_what_is_closed(inner: IPv4Address) -> None:
    """Whatever is refused as IPv4 is refused in every IPv6 form of it."""
    number = int(inner)
    forms = [
        (0xFFFF << 32) | number,
        (0x64FF9B << 96) | number,
        (0x64FF9B0001 << 80) | number,
        (0x2002 << 112) | (number << 80) | 1,
        (0x20010000 << 96) | (~number & 0xFFFFFFFF),
        (0xFFFF << 48) | number,
        (0x26064700 << 96) | (0x5EFE << 32) | number,
    ]
    if vet(inner) is not None:
        assert all(vet(IPv6Address(form)) is not None for form in forms)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_what_python_calls_not_global_is_refused(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert vet(address) is not None


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_outside_global_unicast_only_what_maps_to_public_ipv4_is_open(address: IPv6Address) -> None:
    if vet(address) is None and address.ipv4_mapped is None and int(address) >> 32 != 0x64FF9B << 64:
        assert int(address) >> 125 == 1
