"""The page about the interface: its code runs, and its tables have everything that there is."""

from __future__ import annotations

import re
import textwrap
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import pytest

from sockethub.errors import PlatformError
from sockethub.guard import Reach
from sockethub.testing import RULES, Subject
from sockethub.worker.interface import LoginContext, PersistentPlatform, PlatformContext
from tests.support.deployment import REPOSITORY
from tests.support.web import web_server

PAGE = (REPOSITORY / "docs" / "reference" / "platform-interface.md").read_text()
CODE = dict(re.findall(r"^```python (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


def run(name: str) -> dict[str, Any]:
    made: dict[str, Any] = {"__file__": str(REPOSITORY / "somewhere.py")}
    exec(compile(CODE[name], f"platform-interface.md: {name}", "exec"), made)
    return made


@pytest.mark.anyio
async def test_the_stateless_platform() -> None:
    shout = run("stateless")["Shout"](None)
    said = {"type": "send", "object": {"type": "message", "content": "who is there?"}}
    assert (await shout.perform(said))["object"]["content"] == "WHO IS THERE?"
    with pytest.raises(PlatformError, match="say something"):
        await shout.perform({"type": "send", "object": {"type": "message", "content": ""}})


def test_the_declaration_and_the_kit() -> None:
    declared, kit = run("declaration")["PLATFORM"], run("kit")
    assert kit["SHOUT"].stanza == {"use": "shout"}
    # As if it were installed, with schemas of its form.
    schemas = {kind: f"http/{kind}.json" for kind in ("messages", "responses")}
    driver = "tests.support.broken:Echo"
    subject = Subject(name="shout", stanza={**declared, "driver": driver, "schemas": schemas}, examples=[])
    assert subject.info.declared.queue.concurrency == 10
    assert [mark.args[0] for mark in kit["test_conformance"].pytestmark] == ["rule"]


@pytest.mark.anyio
async def test_the_way_out() -> None:
    async with web_server() as site:
        url = site.page("/", "{}", "application/json")
        given = ", ".join(("host", "port", "url", "etag", "context"))
        made: dict[str, Any] = {}
        returned = textwrap.indent(CODE["way-out"], "    ") + "    return connected, page, answer\n"
        exec(f"async def shown({given}):\n{returned}", made)
        context = SimpleNamespace(reach=Reach(private_addresses=True), options={}, commons=run_alone())
        connected, page, answer = await made["shown"](site.host, site.port, url, '"1"', context)
        connected.close()
        assert (page.body, answer.status) == (b"{}", 200)
        assert [request.method for request in site.requests] == ["GET", "PUT"]


def run_alone() -> Any:
    return next(field.default for field in fields(PlatformContext) if field.name == "commons")


def test_the_tables_are_whole() -> None:
    rows = {name.partition("(")[0].removeprefix("await ").removeprefix("async ") for name in _first_cells()}
    assert set(RULES) <= rows
    assert {field.name for field in fields(LoginContext)} <= rows
    public = {name for name in vars(PersistentPlatform) if not name.startswith("_")}
    assert public - {"journals", "connects_on_demand", "methods"} <= rows
    for name in ("journals", "connects_on_demand", "warm_up", *(field.name for field in fields(Subject))):
        assert f"`{name}" in PAGE or f"    {name}=" in PAGE, name


def _first_cells() -> list[str]:
    return re.findall(r"^\| `([^`]+)`", PAGE, re.MULTILINE)
