"""Faults in the middle of a conversation: whatever is hit, and whenever, the promises hold.

A seed decides how fast the clients talk, when the fault comes and how long it lasts. One of each runs with every test
run, on IRC or XMPP; ``make chaos`` runs as many as ``CHAOS_SEEDS`` says on each, 20 by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random
from typing import Any

import anyio
import pytest

from tests.faults.conversation import left, say, settled
from tests.faults.history import ERROR, RESULT, UNKNOWN, Fault
from tests.faults.houses import Houses
from tests.faults.kinds import KINDS, ON_ANY_SERVICE, Kind
from tests.faults.services import Irc, Service, Witness, Xmpp
from tests.faults.stack import Stack
from tests.faults.talker import Talker, talking
from tests.support.ircd import IrcServer
from tests.support.processes import PATIENCE
from tests.support.prosody import XmppServer

pytestmark = pytest.mark.anyio

SEEDS = int(os.environ.get("CHAOS_SEEDS", "1"))
LEAST_MESSAGES = 40
LAST_MESSAGES = 5
"""The conversation ends once the last so many answers were results, to what was asked for after the fault."""
PAUSE_SECONDS = 0.02
"""Between two messages of one speaker, on the average."""
RECOVERY_SECONDS = 15.0 * PATIENCE
"""After a fault, until everything works again; on a machine that does other things too. What it takes is measured."""
Record = Callable[[str, Any], None]

EVERYWHERE = "CHAOS_SEEDS" in os.environ
"""Each fault on each service; otherwise on one, for time is short."""
ON_XMPP = list(ON_ANY_SERVICE) if EVERYWHERE else list(ON_ANY_SERVICE)[::2]
ON_IRC = list(KINDS) if EVERYWHERE else [kind for kind in KINDS if kind not in ON_XMPP]


def _runs(kinds: list[str]) -> list[tuple[str, int]]:
    """One of each, then another of each: a campaign that is ended early has tried them all."""
    return [(kind, seed) for seed in range(SEEDS) for kind in kinds]


@pytest.mark.parametrize(("kind", "seed"), _runs(ON_IRC))
async def test_irc(
    kind: str, seed: int, houses: Houses, ngircd_with_password: IrcServer, record_property: Record
) -> None:
    await _campaign(kind, seed, houses, Irc(ngircd_with_password), record_property)


@pytest.mark.parametrize(("kind", "seed"), _runs(ON_XMPP))
async def test_xmpp(kind: str, seed: int, houses: Houses, prosody: XmppServer, record_property: Record) -> None:
    await _campaign(kind, seed, houses, Xmpp(prosody), record_property)


async def _campaign(kind: str, seed: int, houses: Houses, service: Service, record: Record) -> None:
    chance = Random(f"{service.platform}/{kind}/{seed}")
    tag = f"{chance.randrange(10**6)}"
    hit, other = service.names(tag)
    mine, theirs = service.room(hit, tag), service.room(other, tag)
    async with (
        houses.house(service, chance, KINDS[kind].house) as stack,
        service.witness(tag, mine, theirs) as witness,
        talking(service, hit, mine, stack.service.port, stack.url(stack.front)) as talker,
    ):
        stack.aim()
        async with talking(service, other, theirs, service.port, stack.url(stack.side)) as bystander:
            fault = await _converse(KINDS[kind], stack, talker, bystander, witness)
            for each in (talker, bystander):
                await settled(each, witness)
            _judge(KINDS[kind], fault, talker, bystander)
            for each in (talker, bystander):
                await left(each)
            await stack.empty()  # while they are connected: who goes leaves word, for which a worker would be started
    record("seconds", talker.history.recovery(fault))
    for outcome in (ERROR, UNKNOWN):
        record(outcome, len(talker.history.outcomes(outcome)))


async def _converse(kind: Kind, stack: Stack, talker: Talker, bystander: Talker, witness: Witness) -> Fault:
    """Everybody talks until long after the fault, or until all is well again."""
    over = anyio.Event()
    began, ended = 0.0, float("inf")
    at = stack.chance.randrange(LEAST_MESSAGES // 4, LEAST_MESSAGES)
    clock = talker.history.clock

    async def strike() -> None:
        nonlocal began, ended
        began = clock()
        await kind.hit(stack)
        ended = clock()
        over.set()

    def well(number: int) -> bool:
        lately = [asked.outcome for asked in talker.history.asked.values() if asked.at > ended and asked.outcome]
        all_is = len(lately) >= LAST_MESSAGES and set(lately[-LAST_MESSAGES:]) == {RESULT}
        return number >= LEAST_MESSAGES and over.is_set() and (all_is or clock() > ended + RECOVERY_SECONDS)

    async with anyio.create_task_group() as tasks:
        number = 0
        while not well(number):
            if number == at:
                tasks.start_soon(strike)
            for each in (talker, bystander):
                if not each.busy:  # to be refused for that would be its own doing, and no end of work where all is late
                    await each.say(f"line {number}")
            await say(talker, witness, number)
            number += 1
            await anyio.sleep(stack.chance.expovariate(1 / PAUSE_SECONDS))
    return Fault(began, ended)


def _judge(kind: Kind, fault: Fault, talker: Talker, bystander: Talker) -> None:
    for each in (talker, bystander):
        each.history.check_commands()
        each.history.check_trouble(fault, RECOVERY_SECONDS)
    talker.history.check_events(all_of_them=kind.hears_all)
    if kind.spares_others:
        disturbed = [each.why for each in bystander.history.asked.values() if each.outcome != RESULT]
        assert not disturbed, f"another login was disturbed: {disturbed}"
        assert not bystander.history.begun_anew
    if kind is KINDS["nothing"]:
        assert len(talker.history.outcomes(RESULT)) == len(talker.history.asked), "where nothing is hit all works"
