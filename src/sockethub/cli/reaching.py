"""Before anything else starts: a Redis that answers and knows this master key, or what is wrong."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import anyio
import redis
import structlog

from sockethub import redis_keys
from sockethub.config.models import Redis
from sockethub.crypto import MasterKey, Secret
from sockethub.errors import ConfigError, QueueUnavailable
from sockethub.jobs import connected

LOOK_SECONDS: Final = 0.5
"""Between two attempts."""

log = structlog.get_logger(__name__)


async def await_redis(declared: Redis) -> None:
    """Return when the Redis at ``redis.url`` serves; at once when none is declared.

    Raises :class:`~sockethub.errors.QueueUnavailable` when it does not within ``redis.wait_seconds``, and
    :class:`~sockethub.errors.ConfigError` when it refuses, for that does not pass.
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


async def agree_on_key(url: Secret[str], key: MasterKey) -> None:
    """The first to come decides the master key; whoever has another learns so now, and not from each record.

    Raises :class:`~sockethub.errors.ConfigError` and :class:`~sockethub.errors.QueueUnavailable`.
    """
    async with connected(url.reveal()) as client:
        try:
            await client.set(redis_keys.MASTER_KEY, key.id, nx=True)
            answer: Any = await client.get(redis_keys.MASTER_KEY)
        except redis.RedisError as error:
            raise QueueUnavailable(f"redis.url: the Redis at {place(url.reveal())} does not serve: {error}") from None
    known = key.id if answer is None else answer.decode()
    if known != key.id:
        raise ConfigError(
            f"keys: what this Redis holds is sealed under the master key {known}, and this one is {key.id}: give all "
            "gateways and workers the same `keys.master`, `keys.file` or `keys.command`. Where that key is lost for "
            f"good, what is sealed is, too: stop them all and delete `{redis_keys.MASTER_KEY}` from Redis to begin anew"
        )


def _refuses(error: redis.RedisError) -> bool:
    """Whether Redis has answered, and will not answer otherwise; what fails while connecting comes wrapped."""
    told = error if isinstance(error.__cause__, OSError | None) else error.__cause__
    return isinstance(told, redis.AuthenticationError | redis.ResponseError)


def place(url: str) -> str:
    """Where ``url`` leads, without what it may hold of secrets."""
    parts = urlsplit(url)
    return parts.path if parts.scheme == "unix" else parts.netloc.rpartition("@")[2]
