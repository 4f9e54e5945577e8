"""Which keys would be together in a Redis Cluster (docs/decisions/0029-redis-cluster.md)."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from redis.crc import key_slot

from sockethub import leases, redis_keys
from sockethub.crypto import login_queue
from sockethub.jobs.names import Naming

LOGIN, GATEWAY, PLATFORM = "0123456789abcdef", "fedcba9876543210", "irc"
QUEUE = login_queue(PLATFORM, LOGIN)


def _slots(*keys: str) -> int:
    return len({key_slot(key.encode()) for key in keys})


def test_which_keys_share_a_slot() -> None:
    naming = Naming()
    queue = naming.stream(QUEUE), naming.delayed(QUEUE), naming.dead(QUEUE)
    login = redis_keys.state(LOGIN), redis_keys.answers(LOGIN), redis_keys.attached(LOGIN), *leases.keys(LOGIN)
    assert _slots(*queue, *login) == 1
    common = *redis_keys.kept(PLATFORM), redis_keys.line(PLATFORM, "host"), redis_keys.pauses(PLATFORM)
    assert _slots(naming.stream(PLATFORM), naming.delayed(PLATFORM), naming.dead(PLATFORM), *common) == 1
    assert _slots(redis_keys.inbox(GATEWAY), redis_keys.gateway_alive(GATEWAY)) == 1
    assert _slots(redis_keys.session_login("s", LOGIN), redis_keys.session_login("s", "another")) == 1
    assert _slots(redis_keys.supervisor_inbox("s"), redis_keys.supervisor_alive("s")) == 1


def test_what_of_one_job_does_not() -> None:
    """Its reply (docs/decisions/0029-redis-cluster.md)."""
    assert _slots(redis_keys.queue(QUEUE), redis_keys.answers(LOGIN), redis_keys.inbox(GATEWAY)) == 2


@pytest.mark.parametrize(
    ("queue", "key"),
    [("irc.0f", "queue:irc.{0f}"), ("feeds", "queue:{feeds}"), ("a.b.c", "queue:a.b.{c}"), ("odd.", "queue:{odd.}")],
)
def test_what_queues_are_called(queue: str, key: str) -> None:
    assert redis_keys.queue(queue) == key
    assert redis_keys.queue_of_dead_letters(redis_keys.dead_letters(queue)) == queue
    assert fnmatchcase(key, redis_keys.queue("*"))
    assert fnmatchcase(redis_keys.dead_letters(queue), redis_keys.dead_letters("*"))
    assert not fnmatchcase(redis_keys.dead_letters(queue), redis_keys.queue("*"))
