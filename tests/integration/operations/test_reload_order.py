"""`sockethub reload`: all gateways and machines read their declarations again, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sockethub.cli.exits import Exit
from tests.integration.operations.watching import command, declared, told
from tests.support.deployment import deployment
from tests.support.halves import half

pytestmark = pytest.mark.anyio


def change(folder: Path, how: Callable[[dict[str, Any]], object]) -> None:
    """Change the file that all of them read."""
    file = folder / "sockethub.yaml"
    tree = yaml.safe_load(file.read_text())
    how(tree)
    file.write_text(yaml.safe_dump(tree))


async def test_each_says_what_has_changed_what_waits_and_what_is_wrong(tmp_path: Path, redis_url: str) -> None:
    folder = declared(tmp_path, redis_url, "dummy")
    with half("workers", folder) as first, half("workers", folder), half("gateway", folder) as gateway:
        nothing = await told(folder, "reload")
        assert [each["role"] for each in nothing] == ["workers", "workers", "gateway"]
        assert all((each["changed"], each["restart"]) == ([], []) for each in nothing)

        change(folder, lambda tree: tree["gateway"].update(max_message_bytes=2_000, shutdown_seconds=3))
        shown = await command(folder, "reload")
        assert shown.exit_code == Exit.OK, shown.stderr
        assert shown.stdout.count("changed: gateway.max_message_bytes; waits") == 3
        assert shown.stdout.count("waits for the next start: gateway.shutdown_seconds") == 3
        assert "max_message_bytes" in gateway.log
        assert "max_message_bytes" in first.log

        # A platform that does not start is refused where it would run; the gateway, which runs none, offers it.
        def break_(tree: dict[str, Any]) -> None:
            tree["platforms"]["broken"] = tree["platforms"]["dummy"] | {"driver": "nowhere_at_all:Broken"}

        change(folder, break_)
        *machines, at_gateway = await told(folder, "reload")
        assert all("broken" in each["error"] for each in machines)
        assert at_gateway["changed"] == ["platforms.broken"]
        assert (await command(folder, "reload")).exit_code == Exit.FAILED


async def test_a_mistake_is_told_by_everybody(tmp_path: Path, redis_url: str) -> None:
    """Each reads its own file: that of who asks may be another."""
    first, asking = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    asking.mkdir()
    folder = declared(first, redis_url, "dummy")
    with half("workers", folder), half("gateway", folder):
        for name in ("sockethub.yaml", "secret", "redis"):
            (asking / name).write_bytes((folder / name).read_bytes())
        (asking / "secret").chmod(0o600)
        change(folder, lambda tree: tree["gateway"].update(prot=1))
        rows = await told(asking, "reload")
        assert len(rows) == 2
        assert all("did you mean 'port'?" in each["error"] for each in rows)
        shown = await command(asking, "reload")
        assert shown.exit_code == Exit.FAILED
        assert shown.stdout.count("not reloaded: sockethub.yaml:") == 2
        records = (await told(asking, "logs", "--level", "error"))["records"]
        assert {each["role"] for each in records if "not reloaded" in each["record"]["event"]} == {"gateway", "workers"}


async def test_serve_reloads_once_and_answers_for_both(tmp_path: Path) -> None:
    with deployment(tmp_path, {"log": {"level": "info"}}) as house:
        (tmp_path / "redis").write_text("")
        change(tmp_path, lambda tree: tree["platforms"].pop("feeds"))
        rows = await told(tmp_path, "reload")
        assert [(each["role"], each["changed"]) for each in rows] == [
            ("workers", ["platforms.feeds"]),
            ("gateway", ["platforms.feeds"]),
        ]
        assert house.log.count("platforms.feeds") == 1, "it was done once"
        found = await told(tmp_path, "logs", "--level", "info")
        assert {each["role"] for each in found["members"]} == {"gateway", "workers"}
        assert [each["role"] for each in found["records"] if each["record"]["event"] == "reloaded"] == ["gateway"]
