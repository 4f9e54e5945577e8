"""What an operator's tools do: run commands, read pages."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import yaml
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import Result

from tests.support.cli import run
from tests.support.halves import Half, declare
from tests.support.processes import POLL_INTERVAL
from tests.support.secrecy import OPERATIONS_PORT

ROOT = Path(__file__).parents[3]
WITHIN_SECONDS = 20.0


def declared(folder: Path, redis_url: str, *platforms: str, **sections: Any) -> Path:
    """A declaration for both halves with these platforms alone: each takes time to start."""
    declare(folder, redis_url, sections)
    file = folder / "sockethub.yaml"
    tree = yaml.safe_load(file.read_text())
    tree["platforms"] = {name: tree["platforms"][name] for name in platforms}
    file.write_text(yaml.safe_dump(tree))
    return folder


async def command(folder: Path, *arguments: str) -> Result:
    """Run `sockethub` with the declaration of the halves: in this process, for starting another takes a second."""
    argv = [*arguments, "--config", str(folder / "sockethub.yaml")]
    environ = {"REDIS": (folder / "redis").read_text()}
    return await anyio.to_thread.run_sync(partial(run, *argv, env=environ))


async def told(folder: Path, name: str, *arguments: str) -> Any:
    """What `sockethub NAME --json` prints, which is as its schema says."""
    done = await command(folder, name, *arguments, "--json")
    value = json.loads(done.stdout)
    schema = json.loads((ROOT / "schemas" / "operations" / f"{name}.json").read_text())
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(value)
    return value


async def logins(half: Half, wanted: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The logins of all machines, as a half's page tells them, once they are as ``wanted``."""
    with anyio.fail_after(WITHIN_SECONDS):
        while True:
            _, text = await anyio.to_thread.run_sync(page, port(half), "/status.json")
            machines = json.loads(text)["machines"]
            found = [{**login, "machine": machine["id"]} for machine in machines for login in machine["logins"]]
            if wanted(found):
                return found
            await anyio.sleep(POLL_INTERVAL)


def port(half: Half) -> int:
    """The operations port of a half."""
    found = OPERATIONS_PORT.search(half.log)
    assert found is not None, half.log
    return int(found[1])


def page(number: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    """Status and body of one page."""
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=WITHIN_SECONDS)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def metrics(half: Half) -> dict[str, Any]:
    """The metric families that a half tells, by name."""
    status, text = page(port(half), "/metrics")
    assert status == 200
    return {family.name: family for family in text_string_to_metric_families(text)}


def sample(families: dict[str, Any], name: str, **labels: str) -> float:
    """One value; 0 where it was never counted."""
    return sum(
        each.value
        for family in families.values()
        for each in family.samples
        if each.name == name and labels.items() <= each.labels.items()
    )
