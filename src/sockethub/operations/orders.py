"""Orders: what the command line asks of gateways and machines (members, for short), by way of Redis.

An order is sealed with a key that only holders of the master key have: who can write to Redis can neither forge one
nor, as each is taken once and soon, repeat it. Every order is answered, sealed too.

=============  ==========  ============================================================================
``do``         to          answered by
=============  ==========  ============================================================================
``log``        all         ``{"records": …}``: what was logged last (:mod:`~sockethub.operations.recent`)
``reload``     all         ``{"changed": …, "restart": …}``, or why nothing was (:mod:`sockethub.config.reload`); ``id``
                           is the same for all who are told at one time
``report``     all         what runs there (:mod:`~sockethub.operations.report`)
``restart``    workers     ``{"pid": …}``: the worker of ``login`` has left; another one is on its way
``end``        workers     ``{"pid": …}``: ``login`` has ended
``drain``      workers     ``{"logins": …}``: takes no more logins, and gives away these
=============  ==========  ============================================================================

What cannot be done is answered by ``{"error": text}``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import redis
import redis.asyncio
import structlog

from sockethub import jsontext, redis_keys
from sockethub.crypto import Binding, seal, unseal
from sockethub.errors import CryptoError, SockethubError

__all__ = ["MOST_AGE_SECONDS", "OrderRefused", "Orders", "open_answer", "seal_order"]

MOST_AGE_SECONDS: Final = 120.0
"""An order that was given longer ago, or that much in the future, is not taken: clocks may differ by so much."""

ANSWER_SECONDS: Final = 60
"""How long an answer waits for whoever asked."""


LOOKS: Final = ("log", "report")
"""Orders that change nothing."""


class OrderRefused(SockethubError):
    """A member does not do what it is asked for; the text says why."""


Perform = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""Does an order; its answer. Raises :class:`OrderRefused`."""


class Orders:
    """Takes the orders of one member."""

    def __init__(self, member: str, key: bytes, client: redis.asyncio.Redis, perform: Perform) -> None:
        self._member = member
        self._key = key
        self._client = client
        self._perform = perform
        self._taken: dict[str, float] = {}
        self._log = structlog.get_logger(__name__)

    async def take(self, fields: Mapping[bytes, bytes]) -> None:
        """Do what an entry of the inbox asks for, and answer. Whatever is wrong with it is logged."""
        try:
            order = fields[b"order"].decode("ascii")
            asked = jsontext.mapping(unseal(self._key, fields[b"data"], _order_binding(self._member, order)))
            self._once(order, float(asked["at"]))
            do = asked["do"]
        except (KeyError, TypeError, ValueError, CryptoError, OrderRefused) as error:
            self._log.error("an order is not taken", error=str(error) or type(error).__name__)
            return
        if do not in LOOKS:
            of = {"login": asked["login"]} if "login" in asked else {}
            self._log.warning("an operator's order", do=do, order=order, **of)
        elif not asked.get("after"):  # who follows asks every second, and would read that
            self._log.debug("an operator's order", do=do, order=order)
        try:
            answer = await self._perform(asked)
        except OrderRefused as error:
            answer = {"error": str(error)}
        except KeyError as missing:
            answer = {"error": f"the order lacks {missing}"}
        await self._answer(order, answer)

    def _once(self, order: str, given: float) -> None:
        now = time.time()
        if abs(now - given) > MOST_AGE_SECONDS:
            raise OrderRefused(f"it was given {now - given:.0f} s ago by the clock here: set the clocks alike")
        self._taken = {known: at for known, at in self._taken.items() if now - at <= 2 * MOST_AGE_SECONDS}
        if order in self._taken:
            raise OrderRefused("it was taken already")
        self._taken[order] = now

    async def _answer(self, order: str, answer: dict[str, Any]) -> None:
        sealed = seal(self._key, json.dumps({"member": self._member, **answer}).encode(), _answer_binding(order))
        key = redis_keys.operations_answers(order)
        pipeline = self._client.pipeline(transaction=True)
        pipeline.rpush(key, sealed)
        pipeline.expire(key, ANSWER_SECONDS)
        try:
            await pipeline.execute()
        except redis.RedisError as error:
            self._log.warning("an order is not answered", order=order, error=type(error).__name__)


def seal_order(key: bytes, member: str, order: str, fields: Mapping[str, Any]) -> dict[Any, Any]:
    """The entry for ``member``'s inbox."""
    data = json.dumps({**fields, "at": time.time()}).encode()
    return {"kind": "order", "order": order, "data": seal(key, data, _order_binding(member, order))}


def open_answer(key: bytes, order: str, sealed: bytes) -> dict[str, Any]:
    """What a member has answered; raises :class:`~sockethub.errors.CryptoError`."""
    answer: dict[str, Any] = json.loads(unseal(key, sealed, _answer_binding(order)))
    return answer


def _order_binding(member: str, order: str) -> Binding:
    return Binding("order", queue=member, id=order)


def _answer_binding(order: str) -> Binding:
    return Binding("order-answer", id=order)
