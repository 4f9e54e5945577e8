"""Jobs: Dramatiq on Redis Streams, and the sealed envelopes that travel there.

- :mod:`~sockethub.jobs.broker` - the Dramatiq broker (blocking; tools, actors' ``send()``, the stock worker)
- :mod:`~sockethub.jobs.consumer` - what the stock worker takes messages from
- :mod:`~sockethub.jobs.producer` - enqueue from an asyncio loop, batched
- :mod:`~sockethub.jobs.worker` - consume on an asyncio loop
- :mod:`~sockethub.jobs.delivery` - a message under way there, and how it ends
- :mod:`~sockethub.jobs.hands` - how several are under way at once
- :mod:`~sockethub.jobs.claims` - what a worker takes over, and how often that was begun
- :mod:`~sockethub.jobs.inbox` - a gateway's replies and notices
- :mod:`~sockethub.jobs.envelope` - what a job and its reply hold, and how they are sealed
- :mod:`~sockethub.jobs.encoding` - how messages are written
- :mod:`~sockethub.jobs.link` - the hot path's way to Redis, on one connection (:mod:`~sockethub.jobs.wire`)
- :mod:`~sockethub.jobs.clusterlink` - the same to a cluster; :mod:`~sockethub.jobs.lanes` keeps order there
- :mod:`~sockethub.jobs.slots`, :mod:`~sockethub.jobs.topology` - what is where in a cluster
- :mod:`~sockethub.jobs.sentinel` - which server is the master; :mod:`~sockethub.jobs.watching` - whether another is
- :mod:`~sockethub.jobs.runs` - whether Redis has begun anew
- :mod:`~sockethub.jobs.connection`, :mod:`~sockethub.jobs.clusterclient`, :mod:`~sockethub.jobs.syncclient` - redis-py
  clients that never repeat a command, for the rest
"""

from sockethub.jobs.broker import StreamBroker, consumer_name
from sockethub.jobs.connection import connect, connected
from sockethub.jobs.delivery import Delivery, current_delivery
from sockethub.jobs.encoding import use_fast_json
from sockethub.jobs.envelope import ACTOR_NAME, Envelope, Job, LoginRecord, Reply
from sockethub.jobs.inbox import read_inbox
from sockethub.jobs.link import RedisLink
from sockethub.jobs.linking import linked
from sockethub.jobs.producer import AsyncProducer
from sockethub.jobs.runs import RedisRun
from sockethub.jobs.syncclient import connect_sync
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
    "use_fast_json",
]
