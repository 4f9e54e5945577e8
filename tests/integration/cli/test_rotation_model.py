"""Any interleaving of starts, rotations and losses of Redis against a model of it, on a real Redis.

Laws: everything that was sealed opens, for whoever has a master key that is in force, until the root key is forgotten;
who has none is refused; no login's records open with the key of another; a key that was withdrawn opens nothing.
"""

from __future__ import annotations

import os
from collections.abc import Coroutine
from typing import Any

import anyio
import pytest
import redis
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from sockethub import redis_keys
from sockethub.cli import rootkey
from sockethub.cli.rootkey import root_kept, wrapped_root
from sockethub.cli.rotatekeys import Step, rotate
from sockethub.crypto import Binding, KeyRing, MasterKey, MasterKeys, Secret, seal, unseal
from sockethub.errors import ConfigError, CryptoError

STEPS = 12
SHARE = 4
"""Each example takes some 0.1 s: a part of the usual number has to do."""

KEYS = [MasterKey.of(bytes([number]) * 32) for number in range(3)]
LOGINS = ("ann", "ben")
declared = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True).map(
    lambda keys: MasterKeys(keys[0], tuple(keys[1:]))
)


class RotationMachine(RuleBasedStateMachine):
    """The model is the set of keys in force, and all that was sealed since the root key was made."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.client = redis.Redis.from_url(url)
        self.client.flushall()
        self.in_force: set[str] = set()
        self.sealed: list[tuple[str, bytes, Binding]] = []

    def teardown(self) -> None:
        self.client.close()

    @rule(masters=declared, login=st.sampled_from(LOGINS))
    def starts(self, masters: MasterKeys, login: str) -> None:
        """Somebody starts with these keys, seals a record, and reads all there is."""
        if self.in_force and self.in_force.isdisjoint(key.id for key in masters):
            with pytest.raises(ConfigError, match="sealed under the master key"):
                self._ring(masters)
            return
        ring = self._ring(masters)
        self.in_force = self.in_force or {key.id for key in masters}
        binding = Binding("state", login=login, id=os.urandom(4).hex())
        self.sealed.append((login, seal(ring.login_key("irc", login), b"state", binding), binding))
        for owner, record, place in self.sealed:
            assert unseal(ring.login_key("irc", owner), record, place) == b"state"
            for key in (ring.login_key("xmpp", owner), *(ring.login_key("irc", o) for o in LOGINS if o != owner)):
                with pytest.raises(CryptoError):
                    unseal(key, record, place)

    @precondition(lambda self: self.in_force)
    @rule(masters=declared, step=st.sampled_from(["status", "wrap", "withdraw"]))
    def rotates(self, masters: MasterKeys, step: Step) -> None:
        if step != "status" and self.in_force.isdisjoint(key.id for key in masters):
            with pytest.raises(ConfigError, match="sealed under the master key"):
                self._run(rotate(self.url, masters, step))
            return
        for _ in range(2):  # whoever was interrupted begins again
            report = self._run(rotate(self.url, masters, step))
        assert not report.done, "the second time there is nothing to do"
        if step == "wrap":
            self.in_force.add(masters.in_use.id)
        elif step == "withdraw":
            self.in_force = {masters.in_use.id}

    @rule()
    def begins_anew(self) -> None:
        self._run(rotate(self.url, MasterKeys(KEYS[0]), "begin-anew"))
        self.in_force.clear()
        self.sealed.clear()

    @precondition(lambda self: self.in_force)
    @rule(masters=declared)
    def redis_loses_everything(self, masters: MasterKeys) -> None:
        """While somebody runs."""

        async def lose() -> None:
            async with root_kept(Secret(self.url), "test", masters, lambda: masters, shared=False):
                self.client.flushall()
                while not self.client.exists(redis_keys.ROOT_KEY):  # noqa: ASYNC110 - Redis tells nobody
                    await anyio.sleep(0.01)

        if not self.in_force.isdisjoint(key.id for key in masters):
            self._run(lose())

    @precondition(lambda self: self.in_force)
    @rule(masters=declared, step=st.sampled_from(["wrap", "withdraw"]))
    def redis_loses_a_step(self, masters: MasterKeys, step: Step) -> None:
        """While somebody runs: it comes back with what was there before."""

        async def lose() -> None:
            before: Any = self.client.hgetall(redis_keys.ROOT_KEY)
            async with root_kept(Secret(self.url), "test", masters, lambda: masters, shared=False):
                await rotate(self.url, masters, step)
                after: Any = self.client.hgetall(redis_keys.ROOT_KEY)
                self.client.delete(redis_keys.ROOT_KEY)
                self.client.hset(redis_keys.ROOT_KEY, mapping=before)
                while self.client.hgetall(redis_keys.ROOT_KEY) != after:  # noqa: ASYNC110 - Redis tells nobody
                    await anyio.sleep(0.01)

        if not self.in_force.isdisjoint(key.id for key in masters):
            self._run(lose())
            self.in_force = {masters.in_use.id} | (self.in_force if step == "wrap" else set())

    @invariant()
    def redis_is_as_it_should_be(self) -> None:
        found: Any = self.client.hgetall(redis_keys.ROOT_KEY)
        assert bool(found) == bool(self.in_force)
        if found:
            wrapped = wrapped_root(found)
            assert wrapped.under.keys() == self.in_force
            for key in KEYS:
                if key.id not in self.in_force:
                    with pytest.raises(CryptoError):
                        wrapped.open([key])

    def _ring(self, masters: MasterKeys) -> KeyRing:
        async def start() -> KeyRing:
            async with root_kept(Secret(self.url), "test", masters, lambda: masters, shared=False) as root:
                return KeyRing(root)

        return self._run(start())

    @staticmethod
    def _run(work: Coroutine[Any, Any, Any]) -> Any:
        async def run() -> Any:
            with anyio.fail_after(20):
                return await work

        try:
            return anyio.run(run)
        except* ConfigError as group:
            raise group.exceptions[0] from None


def test_whatever_happens_what_is_sealed_opens_with_the_keys_in_force_alone(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rootkey, "LOOK_SECONDS", 0.02)
    examples = max(1, settings().max_examples // SHARE)
    run_state_machine_as_test(
        lambda: RotationMachine(redis_url),
        settings=settings(max_examples=examples, stateful_step_count=STEPS, deadline=None),
    )
