"""The corpus, fetched from a server by the real pool: each document must yield what its table says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.corpus import FAMILIES, Document
from tests.support.deployment import REPOSITORY, Deployment, deployment
from tests.support.schemas import shipped
from tests.support.web import web_server
from tests.support.wsclient import WsClient, ws_client

pytestmark = pytest.mark.anyio

OUTSTANDING = 8
RESPONSES = shipped("feeds/responses.json")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    local = {"policy": {"private_addresses": True}}
    patient = {"rate": {"events": 10_000}}
    with deployment(tmp_path_factory.mktemp("corpus"), {"gateway": patient, "platforms": {"feeds": local}}) as running:
        yield running


def misread(document: Document, ack: dict[str, Any], base: str) -> list[str]:
    """What is not as the table says."""
    if "error" in ack:
        return [f"{document.name}: {ack['error']}"]
    RESPONSES.validate(ack)
    wrong = [] if ack["summary"] == document.title else [f"{document.name}: title is {ack['summary']!r}"]
    if len(ack["items"]) != len(document.items):
        return [*wrong, f"{document.name}: {len(ack['items'])} items"]
    for item, wanted in zip(ack["items"], document.items, strict=True):
        for there, members in ((item["object"], wanted), (item["actor"], document.feed)):
            for name, value in members.items():
                expected = value.replace("{base}", base) if isinstance(value, str) else value
                if there.get(name) != expected:
                    wrong.append(f"{document.name}: {name} is {there.get(name)!r}, not {expected!r}")
    return wrong


@pytest.mark.parametrize("family", FAMILIES)
async def test_corpus(house: Deployment, family: str) -> None:
    async with web_server() as site, ws_client(house.websocket) as client:
        places = asyncio.Semaphore(OUTSTANDING)
        found = await asyncio.gather(
            *(
                _fetched(client, places, site.page(f"/corpus/{number}", document.body, document.content_type))
                for number, document in enumerate(FAMILIES[family])
            )
        )
        base = site.url("")
        wrong = [
            each for document, ack in zip(FAMILIES[family], found, strict=True) for each in misread(document, ack, base)
        ]
    assert wrong == [], "\n".join(wrong)


async def _fetched(client: WsClient, places: asyncio.Semaphore, url: str) -> dict[str, Any]:
    async with places:
        fetch = {"type": "fetch", "context": "feeds", "actor": {"id": url, "type": "feed"}}
        ack: dict[str, Any] = await client.request("message", fetch)
        return ack


def test_the_documentation_counts_as_the_corpus_does() -> None:
    page = (REPOSITORY / "docs" / "reference" / "feeds.md").read_text()
    table = page.partition("| documents |\n|---|---|\n")[2].partition("\n\n")[0]
    stated = {name.strip(): int(count) for name, count in re.findall(r"^\| ([^|]*) \| (\d+) \|$", table, re.MULTILINE)}
    assert stated == {family: len(documents) for family, documents in FAMILIES.items()}
    assert sum(stated.values()) >= 200
    assert all(len({document.name for document in documents}) == len(documents) for documents in FAMILIES.values())
