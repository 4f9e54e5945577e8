"""Hostile servers against the real pool: each answer names its reason, memory stays, and the processes live on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deployment.conversation import verb
from tests.support.attacks import GOOD_FEED, GOOD_PAGE, MEBIBYTE, PRIVATE_HOSTS, REFUSALS, ROWS, elsewhere
from tests.support.deployment import REPOSITORY, Deployment, deployment
from tests.support.web import web_server
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

GROWTH_BYTES = 192 * MEBIBYTE
"""Of one process, from before its first fetch to the worst it has met: a document of 8 MiB several times over, as
bytes, as text, as what the parsers make of it. What the attacks ask for is gigabytes."""

UNHURRIED = {"rate": {"events": 10_000}}
WORKERS = ("feeds", "metadata")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Open to the public internet, and to one address of this machine."""
    policy = {"allowed_addresses": ["127.0.0.1/32"]}
    quick = {"policy": policy, "options": {"total_seconds": 2}}
    platforms = {
        "feeds": {"policy": policy, "options": {"total_seconds": 2, "max_bytes": 8 * MEBIBYTE}},
        "metadata": quick,
        "irc": {"policy": {"private_addresses": False}},
        "xmpp": {"policy": {"private_addresses": False}},
    }
    with deployment(tmp_path_factory.mktemp("attacked"), {"gateway": UNHURRIED, "platforms": platforms}) as running:
        yield running


def fetch(platform: str, url: str) -> dict[str, Any]:
    kind = "feed" if platform == "feeds" else "website"
    return {"type": "fetch", "context": platform, "actor": {"id": url, "type": kind}}


def peaks(house: Deployment) -> dict[int, int]:
    """The most memory that each process of the pools has held, in bytes."""
    found = {}
    for pid, command in house.processes().items():
        if any(f"zygote {platform} " in command for platform in WORKERS):
            status = Path(f"/proc/{pid}/status").read_text()
            found[pid] = int(re.findall(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[0]) * 1024
    return found


@pytest.mark.parametrize("row", ROWS)
async def test_attacks(house: Deployment, row: str) -> None:
    before = peaks(house)
    assert len(before) == 5, "two fork servers, two processes for feeds, one for metadata"
    async with web_server() as site, ws_client(house.websocket) as client:
        for number, variant in enumerate(ROWS[row]()):
            ack = await client.request("message", fetch(variant.platform, site.on(f"/{number}", variant.handler)))
            if variant.read:
                assert "error" not in ack, (variant.name, ack["error"])
                assert ack.get("summary", ack.get("object", {}).get("title", "")).startswith(variant.says), variant.name
            else:
                assert variant.says in ack.get("error", ""), (variant.name, ack)
        for _ in range(4):
            await client.ok("message", fetch("feeds", site.page("/feed", GOOD_FEED)))
        await client.ok("message", fetch("metadata", site.page("/page", GOOD_PAGE)))
    after = peaks(house)
    assert after.keys() == before.keys(), "a process has died"
    assert max(after.values()) - min(before.values()) < GROWTH_BYTES
    assert "platform failed" not in house.log


@pytest.mark.parametrize("platform", WORKERS)
async def test_private_addresses_in_every_spelling(house: Deployment, platform: str) -> None:
    """Asked for, and led to by a redirect."""
    async with web_server() as site, ws_client(house.websocket) as client:
        await client.ok("message", fetch(platform, site.page("/good", GOOD_FEED if platform == "feeds" else GOOD_PAGE)))
        for number, host in enumerate(PRIVATE_HOSTS):
            there = f"http://{host}:{site.port}/secret"
            ack = await client.request("message", fetch(platform, there))
            assert any(words in ack.get("error", "") for words in REFUSALS), (host, ack)
            if host.isascii():
                ack = await client.request("message", fetch(platform, site.on(f"/{number}", elsewhere(there))))
                assert any(words in ack.get("error", "") for words in REFUSALS), (host, ack)
        assert "/secret" not in {request.target for request in site.requests}


@pytest.mark.parametrize("platform", ["irc", "xmpp"])
async def test_logins_reach_no_private_address_either(house: Deployment, platform: str) -> None:
    hosts = [host.strip("[]") for host in PRIVATE_HOSTS if "%" not in host]
    for host in hosts[::4]:
        server = f"[{host}]" if ":" in host and platform == "xmpp" else host
        login: dict[str, Any] = (
            {"type": "credentials", "nick": "mallory", "server": server, "port": 6667, "secure": False}
            if platform == "irc"
            else {"type": "credentials", "userAddress": "mallory@site.example", "password": "x", "server": server}
        )
        actor = {"id": "mallory" if platform == "irc" else "mallory@site.example", "type": "person"}
        async with ws_client(house.websocket) as client:
            ack = await client.request(
                "credentials", {"type": "credentials", "context": platform, "actor": actor, "object": login}
            )
            assert "error" not in (ack or {}), (host, ack)
            ack = await client.request("message", {**verb("connect", "mallory"), "context": platform, "actor": actor})
            assert any(words in ack.get("error", "") for words in REFUSALS), (host, ack)


def test_the_documentation_counts_as_the_table_does() -> None:
    page = (REPOSITORY / "docs" / "reference" / "feeds.md").read_text()
    table = page.partition("| attack | variants |\n|---|---|\n")[2].partition("\n\n")[0]
    stated = {name.strip(): int(count) for name, count in re.findall(r"^\| ([^|]*) \| (\d+) \|$", table, re.MULTILINE)}
    counted = {row: len(variants()) for row, variants in ROWS.items()}
    redirected = sum(host.isascii() for host in PRIVATE_HOSTS)
    assert stated == {**counted, "Private addresses, asked for and by redirect": len(PRIVATE_HOSTS) + redirected}
