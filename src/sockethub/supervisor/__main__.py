"""``python -m sockethub.supervisor DESCRIPTOR``: a supervisor as a child of ``sockethub serve`` or ``workers``.

The descriptor is a packet socket to the parent (:mod:`sockethub.supervisor.parent`). The first packet holds the
declaration, the root key and the Redis URL: they are in no argument and no environment variable.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import sys

import anyio

from sockethub import logs
from sockethub.config.models import Declaration
from sockethub.crypto import KeyRing, RootKey, Secret
from sockethub.errors import ConfigError, leaves
from sockethub.operations.recent import Recent
from sockethub.supervisor import cage, sandbox
from sockethub.supervisor.parent import PACKET_BYTES, Parent
from sockethub.supervisor.supervisor import Supervisor


def main() -> int:
    """Run until told to stop, or the parent is gone."""
    cage.die_with_parent(os.getppid())
    cage.keep_secrets()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)
    order = json.loads(connection.recv(PACKET_BYTES))
    declaration = Declaration.model_validate_json(order["declaration"])
    logs.configure(declaration.log.level, declaration.log.format)
    recent = Recent(declaration.log.recent_bytes)
    logs.also(recent.add)
    try:
        sandbox.announce(declaration.workers.sandbox)
    except ConfigError as error:
        raise SystemExit(f"sockethub: {error}") from None
    root = RootKey(order["root_key"]["id"], Secret(base64.b64decode(order["root_key"]["key"])))
    parent = Parent(connection, recent)
    supervisor = Supervisor(declaration, KeyRing(root), Secret(order["redis_url"]), recent, parent.reload)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # so does a hangup, and the parent reads the declaration again
    try:
        asyncio.run(_run(supervisor, parent))
    except* ConfigError as group:
        raise SystemExit(f"sockethub: {'; '.join(map(str, leaves(group)))}") from None
    return 0


async def _run(supervisor: Supervisor, parent: Parent) -> None:
    ready, stop = anyio.Event(), anyio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(parent.hear, supervisor, ready, stop)
        await supervisor.run(ready, stop)
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    sys.exit(main())
