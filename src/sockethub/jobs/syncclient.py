"""Blocking Redis clients, for tools and Dramatiq's own worker. As the others, they send nothing twice."""

from __future__ import annotations

from typing import Any, Final, cast

import redis
from redis.asyncio.connection import parse_url
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException
from redis.retry import Retry
from redis.sentinel import Sentinel

from sockethub.jobs.connection import CONNECT_SECONDS, MAX_CONNECTIONS, RESP, keepalive
from sockethub.redis_url import Cluster, Sentinels, cluster_of, sentinels_of, server_url

__all__ = ["connect_sync", "servers_of"]

_OF_ONE: Final = ("host", "port", "connection_class")
"""What a URL says of one server, and not of all."""


def connect_sync(url: str) -> redis.Redis:
    """A blocking client, for tools and Dramatiq's own worker."""
    options: dict[str, Any] = {
        "socket_timeout": None,
        "socket_connect_timeout": CONNECT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "max_connections": MAX_CONNECTIONS,
        "protocol": RESP,
        "driver_info": None,  # finding out the library's version reads files and parses e-mail headers, each time
        **keepalive(url),
    }
    cluster, sentinels = cluster_of(url), sentinels_of(url)
    if cluster is not None:
        return _sync_cluster(cluster, _of_each(url) | options)
    if sentinels is not None:
        return _sync_master(sentinels, _of_each(url) | options)
    return redis.Redis.from_url(url, **options)


def _of_each(url: str) -> dict[str, Any]:
    """What it says of each of several servers."""
    return {name: value for name, value in parse_url(server_url(url)).items() if name not in _OF_ONE}


def _sync_master(sentinels: Sentinels, options: dict[str, Any]) -> redis.Redis:
    asking: dict[str, Any] = {"socket_timeout": CONNECT_SECONDS, "ssl": sentinels.tls}
    if sentinels.password is not None:
        asking |= {"username": sentinels.username or None, "password": sentinels.password.reveal()}
    found = Sentinel(  # type: ignore[no-untyped-call]
        sentinels.addresses, sentinel_kwargs=asking, **options, ssl=sentinels.tls
    )
    client: redis.Redis = found.master_for(sentinels.master)  # type: ignore[no-untyped-call]
    return client


def _sync_cluster(cluster: Cluster, options: dict[str, Any]) -> redis.Redis:
    nodes = [
        ClusterNode(host, port)  # type: ignore[no-untyped-call]
        for host, port in cluster.addresses
    ]
    try:
        client: Any = RedisCluster(startup_nodes=nodes, **options, ssl=cluster.tls)
    except RedisClusterException as error:  # which is none of redis-py's errors else
        raise redis.ConnectionError(str(error)) from error
    return cast(redis.Redis, client)  # it has all that is used of one


def servers_of(client: redis.Redis, *, replicas: bool = False) -> list[redis.Redis]:
    """A client for each server behind ``client``: one, or the masters of a cluster, and its ``replicas``."""
    several: Any = client
    if not isinstance(several, RedisCluster):
        return [client]
    cluster: Any = several
    nodes = cluster.get_nodes() if replicas else cluster.get_primaries()
    return [cluster.get_redis_connection(node) for node in nodes]
