"""How the streams of a queue are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sockethub import redis_keys

GROUP: Final = "workers"
"""The one consumer group of every queue."""

FIELD: Final = "m"
"""A stream entry's only field: the encoded Dramatiq message."""

TIMER: Final = "t"
"""The field of an entry that holds no message, but tells consumers when the nearest delayed one is due."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Key names from queue names. All keys of one queue share a Redis Cluster hash tag."""

    stream: Callable[[str], str] = redis_keys.queue
    dead: Callable[[str], str] = redis_keys.dead_letters
    delayed: Callable[[str], str] = redis_keys.delayed
