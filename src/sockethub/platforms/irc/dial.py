"""Opening the way to a server: TCP, then TLS where asked for, each failure in plain words."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from dataclasses import dataclass

from sockethub import guard
from sockethub.errors import PlatformError
from sockethub.platforms.irc.options import Options
from sockethub.platforms.irc.refusals import connect_error
from sockethub.worker.interface import Reach

__all__ = ["Dialler", "certified", "tls_context"]


def tls_context(options: Options) -> ssl.SSLContext:
    """TLS as the operator wants it; by default the system's authorities and full verification."""
    context = ssl.create_default_context(cafile=options.tls_ca_file)
    if not options.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def certified(context: ssl.SSLContext, certificate: str) -> ssl.SSLContext:
    """The context with a client certificate; it never lies on a disk. Raises :class:`PlatformError`."""
    file = os.memfd_create("certificate")
    try:
        os.write(file, certificate.encode())
        context.load_cert_chain(f"/proc/self/fd/{file}", password=_no_passphrase)
    except (OSError, ValueError):  # ssl.SSLError is an OSError.
        raise connect_error("the client certificate or its key cannot be used", "bad-credentials") from None
    finally:
        os.close(file)
    return context


def _no_passphrase() -> str:
    """Asked for by OpenSSL where the key has one, which would otherwise ask the terminal."""
    raise ValueError("a key with a passphrase")


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
            connected = await guard.connect(await guard.resolve(host, port, self.reach))
        except PlatformError as error:
            raise connect_error(str(error), error.condition) from None
        except OSError as error:  # TimeoutError is one.
            raise _tcp_error(error, host, port) from None
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


def _tcp_error(error: OSError, host: str, port: int) -> PlatformError:
    if isinstance(error, ConnectionRefusedError):
        return connect_error(f"{host}:{port} refuses connections; nothing listens there", "connection-refused")
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return connect_error(f"{host}:{port} does not answer", "timeout")
    return connect_error(f"{host}:{port} cannot be reached", "unreachable")


def _tls_error(error: Exception, host: str, port: int) -> PlatformError:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return connect_error(f"the certificate of {host} cannot be trusted ({why})", "certificate-untrusted")
    hint = 'is it a port without TLS? Then set "secure" to false'
    return connect_error(f"no TLS at {host}:{port}; {hint}", "tls-failed")
