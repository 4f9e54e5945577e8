"""Several hosts on this one machine: network namespaces on one bridge, with addresses of their own (ip-netns(8)).

``ip netns exec`` also gives each a view of the files of its own, so that the processes of two hosts do not take each
other's Unix sockets for theirs. It takes root and the right to make namespaces: CI has both. Where they are missing a
test fails and says so; it does not skip.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.processes import ServerFailed, find_server

MISSING = (
    "cannot make network namespaces ({}): this test needs root, CAP_SYS_ADMIN and CAP_NET_ADMIN (in a container: "
    "--privileged), and the package iproute2"
)


@dataclass(frozen=True)
class Host:
    """One of them: its address, and what has a command run there."""

    namespace: str
    address: str
    link: str
    """The bridge's end of its cable."""

    @property
    def prefix(self) -> Sequence[str]:
        return ("ip", "netns", "exec", self.namespace)

    def cut(self) -> None:
        """Pull its cable."""
        _ip("link", "set", self.link, "down")

    def mend(self) -> None:
        _ip("link", "set", self.link, "up")


class Network:
    """The hosts, and this process: it has an ``address`` there too."""

    def __init__(self, name: str, third: int) -> None:
        self._name = name
        self.subnet = f"10.213.{third}.0/24"
        self._prefix = f"10.213.{third}"
        self.address = f"{self._prefix}.1"
        self._hosts: list[Host] = []

    def host(self) -> Host:
        """One more."""
        number = len(self._hosts) + 2
        name = f"{self._name}h{number}"
        host = Host(name, f"{self._prefix}.{number}", f"{name}b")
        _ip("netns", "add", name)
        self._hosts.append(host)
        _ip("link", "add", host.link, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", host.link, "master", self._name, "up")
        for words in (
            ("addr", "add", f"{host.address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", name, *words)
        return host

    def begin(self) -> None:
        _ip("link", "add", "name", self._name, "type", "bridge")
        _ip("addr", "add", f"{self.address}/24", "dev", self._name)
        _ip("link", "set", self._name, "up")

    def end(self) -> None:
        for host in self._hosts:
            _ip("netns", "del", host.namespace, check=False)
        _ip("link", "del", self._name, check=False)


@contextmanager
def network() -> Iterator[Network]:
    """A bridge of its own; all is gone at the end of the block."""
    find_server("ip", "iproute2")
    made = Network(f"sk{os.getpid() % 100_000}", os.getpid() % 250)
    try:
        made.begin()
        yield made
    finally:
        made.end()


def _ip(*words: str, check: bool = True) -> None:
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    if check and done.returncode:
        raise ServerFailed(MISSING.format(done.stderr.strip() or f"ip {' '.join(words)}"))
