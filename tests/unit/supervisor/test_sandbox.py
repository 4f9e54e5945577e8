"""Which ports a worker whose platform declares some may connect to."""

from __future__ import annotations

import pytest

from sockethub.config.models import Declaration
from sockethub.crypto import Secret
from sockethub.supervisor.sandbox import declared
from tests.support.deployment import declaration

SENTINELS = "redis+sentinel://:p@one,two:26380/0?master=house&ports=6379,6380"


@pytest.mark.parametrize(
    ("url", "redis"),
    [
        ("redis://one", {6379}),
        ("unix:///run/redis.sock", set()),
        (SENTINELS, {6379, 6380, 26379, 26380}),
        ("redis+cluster://:p@one:7000,two:7001", {7000, 7001}),
        ("redis+cluster://:p@one:7000?ports=7000,7002", {7000, 7002}),
    ],
)
def test_those_of_redis_too(url: str, redis: set[int]) -> None:
    platform = Declaration.model_validate(
        declaration({"platforms": {"irc": {"policy": {"ports": [6667]}}}}, only="irc")
    ).platforms["irc"]
    sandbox = declared("required", platform, Secret(url))
    assert sandbox is not None
    assert sandbox.ports is not None
    assert set(sandbox.ports) == {6667, 53, *redis}
