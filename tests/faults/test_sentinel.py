"""A conversation while sentinels promote other masters: the promises hold, and everybody goes on at the new one."""

from __future__ import annotations

from functools import partial
from itertools import count
from pathlib import Path

import anyio
import pytest

from tests.faults.conversation import left, settled
from tests.faults.masters import NOTICED_SECONDS, conversing, judge, lost, talk
from tests.faults.services import Irc
from tests.support.ircd import IrcServer
from tests.support.processes import eventually
from tests.support.sentinel import Watched, run_watched

pytestmark = pytest.mark.anyio


async def test_a_conversation_outlives_its_masters(tmp_path: Path, ngircd_with_password: IrcServer) -> None:
    """One is replaced while it lives, its successor is killed."""
    service = Irc(ngircd_with_password)
    with run_watched(tmp_path, servers=4) as watched:
        async with conversing(tmp_path, watched.url, service, "sentinel") as (witness, one, two):
            numbers, gone = count(), set[tuple[str, str]]()
            for change in (watched.fail_over, watched.kill_master):
                await talk(numbers, witness, one, two)
                began = one.history.clock()
                before = await anyio.to_thread.run_sync(change)
                promoted = await talk(numbers, witness, one, two, once=partial(_promoted, watched, before))
                gone |= {(each.name, content) for each in (one, two) for content in lost(each, began, promoted)}
                if change == watched.fail_over:
                    alone = partial(_left_alone, watched, before)
                    await anyio.to_thread.run_sync(eventually, alone, "left alone", NOTICED_SECONDS)
            for each in (one, two):
                await settled(each, witness)
                judge(each, {content for name, content in gone if name == each.name})
                await left(each)


def _promoted(watched: Watched, before: int) -> bool:
    return watched.master != before


def _left_alone(watched: Watched, port: int) -> bool:
    """Whether nobody is at a server that is the master no more, but replicas and sentinels, who name theirs."""
    with watched.server(port) as asking:
        ours = str(asking.client_id())
        others = [each for each in asking.client_list(_type="normal") if each["id"] != ours]
    return all(each["name"].startswith("sentinel-") for each in others)
