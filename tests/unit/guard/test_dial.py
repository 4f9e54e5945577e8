from __future__ import annotations

import socket
import threading
from ipaddress import ip_address
from typing import Any

import anyio
import pytest

from sockethub.errors import PlatformError
from sockethub.guard import Endpoint, Reach, connect, dial, resolve

pytestmark = pytest.mark.anyio

HERE = Reach(private_addresses=True)


class Names:
    """A resolver that gives one answer after the other: a name that is bound again between two looks."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, name: str, port: int) -> list[Endpoint]:
        self.asked.append(name)
        return [_endpoint(address, port) for address in self.answers.pop(0)]


def _endpoint(address: str, port: int) -> Endpoint:
    if ip_address(address).version == 4:
        return (socket.AF_INET, (address, port))
    return (socket.AF_INET6, (address, port, 0, 0))


async def refusal(host: str, reach: Reach, *answers: list[str], port: int = 80) -> str:
    with pytest.raises(PlatformError) as caught:
        await resolve(host, port, reach, Names(*answers))
    return caught.value.condition


async def test_literals_need_no_resolver() -> None:
    assert await resolve("127.0.0.1", 6667, HERE, Names()) == [(socket.AF_INET, ("127.0.0.1", 6667))]
    assert await resolve("::1", 6667, HERE, Names()) == [(socket.AF_INET6, ("::1", 6667, 0, 0))]


async def test_a_name_is_asked_for_once_and_its_addresses_are_what_is_connected_to() -> None:
    names = Names(["1.1.1.1", "2606:4700::1111"], ["127.0.0.1"])
    endpoints = await resolve("Rebound.Example", 80, Reach(), names)
    assert [address[0] for _, address in endpoints] == ["1.1.1.1", "2606:4700::1111"]
    assert names.asked == ["rebound.example"]


async def test_one_bad_address_spoils_a_name() -> None:
    assert await refusal("mixed.example", Reach(), ["1.1.1.1", "127.0.0.1"]) == "forbidden"
    assert await refusal("mixed.example", Reach(), ["1.1.1.1", "::ffff:10.0.0.1"]) == "forbidden"


async def test_a_name_bound_again_is_refused_at_the_next_look() -> None:
    names = Names(["1.1.1.1"], ["169.254.169.254"])
    await resolve("rebound.example", 80, Reach(), names)
    with pytest.raises(PlatformError):
        await resolve("rebound.example", 80, Reach(), names)


async def test_hosts_and_ports_are_looked_at_before_anybody_is_asked() -> None:
    assert await refusal("a.example", Reach(hosts=("b.example",))) == "forbidden"
    assert await refusal("a.example", Reach(denied_hosts=("a.example",))) == "forbidden"
    assert await refusal("a.example", Reach(ports=(443,))) == "forbidden"
    assert await refusal("127.1", HERE) == "bad-host"


async def test_unknown_names() -> None:
    assert await refusal("nobody.example", Reach(), []) == "dns-failure"
    with pytest.raises(PlatformError) as caught:
        await resolve("no-such.invalid", 80, HERE)
    assert caught.value.condition == "dns-failure"


async def test_a_look_up_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silence(name: str, port: int) -> list[Endpoint]:
        await anyio.sleep_forever()
        return []

    monkeypatch.setattr(dial, "LOOKUP_SECONDS", 0.05)
    with pytest.raises(PlatformError) as caught:
        await resolve("slow.example", 80, Reach(), silence)
    assert caught.value.condition == "timeout"


async def test_slow_names_hold_up_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names whose servers are silent keep threads busy for as long as the system's resolver goes on."""
    released = threading.Event()
    asked = socket.getaddrinfo

    def slowly(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "slow.example":
            released.wait(10)
            raise socket.gaierror
        return asked(name, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    monkeypatch.setattr(dial, "LOOKUP_SECONDS", 0.2)
    try:
        async with anyio.create_task_group() as tasks:
            for _ in range(dial.LOOKUPS - 1):
                tasks.start_soon(refused_for_time)
            await anyio.wait_all_tasks_blocked()
            assert await resolve("localhost", 80, HERE)
    finally:
        released.set()


async def refused_for_time() -> None:
    with pytest.raises(PlatformError, match="nobody says where"):
        await resolve("slow.example", 80, Reach())


async def test_the_systems_resolver() -> None:
    assert "127.0.0.1" in [address[0] for _, address in await resolve("localhost", 80, HERE)]
    with pytest.raises(PlatformError):
        await resolve("localhost", 80, Reach())


async def test_connecting_goes_on_to_the_next_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, and nobody listens
        nobody = (socket.AF_INET, closed.getsockname())
        with await connect([nobody, (socket.AF_INET, server.getsockname())]) as connected:
            assert connected.getpeername() == server.getsockname()
        with pytest.raises(ConnectionRefusedError):
            await connect([nobody])
