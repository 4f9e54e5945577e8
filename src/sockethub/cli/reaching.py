"""Before anything else starts: a Redis that answers, or what is wrong."""

from __future__ import annotations

from typing import Any, Final

import anyio
import redis
import redis.asyncio
import structlog

from sockethub.config.models import Declaration, Redis
from sockethub.embedded.redis import url_in
from sockethub.errors import ConfigError, QueueUnavailable
from sockethub.jobs import connected
from sockethub.redis_url import cluster_of, place

LOOK_SECONDS: Final = 0.5
"""Between two attempts."""

CLUSTER_NODE: Final = (
    "redis.url: the Redis at {} is a server of a Redis Cluster, which has a part of the keys and refuses the others: "
    "write `redis+cluster://` (docs/how-to/use-redis-cluster.md), or use one without `cluster-enabled`"
)

log = structlog.get_logger(__name__)


async def await_redis(declared: Redis) -> None:
    """Return when the Redis at ``redis.url`` serves; at once when none is declared.

    Raises :class:`~sockethub.errors.QueueUnavailable` when it does not within ``redis.wait_seconds``, and
    :class:`~sockethub.errors.ConfigError` when it refuses, or is of another kind, for that does not pass.
    """
    if declared.url is None:
        return
    url = declared.url.reveal()
    reason = "it does not answer"
    with anyio.move_on_after(declared.wait_seconds or LOOK_SECONDS):
        async with connected(url) as client:
            while True:
                try:
                    ping = client.pipeline(transaction=False)
                    ping.ping()
                    await ping.execute()
                    if cluster_of(url) is None and await _is_cluster_node(client):
                        raise ConfigError(CLUSTER_NODE.format(place(url)))
                    return
                except redis.RedisError as error:
                    if _refuses(error):
                        raise ConfigError(f"redis.url: the Redis at {place(url)} refuses: {error}") from None
                    if reason != str(error):
                        reason = str(error)
                        log.warning("waiting for Redis", place=place(url), reason=reason)
                await anyio.sleep(LOOK_SECONDS)
    raise QueueUnavailable(
        f"redis.url: no Redis serves at {place(url)} within {declared.wait_seconds:g} s ({reason}); start it, correct "
        "`redis.url`, or raise `redis.wait_seconds`"
    )


async def _is_cluster_node(client: redis.asyncio.Redis) -> bool:
    told: Any = await client.info("cluster")
    return bool(told.get("cluster_enabled", 0))


def _refuses(error: redis.RedisError) -> bool:
    """Whether Redis has answered, and will not answer otherwise; what fails while connecting comes wrapped."""
    if str(error).startswith("WRONGPASS"):
        return True
    told = error if isinstance(error.__cause__, OSError | None) else error.__cause__
    return isinstance(told, redis.AuthenticationError | redis.ResponseError)


def redis_of(declaration: Declaration) -> str:
    """The declared Redis, or the embedded one of a `sockethub serve` that runs on the same state directory."""
    declared = declaration.redis.url
    return (declared if declared is not None else url_in(declaration.state_dir)).reveal()


def unserved(declaration: Declaration, error: redis.RedisError) -> str:
    """What to tell whoever asks a Redis (:func:`redis_of`) that does not serve."""
    if declaration.redis.url is None:
        return f"no `sockethub serve` runs on {declaration.state_dir} (`state_dir`), and no `redis.url` is declared"
    return f"redis.url: the Redis at {place(declaration.redis.url.reveal())} does not serve: {error}"
