"""``python -m sockethub.supervisor DESCRIPTOR``: a supervisor as a child of ``sockethub serve`` or ``workers``.

The descriptor is a packet socket to the parent. The first packet holds the declaration, the master key and the Redis
URL: they are in no argument and no environment variable. ``ready`` goes back when all platforms are warm; the parent's
end of the socket is this process's end.
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
from sockethub.crypto import KeyRing, MasterKey, Secret
from sockethub.errors import ConfigError
from sockethub.supervisor import cage, sandbox
from sockethub.supervisor.supervisor import Supervisor

PACKET_BYTES = 1_048_576


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
    try:
        sandbox.announce(declaration.workers.sandbox)
    except ConfigError as error:
        raise SystemExit(f"sockethub: {error}") from None
    keys = KeyRing(MasterKey.of(base64.b64decode(order["master_key"])))
    supervisor = Supervisor(declaration, keys, Secret(order["redis_url"]))
    asyncio.run(_run(supervisor, connection))
    return 0


async def _run(supervisor: Supervisor, connection: socket.socket) -> None:
    ready, stop = anyio.Event(), anyio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    connection.setblocking(False)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_parent, connection, ready, stop)
        await supervisor.run(ready, stop)
        tasks.cancel_scope.cancel()


async def _parent(connection: socket.socket, ready: anyio.Event, stop: anyio.Event) -> None:
    await ready.wait()
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, b"ready")
    await loop.sock_recv(connection, 16)  # a word to stop, or the end of the parent
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
