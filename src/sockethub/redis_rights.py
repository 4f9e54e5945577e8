"""What each role may do in Redis, as rules of its access control lists (``ACL SETUSER``). Pure.

===========  ===========================================================================================================
login        its queue, its state, answers and lease; reads who is attached, credentials for this login, and where
             gateways are; appends to gateways' inboxes
pool         its platform's queue and what its processes have in common; appends to gateways' inboxes
gateway      sessions, queues, who is attached, its own inbox and that of others, requests to supervisors
supervisor   logins and queues; appends to gateways' inboxes; users of Redis, and so in the end everything
operator     dead letters, the rotation of master keys, and what a Redis tells of itself
===========  ===========================================================================================================

Workers bring no scripts: they call those of :mod:`sockethub.worker.scripts`, which their supervisor has loaded. What a
script does is checked like the commands it is made of, but a script may also go on for ever, or find a hole in the
interpreter (CVE-2022-0543, CVE-2025-49844).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sockethub import leases, redis_keys
from sockethub.jobs.names import Naming

__all__ = ["ROLES", "Rights", "of_login", "of_pool"]

_EVERY_INBOX: Final = redis_keys.inbox("*")

_QUEUE: Final = (
    *("multi", "exec", "ping", "role", "evalsha", "time"),
    *("xadd", "xreadgroup", "xpending", "xclaim", "xack", "xdel", "xinfo|consumers"),
    *("xgroup|create", "xgroup|delconsumer"),
    *("expire", "zrange", "zrangebyscore", "zrem"),
)
"""To work on a queue."""

_CLUSTER: Final = ("asking", "cluster|info", "cluster|slots", "command")
"""To find who has what. (``COMMAND`` is asked by redis-py's client, of tools.)"""


@dataclass(frozen=True, slots=True)
class Rights:
    """Commands, and patterns of keys: used as one likes, only ``read``, or only ``appended`` to (``XADD``)."""

    commands: tuple[str, ...]
    keys: tuple[str, ...]
    read: tuple[str, ...] = ()
    appended: tuple[str, ...] = ()

    def rules(self, *, selectors: bool, database: int | None = None, cluster: bool = False) -> Iterator[str]:
        """What ``ACL SETUSER`` takes, after ``reset``.

        Redis before 7 knows no ``selectors``: what is only read or appended to is there like any other key.
        ``database`` is the one to be chosen where that is not 0; ``cluster``: the server is one of a cluster's.
        """
        yield from (f"+{command}" for command in sorted({*self.commands, *(_CLUSTER if cluster else ())}))
        if database is not None:
            yield f"+select|{database}"
        yield from (f"~{pattern}" for pattern in self.keys)
        if selectors:
            yield from (f"%R~{pattern}" for pattern in self.read)
            yield from (f"(+xadd %W~{pattern})" for pattern in self.appended)
        else:
            yield from (f"~{pattern}" for pattern in (*self.read, *self.appended))


def of_login(login: str, queue: str) -> Rights:
    """The worker of one login."""
    return Rights(
        commands=(*_QUEUE, "get", "set", "del", "pexpire", "hgetall", "hset", "hdel"),
        keys=(*_queue(queue), redis_keys.state(login), redis_keys.answers(login), *leases.keys(login)),
        read=(redis_keys.attached(login), redis_keys.session_login("*", login), redis_keys.gateway_alive("*")),
        appended=(_EVERY_INBOX,),
    )


def of_pool(platform: str) -> Rights:
    """The workers of a stateless platform."""
    return Rights(
        commands=(
            *_QUEUE,
            *("get", "del", "exists", "incrby", "decrby", "hget", "hset", "hdel", "hstrlen"),
            *("zadd", "zcard", "zrank", "zscore", "zremrangebyscore", "zremrangebyrank"),
        ),
        keys=(
            *_queue(platform),
            *redis_keys.kept(platform),
            redis_keys.line(platform, "*"),
            redis_keys.pauses(platform),
        ),
        appended=(_EVERY_INBOX,),
    )


def _queue(name: str) -> tuple[str, str, str]:
    naming = Naming()
    return naming.stream(name), naming.dead(name), naming.delayed(name)


_OF_ALL_LOGINS: Final = (redis_keys.attached("*"), *_queue("*"))

_OF_MEMBERS: Final = (redis_keys.supervisor_inbox("*"), redis_keys.operations_answers("*"))
_ORDERS: Final = ("scan", "expire", "rpush", "blpop")
"""To ask gateways and machines what runs there, and to answer (:mod:`sockethub.operations.orders`)."""

_GATEWAY: Final = Rights(
    commands=(
        *("ping", "role", "info", "multi", "exec", "eval", "evalsha", "script|load", "time"),
        *("get", "set", "del", "exists", "expire", "ttl", "incr", "incrby"),
        *("hget", "hset", "hdel", "hlen", "hexists", "hgetall"),
        *("zadd", "zcard", "zrange", "zrem", "zscore", "zremrangebyscore"),
        *("xadd", "xlen", "xread", "xdel"),
        *_ORDERS,
    ),
    keys=(
        *_OF_ALL_LOGINS,
        *_OF_MEMBERS,
        redis_keys.session_login("*", "*"),
        redis_keys.gateway_alive("*"),
        _EVERY_INBOX,
        redis_keys.http_results("*"),
        redis_keys.http_requests("*"),
        redis_keys.limit_count("*", "*"),
        redis_keys.limit_held("*", "*"),
        redis_keys.ROOT_KEY,
        redis_keys.holder("*"),
    ),
    read=(redis_keys.LOOK,),
    appended=(redis_keys.SUPERVISOR_REQUESTS,),
)

_SUPERVISOR: Final = Rights(
    commands=(
        *("ping", "role", "info", "multi", "exec", "eval", "evalsha", "script|load", "script|exists", "time"),
        *("acl|setuser", "acl|deluser", "acl|users"),
        *("get", "set", "del", "exists", "incr", "pexpire", "hget", "hset", "hdel", "hgetall", "hvals"),
        *("xadd", "xlen", "zcard", "xgroup|create", "xread", "xreadgroup", "xdel", "xack"),
        *_ORDERS,
    ),
    keys=(
        *_OF_ALL_LOGINS,
        *_OF_MEMBERS,
        redis_keys.state("*"),
        *leases.keys("*"),
        redis_keys.SUPERVISOR_REQUESTS,
        redis_keys.SUPERVISOR_LOGINS,
        redis_keys.SUPERVISOR_MACHINES,
        redis_keys.SUPERVISOR_SWEPT,
        redis_keys.supervisor_alive("*"),
        redis_keys.supervisor_known("*"),
        redis_keys.ROOT_KEY,
        redis_keys.holder("*"),
    ),
    read=(redis_keys.gateway_alive("*"), redis_keys.LOOK),
    appended=(_EVERY_INBOX,),
)

_OPERATOR: Final = Rights(
    commands=(
        *("ping", "info", "scan", "slowlog|get", "latency|latest", "memory|stats", "time", "eval"),
        *("xlen", "xrange", "xdel", "get", "set", "del", "exists"),
        *("hget", "hset", "hdel", "hincrby", "hgetall"),
        *("xadd", *_ORDERS),
    ),
    keys=(Naming().dead("*"), *_OF_MEMBERS, redis_keys.ROOT_KEY, redis_keys.LOOK),
    read=(redis_keys.holder("*"),),
    appended=(_EVERY_INBOX,),
)

ROLES: Final = {"gateway": _GATEWAY, "supervisor": _SUPERVISOR, "operator": _OPERATOR}
"""Those that the operator makes users for."""
