"""The link that a URL calls for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from sockethub.jobs.clusterlink import ClusterLink
from sockethub.jobs.link import RedisLink, ServerLink
from sockethub.redis_url import cluster_of

__all__ = ["linked"]


@asynccontextmanager
async def linked(url: str, *, blocking: bool = False, by_digest: bool = False) -> AsyncIterator[RedisLink]:
    """A :class:`RedisLink`, closed at the end of the block; also when that is cancelled, which would interrupt its own.

    ``blocking`` is for one command at a time that waits at the server, at most ``BLOCK_MS`` there; ``by_digest`` for
    who may bring no scripts: they are called by their digests, and others have loaded them.
    """
    make = ServerLink if cluster_of(url) is None else ClusterLink
    link = make(url, blocking=blocking, by_digest=by_digest)
    try:
        yield link
    finally:
        with anyio.CancelScope(shield=True):
            await link.aclose()
