"""Jobs: Dramatiq on Redis Streams, and the sealed envelopes that travel there.

- :mod:`~sockethub.jobs.broker` - the Dramatiq broker (blocking; tools, actors' ``send()``, the stock worker)
- :mod:`~sockethub.jobs.consumer` - what the stock worker takes messages from
- :mod:`~sockethub.jobs.producer` - enqueue from an asyncio loop, batched
- :mod:`~sockethub.jobs.worker` - consume on an asyncio loop
- :mod:`~sockethub.jobs.delivery` - a message under way there, and how it ends
- :mod:`~sockethub.jobs.claims` - what a worker takes over, and how often that was begun
- :mod:`~sockethub.jobs.inbox` - a gateway's replies and notices
- :mod:`~sockethub.jobs.envelope` - what a job and its reply hold, and how they are sealed
- :mod:`~sockethub.jobs.link` - one connection to Redis, for the hot path
- :mod:`~sockethub.jobs.runs` - whether Redis has begun anew
- :mod:`~sockethub.jobs.connection` - redis-py clients that never repeat a command, for the rest
"""

from sockethub.jobs.broker import StreamBroker, consumer_name
from sockethub.jobs.connection import connect, connect_sync, connected
from sockethub.jobs.delivery import Delivery, current_delivery
from sockethub.jobs.envelope import ACTOR_NAME, Envelope, Job, LoginRecord, Reply
from sockethub.jobs.inbox import read_inbox
from sockethub.jobs.link import RedisLink, linked
from sockethub.jobs.producer import AsyncProducer
from sockethub.jobs.runs import RedisRun
from sockethub.jobs.worker import AsyncWorker

__all__ = [
    "ACTOR_NAME",
    "AsyncProducer",
    "AsyncWorker",
    "Delivery",
    "Envelope",
    "Job",
    "LoginRecord",
    "RedisLink",
    "RedisRun",
    "Reply",
    "StreamBroker",
    "connect",
    "connect_sync",
    "connected",
    "consumer_name",
    "current_delivery",
    "linked",
    "read_inbox",
]
