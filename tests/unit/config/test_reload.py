"""What of a changed declaration takes effect at once, and what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sockethub.config import Declaration
from sockethub.config.loader import loads
from sockethub.config.reload import Live, is_live, plan
from sockethub.config.resources import SHIPPED_DECLARATION
from sockethub.config.section import Section


def declared(**changes: Any) -> Declaration:
    """The shipped declaration with some settings by their dotted keys; None leaves one out."""
    tree = yaml.safe_load(SHIPPED_DECLARATION.read_text())
    for key, value in changes.items():
        *steps, last = key.split("__")
        section = tree
        for step in steps:
            section = section.setdefault(step, {})
        if value is None:
            del section[last]
        else:
            section[last] = value
    return loads(yaml.safe_dump(tree), Path.cwd(), {})


def test_nothing_has_changed() -> None:
    found = plan(declared(), declared())
    assert (found.declaration, found.changed, found.restart) == (declared(), (), ())


def test_limits_change_at_once_and_ports_do_not() -> None:
    wanted = declared(gateway__rate={"events": 5, "seconds": 2}, gateway__port=1, log__level="debug")
    found = plan(declared(), wanted)
    assert found.changed == ("gateway.rate.events", "gateway.rate.seconds", "log.level")
    assert found.restart == ("gateway.port",)
    assert found.declaration.gateway.rate.events == 5
    assert found.declaration.gateway.port == declared().gateway.port
    assert found.declaration.log.level == "debug"


def test_platforms_come_and_go() -> None:
    found = plan(declared(platforms__feeds=None), declared(platforms__irc=None))
    assert set(found.changed) == {"platforms.feeds", "platforms.irc"}
    assert "feeds" in found.declaration.platforms
    assert "irc" not in found.declaration.platforms


def test_what_a_fork_server_was_told_waits_for_the_next_start() -> None:
    found = plan(declared(), declared(platforms__irc__worker__memory_mb=128, platforms__irc__policy__hosts=["a"]))
    assert found.changed == ("platforms.irc.policy.hosts",)
    assert found.restart == ("platforms.irc.worker.memory_mb",)
    assert found.declaration.platforms["irc"].worker.memory_mb == 512


BASE = declared()
CHANGES = {"gateway.port": 77, "gateway.sockets_per_address": 77, "workers.max_logins": 77, "log.format": "json"}


def changed(keys: set[str]) -> Declaration:
    """`BASE` with these of `CHANGES`."""
    found = BASE
    for key in keys:
        section, name = key.split(".")
        inner = getattr(found, section).model_copy(update={name: CHANGES[key]})
        found = found.model_copy(update={section: inner})
    return found


@given(st.sets(st.sampled_from(sorted(CHANGES))))
def test_each_change_is_named_once_and_only_live_ones_are_made(keys: set[str]) -> None:
    wanted = changed(keys)
    found = plan(BASE, wanted)
    assert {*found.changed, *found.restart} == keys
    assert not {*found.changed} & {*found.restart}
    assert plan(found.declaration, wanted).changed == (), "what could be changed is changed"
    assert plan(found.declaration, BASE).restart == (), "and nothing else"


@pytest.mark.anyio
async def test_who_watches_is_told_in_order_and_only_of_changes() -> None:
    told: list[tuple[str, int]] = []
    live = Live(declared())
    for name in ("first", "second"):

        async def hear(declaration: Declaration, name: str = name) -> None:
            told.append((name, declaration.workers.max_logins))

        live.watch(hear)
    await live.become(declared(gateway__port=1))
    assert told == []
    await live.become(declared(workers__max_logins=7))
    assert told == [("first", 7), ("second", 7)]
    assert live.now.workers.max_logins == 7


def test_no_section_is_marked_as_a_whole() -> None:
    def look(model: type[Section]) -> None:
        for name, field in model.model_fields.items():
            kind = field.annotation
            if isinstance(kind, type) and issubclass(kind, Section):
                assert not is_live(field), f"{model.__name__}.{name}: mark what is in it"
                look(kind)

    look(Declaration)
