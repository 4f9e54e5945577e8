"""What runs inside what: the composition of ``serve``, ``gateway`` and ``workers``.

::

    serve     state directory ▷ Redis ▷ local IRC server ▷ supervisor (its own process) ▷ gateway (this process)
    gateway                                                                                gateway
    workers                                                supervisor

Each part is entered when the one before it is ready, and left in the opposite order: clients are told first, then
workers leave politely, and Redis goes last. A part that ends by itself ends the whole. Whatever ends this process,
SIGKILL included, ends every other: the kernel sees to it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import structlog
from anyio.abc import TaskStatus

from sockethub.cli.reaching import await_redis
from sockethub.cli.rootkey import Reread, root_kept
from sockethub.cli.state import held, master_keys
from sockethub.config import Declaration
from sockethub.config.models import LocalIrc
from sockethub.config.reload import Live
from sockethub.crypto import RootKey, Secret
from sockethub.embedded.ircd import IrcServer, local_ircd
from sockethub.embedded.redis import chosen_redis
from sockethub.errors import ConfigError, SockethubError
from sockethub.gateway.server import serve_gateway
from sockethub.jobs.watching import watch
from sockethub.operations.recent import Recent
from sockethub.supervisor.launch import SupervisorProcess, run_supervisor

log = structlog.get_logger(__name__)

IMPATIENT = 130
"""Exit status after a second signal: at once, with nothing put away (128 + SIGINT)."""


class PartEnded(SockethubError):
    """A part that should run ended by itself."""


@dataclass(frozen=True, slots=True)
class Running:
    """What was started, for the person who started it."""

    port: int | None = None
    redis: str | None = None
    irc: IrcServer | None = None


Announce = Callable[[Running], None]


async def until_stopped(part: Callable[[], Awaitable[None]], reload: Callable[[], Awaitable[None]]) -> None:
    """Run ``part`` until it ends or SIGINT or SIGTERM comes; a second signal ends the process at once.

    SIGHUP calls for ``reload``.
    """
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            await tasks.start(_signals, scope)
            await tasks.start(_hangups, reload)
            await part()
        tasks.cancel_scope.cancel()


async def everything(live: Live, announce: Announce, reread: Reread, recent: Recent) -> None:
    """``sockethub serve``: all parts on this machine. Runs until cancelled; raises when a part fails."""
    declaration = live.now
    declared = declaration.redis.url
    with held(declaration.state_dir):
        masters = master_keys(declaration)
        await await_redis(declaration.redis)
        async with chosen_redis(declared.reveal() if declared is not None else None, declaration.state_dir) as redis:
            url = Secret(redis.url)
            async with (
                root_kept(url, "serve", masters, reread, shared=declared is not None) as root,
                _local_irc(declaration.local_irc) as irc,
                run_supervisor(declaration, redis_url=url, root_key=root) as supervisor,
                anyio.create_task_group() as tasks,
            ):
                tasks.start_soon(_watch, supervisor)
                tasks.start_soon(supervisor.hear, live.reload)
                live.watch(supervisor.redeclare)
                port = await tasks.start(_gateway, _with_irc(declaration, irc), live, url, root, recent)
                announce(Running(port, redis.description, irc))


async def gateway_alone(live: Live, announce: Announce, reread: Reread, recent: Recent) -> None:
    """``sockethub gateway``. Runs until cancelled; raises when it fails."""
    declaration = live.now
    url, masters = shared_redis(declaration), master_keys(declaration)
    await await_redis(declaration.redis)
    async with (
        root_kept(url, "gateway", masters, reread, shared=True) as root,
        anyio.create_task_group() as tasks,
    ):
        port = await tasks.start(_gateway, declaration, live, url, root, recent)
        announce(Running(port))


async def workers_alone(live: Live, announce: Announce, reread: Reread, recent: Recent) -> None:
    """``sockethub workers``. Runs until cancelled; raises when the supervisor fails."""
    declaration = live.now
    url, masters = shared_redis(declaration), master_keys(declaration)
    await await_redis(declaration.redis)
    async with (
        root_kept(url, "workers", masters, reread, shared=True) as root,
        run_supervisor(declaration, redis_url=url, root_key=root) as supervisor,
        anyio.create_task_group() as tasks,
    ):
        recent.pass_on(supervisor.record)
        tasks.start_soon(supervisor.hear, live.reload)
        live.watch(supervisor.redeclare)
        tasks.start_soon(watch, url.reveal())  # the supervisor, a process of its own, does so for itself
        announce(Running())
        await _watch(supervisor)


def shared_redis(declaration: Declaration) -> Secret[str]:
    """The Redis by which the halves find each other.

    Raises :class:`~sockethub.errors.ConfigError` when it, or the master key they share too, is not declared.
    """
    if declaration.redis.url is None:
        raise ConfigError("redis.url: gateways and workers apart share a Redis: set `redis.url`")
    if not declaration.keys.declared:
        raise ConfigError(
            "keys: gateways and workers apart share a master key: set `keys.master`, `keys.file` or `keys.command`"
        )
    return declaration.redis.url


async def _gateway(
    declaration: Declaration,
    live: Live,
    redis_url: Secret[str],
    root: RootKey,
    recent: Recent,
    *,
    task_status: TaskStatus[int],
) -> None:
    await serve_gateway(
        declaration, redis_url=redis_url, root_key=root, live=live, recent=recent, task_status=task_status
    )


async def _watch(supervisor: SupervisorProcess) -> None:
    status = await supervisor.wait()
    raise PartEnded(f"the supervisor ended ({_ending(status)}), and the workers with it; its messages above say why")


def _ending(status: int) -> str:
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"


def _with_irc(declaration: Declaration, irc: IrcServer | None) -> Declaration:
    """With the port the local IRC server has now, where the declaration says any."""
    if irc is None:
        return declaration
    return declaration.model_copy(update={"local_irc": declaration.local_irc.model_copy(update={"port": irc.port})})


@asynccontextmanager
async def _local_irc(declared: LocalIrc) -> AsyncIterator[IrcServer | None]:
    if not declared.enabled:
        yield None
        return
    async with local_ircd(declared.port) as server:
        yield server


async def _signals(scope: anyio.CancelScope, *, task_status: TaskStatus[None]) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            if scope.cancel_called:
                os._exit(IMPATIENT)
            log.info("stopping", signal=signal.Signals(number).name)
            scope.cancel()


async def _hangups(reload: Callable[[], Awaitable[None]], *, task_status: TaskStatus[None]) -> None:
    with anyio.open_signal_receiver(signal.SIGHUP) as signals:
        task_status.started()
        async for _ in signals:
            await reload()
