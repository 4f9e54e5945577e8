"""The whole gateway against a simple model: Hypothesis says who speaks, what is hit, and in which order.

The model is the :class:`~tests.faults.history.History`: what was asked for happens once and in its order, or there is
an error and it did not, or it is unknown; what others said is told once and in its order, all of it as long as nothing
kept the login from its room. Whatever came before, the login works in the end.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.faults import kinds
from tests.faults.conversation import answered, say, settled
from tests.faults.services import Irc, Service, Witness
from tests.faults.stack import Stack, running
from tests.faults.talker import Talker, talking
from tests.support.ircd import IrcServer

LONGEST_SECONDS = 0.5
"""Of a fault that passes."""
LOSSES = 3
"""Of one login in one conversation: each time its replacement waits for longer."""
RESTARTS = 1
"""In one conversation; a process takes its time to start."""


class House:
    """A running stack, and the loop that what is around it lives in."""

    def __init__(self, portal: BlockingPortal, stack: Stack, service: Service) -> None:
        self.portal, self.stack, self.service = portal, stack, service
        self._numbers = itertools.count(1)

    def tag(self) -> str:
        return f"model{next(self._numbers)}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, ngircd_with_password: IrcServer) -> Iterator[House]:
    service = Irc(ngircd_with_password)
    folder, chance = tmp_path_factory.mktemp("model"), Random(0)
    with start_blocking_portal() as portal:
        stack = running(folder, chance, service, longest=LONGEST_SECONDS)
        with portal.wrap_async_context_manager(stack) as running_stack:
            yield House(portal, running_stack, service)


class Conversation(RuleBasedStateMachine):
    house: ClassVar[House]

    def __init__(self) -> None:
        super().__init__()
        house, tag = self.house, self.house.tag()
        name, _ = house.service.names(tag)
        room = house.service.room(name, tag)
        self._parts = ExitStack()
        enter, wrap = self._parts.enter_context, house.portal.wrap_async_context_manager
        self.witness: Witness = enter(wrap(house.service.witness(tag, room)))
        stack = house.stack
        talk = talking(house.service, name, room, stack.service.port, stack.url(stack.front))
        self.talker: Talker = enter(wrap(talk))
        self.losses = 0
        self.restarts = 0
        self._numbers = itertools.count()

    @rule(count=st.integers(1, 5))
    def the_client_speaks(self, count: int) -> None:
        for _ in range(count):
            self.house.portal.call(self.talker.say, f"line {next(self._numbers)}")

    @rule(count=st.integers(1, 5))
    def another_speaks(self, count: int) -> None:
        for _ in range(count):
            self.house.portal.call(say, self.talker, self.witness, next(self._numbers))

    @rule()
    def all_is_answered(self) -> None:
        self.house.portal.call(answered, self.talker)

    @rule(hit=st.sampled_from([kinds.cut_client, kinds.stop_redis, kinds.part_gateway]))
    def something_passes(self, hit: kinds.Hit) -> None:
        self._hit(hit)

    @precondition(lambda self: self.losses < LOSSES)
    @rule(hit=st.sampled_from([kinds.kill_login_workers, kinds.kill_fork_server, kinds.cut_service]))
    def the_login_is_lost(self, hit: kinds.Hit) -> None:
        self.losses += 1
        self._hit(hit)

    @precondition(lambda self: self.restarts < RESTARTS)
    @rule(hit=st.sampled_from([kinds.kill_gateway, kinds.restart_gateway]))
    def the_gateway_is_another(self, hit: kinds.Hit) -> None:
        self.restarts += 1
        self._hit(hit)

    def _hit(self, hit: Callable[[Stack], Awaitable[None]]) -> None:
        self.house.portal.call(hit, self.house.stack)

    def teardown(self) -> None:
        with self._parts:
            self.house.portal.call(settled, self.talker, self.witness)
        self.talker.history.check_commands()
        self.talker.history.check_events(all_of_them=self.losses == 0)


def test_whatever_happens_the_promises_hold(house: House, tmp_path: Path) -> None:
    class Here(Conversation):
        pass

    Here.house = house
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=max(5, settings.default.max_examples // 25),
            stateful_step_count=12,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],  # to shrink takes more time than there is
            suppress_health_check=list(HealthCheck),
        ),
    )
