"""Gateways and supervisors look for other masters: what is written to one before it hears of another is lost."""

from __future__ import annotations

from collections.abc import Callable

from sockethub.jobs import sentinel
from sockethub.jobs.topology import topology_of
from sockethub.redis_url import Address, cluster_of

__all__ = ["watch"]


async def watch(url: str, moved: Callable[[Address], None] | None = None) -> None:
    """For ever: this process's connections leave a server that is no master any more, and ``moved`` is told of another.

    Returns at once when ``url`` names one server.
    """
    if cluster_of(url) is None:
        await sentinel.watch(url, moved)
    else:
        await topology_of(url).watch(moved)
