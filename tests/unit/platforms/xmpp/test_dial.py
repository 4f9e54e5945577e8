"""Where a server is: what the user says, else what the DNS says, else the domain itself."""

from __future__ import annotations

import asyncio
import ssl

import anyio
import pytest

from sockethub.errors import PlatformError
from sockethub.platforms.xmpp.dial import PLACES, Dialler, Place
from sockethub.platforms.xmpp.login import Login
from sockethub.platforms.xmpp.options import Options
from sockethub.worker.interface import Reach

TLS = ssl.create_default_context()


def _login(domain: str, **more: str | int) -> Login:
    account = {"userAddress": f"me@{domain}", "password": "hush", **more}
    return Login.of({"object": {"type": "credentials", **account}})


def _places(login: Login, answer: list[Place] | None = None) -> tuple[list[Place], list[str]]:
    asked: list[str] = []

    async def find(domain: str) -> list[Place]:
        asked.append(domain)
        return answer or []

    dialler = Dialler(Options(), Reach(), TLS, find)
    return anyio.run(dialler._places, login), asked


def test_the_dns_is_asked_and_its_order_kept() -> None:
    said = [Place("a.example", 5223, True), Place("b.example", 5222, False)]
    assert _places(_login("own.example"), said) == (said, ["own.example"])


def test_without_an_answer_it_is_the_domain() -> None:
    assert _places(_login("own.example"))[0] == [Place("own.example", 5222, False)]


def test_an_endless_answer_is_cut() -> None:
    assert len(_places(_login("own.example"), [Place("a.example", port, False) for port in range(1, 99)])[0]) == PLACES


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"server": "a.example"}, Place("a.example", 5222, False)),
        ({"server": "xmpps://a.example"}, Place("a.example", 5223, True)),
        ({"server": "xmpp://a.example:15222"}, Place("a.example", 15222, False)),
        ({"server": "xmpp://a.example:1", "port": 2}, Place("a.example", 2, False)),
        ({"port": 15222}, Place("own.example", 15222, False)),
        ({"server": "xmpps://[::1]:5223"}, Place("::1", 5223, True)),
    ],
    ids=str,
)
def test_what_the_user_says_goes(more: dict[str, str | int], place: Place) -> None:
    assert _places(_login("own.example", **more)) == ([place], [])


@pytest.mark.parametrize("domain", ["localhost", "127.0.0.1"])
def test_of_what_the_dns_knows_nothing_it_is_not_asked(domain: str) -> None:
    assert _places(_login(domain)) == ([Place(domain, 5222, False)], [])


def test_the_guard_stands_before_what_the_dns_says() -> None:
    """Whoever owns a domain may point its records at any host."""

    async def find(domain: str) -> list[Place]:
        return [Place("127.0.0.1", 6379, False), Place("169.254.169.254", 80, False)]

    async def dial() -> None:
        await Dialler(Options(), Reach(), TLS, find)(asyncio.Protocol(), _login("evil.example"))

    with pytest.raises(PlatformError) as caught:
        anyio.run(dial)
    assert caught.value.condition == "forbidden"
