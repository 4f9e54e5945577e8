"""Opening the way to a server: TCP, then TLS where asked for, each failure in plain words."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from dataclasses import dataclass
from typing import Final

import anyio

from sockethub.errors import PlatformError
from sockethub.platforms.irc.guard import Endpoint, resolve
from sockethub.platforms.irc.options import Options
from sockethub.platforms.irc.refusals import connect_error
from sockethub.worker.interface import Reach

__all__ = ["Dialler", "tls_context"]

ATTEMPT_SECONDS: Final = 10.0
"""For one address of several: an address family that leads nowhere must not use up all the time."""


def tls_context(options: Options) -> ssl.SSLContext:
    """TLS as the operator wants it; by default the system's authorities and full verification."""
    context = ssl.create_default_context(cafile=options.tls_ca_file)
    if not options.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True, slots=True)
class Dialler:
    """A connect factory of the ``irc`` package: called with a protocol and ``(host, port)``."""

    options: Options
    reach: Reach
    tls: ssl.SSLContext | None

    async def __call__(
        self, protocol: asyncio.Protocol, server_address: tuple[str, int]
    ) -> tuple[asyncio.BaseTransport, asyncio.Protocol]:
        host, port = server_address
        try:
            endpoints = await resolve(host, port, self.reach)
            connected = await self._first(endpoints, host, port)
        except TimeoutError:
            raise connect_error(f"{host}:{port} does not answer", "timeout") from None
        try:
            transport, _ = await asyncio.get_running_loop().create_connection(
                lambda: protocol,
                sock=connected,
                ssl=self.tls,
                server_hostname=host if self.tls else None,
                ssl_handshake_timeout=self.options.tls_handshake_seconds if self.tls else None,
            )
        except (OSError, asyncio.IncompleteReadError) as error:
            connected.close()
            raise _tls_error(error, host, port) from None
        except BaseException:
            connected.close()
            raise
        return transport, protocol

    async def _first(self, endpoints: list[Endpoint], host: str, port: int) -> socket.socket:
        last: OSError | None = None
        for index, (family, address) in enumerate(endpoints):
            final = index == len(endpoints) - 1
            try:
                with anyio.fail_after(None if final else ATTEMPT_SECONDS):
                    return await _connected(family, address)
            except OSError as error:  # TimeoutError is one.
                last = error
        raise _tcp_error(last, host, port)


async def _connected(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        # Commands are small and each waits for its answer: Nagle's algorithm would only delay them.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def _tcp_error(error: OSError | None, host: str, port: int) -> PlatformError:
    if isinstance(error, ConnectionRefusedError):
        return connect_error(f"{host}:{port} refuses connections; nothing listens there", "connection-refused")
    if isinstance(error, TimeoutError) or (error is not None and error.errno == errno.ETIMEDOUT):
        return connect_error(f"{host}:{port} does not answer", "timeout")
    return connect_error(f"{host}:{port} cannot be reached", "unreachable")


def _tls_error(error: Exception, host: str, port: int) -> PlatformError:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return connect_error(f"the certificate of {host} cannot be trusted ({why})", "certificate-untrusted")
    hint = 'is it a port without TLS? Then set "secure" to false'
    return connect_error(f"no TLS at {host}:{port}; {hint}", "tls-failed")
