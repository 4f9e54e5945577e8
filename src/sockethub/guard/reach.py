"""What the declaration lets a platform connect to (``platforms.<name>.policy``), as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Reach:
    """Hosts, ports, schemes and ranges of addresses.

    An empty ``hosts``, ``ports`` or ``schemes`` allows all (that the rest does). ``private_addresses`` allows what is
    not of the public internet: loopback, link-local, private ranges. ``allowed_addresses`` are ranges (CIDR) that are
    allowed in any case, ``denied_addresses`` and ``denied_hosts`` never. A host ``*.example`` stands for all names
    below ``example``.
    """

    private_addresses: bool = False
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    denied_hosts: tuple[str, ...] = ()
    allowed_addresses: tuple[str, ...] = ()
    denied_addresses: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()

    @classmethod
    def declared(cls, policy: Mapping[str, Any]) -> Reach:
        """From the declaration's ``policy`` as JSON."""
        lists = {name: tuple(value) for name, value in policy.items() if isinstance(value, (list, tuple))}
        return cls(private_addresses=bool(policy.get("private_addresses", False)), **lists)

    @cached_property
    def allowed_networks(self) -> tuple[Network, ...]:
        return tuple(map(ip_network, self.allowed_addresses))

    @cached_property
    def denied_networks(self) -> tuple[Network, ...]:
        return tuple(map(ip_network, self.denied_addresses))

    def refuses_host(self, host: str) -> bool:
        """Whether ``host`` (canonical) is denied, or others are declared."""
        if any(_matches(host, pattern) for pattern in self.denied_hosts):
            return True
        return bool(self.hosts) and not any(_matches(host, pattern) for pattern in self.hosts)

    def refuses_port(self, port: int) -> bool:
        return bool(self.ports) and port not in self.ports

    def refuses_scheme(self, scheme: str) -> bool:
        return bool(self.schemes) and scheme not in self.schemes


def _matches(host: str, pattern: str) -> bool:
    wanted = pattern.rstrip(".").lower()
    if wanted.startswith("*."):
        return host.endswith(wanted[1:]) and host != wanted[1:]
    return host == wanted
